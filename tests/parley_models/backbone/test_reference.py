"""The miniature of the public checkpoint and the numbers computed with upstream's own code; tolerances: the set's README."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import nn

from parley_models.backbone.backbone import Backbone
from parley_models.backbone.loading import load_model
from parley_models.backbone.model import StepOmni, alibi_bias, alibi_slopes

LOGITS = 2e-3
Golden = dict[str, npt.NDArray[Any]]


@pytest.fixture(scope="module")
def golden(reference: Path) -> Golden:
    return dict(np.load(reference / "golden" / "llm.npz", allow_pickle=False))


@pytest.fixture(scope="module")
def model(reference: Path) -> StepOmni:
    return load_model(reference / "step-audio-aqaa-mini")


@pytest.fixture
def backbone(model: StepOmni) -> Backbone:
    return Backbone(model, context=2048)


def ids(golden: Golden, key: str) -> list[int]:
    return [int(token) for token in golden[key]]


def test_alibi_of_six_heads(golden: Golden) -> None:
    slopes = alibi_slopes(6)
    np.testing.assert_allclose(slopes.numpy(), golden["alibi_slopes"], atol=1e-7)
    np.testing.assert_allclose(alibi_bias(slopes, 16).numpy(), golden["alibi_bias_16"], atol=1e-6)


def test_every_hidden_state(model: StepOmni, golden: Golden) -> None:
    seen: list[torch.Tensor] = []
    blocks: list[nn.Module] = [model.model.embed_tokens, *model.model.layers, model.model.norm]
    hooks = [block.register_forward_hook(lambda _module, _inputs, output: seen.append(output[0])) for block in blocks]
    model(torch.tensor(ids(golden, "prompt_ids"))[None])
    for hook in hooks:
        hook.remove()
    assert len(seen) == len(golden["hidden_states"])
    for stage, expected in zip(seen, golden["hidden_states"], strict=True):
        np.testing.assert_allclose(stage.numpy(), expected, atol=LOGITS)


def test_logits_at_all_positions(model: StepOmni, golden: Golden) -> None:
    logits = model.logits(model(torch.tensor(ids(golden, "prompt_ids"))[None])[0]).numpy()
    np.testing.assert_allclose(logits[-1], golden["logits_last"], atol=LOGITS)
    np.testing.assert_allclose(logits[:, golden["logits_subset_ids"].astype(int)], golden["logits_subset"], atol=LOGITS)
    np.testing.assert_allclose(np.take_along_axis(logits, golden["top20_ids"].astype(int), 1), golden["top20_logits"], atol=LOGITS)
    assert (np.argsort(-logits, kind="stable")[:, 0] == golden["top20_ids"][:, 0]).all()
    if "logsumexp" in golden:  # the compact set lacks most ids
        np.testing.assert_allclose(torch.tensor(logits).logsumexp(1).numpy(), golden["logsumexp"], atol=LOGITS)


def test_greedy_answer_through_the_cache(backbone: Backbone, golden: Golden) -> None:
    logits = backbone.prefill(ids(golden, "prompt_ids"))
    np.testing.assert_allclose(logits, golden["logits_last"], atol=LOGITS)
    said = []
    for top_ids, top_logits in zip(golden["greedy_top8_ids"].astype(int), golden["greedy_top8_logits"], strict=True):
        np.testing.assert_allclose(logits[top_ids], top_logits, atol=LOGITS)
        said.append(int(logits.argmax()))
        logits = backbone.step(said[-1])
    assert said == ids(golden, "greedy_ids")


def test_long_prompt(model: StepOmni, backbone: Backbone, golden: Golden) -> None:
    hidden = model(torch.tensor(ids(golden, "long_ids"))[None])[0]
    np.testing.assert_allclose(hidden[-8:].numpy(), golden["long_hidden_last"], atol=LOGITS)
    assert (model.logits(hidden).argmax(1).numpy() == golden["long_argmax"]).all()
    logits = backbone.prefill(ids(golden, "long_ids"))
    np.testing.assert_allclose(logits[golden["long_top50_ids"].astype(int)], golden["long_top50_logits"], atol=LOGITS)


def test_bfloat16_weights_come_as_float32(model: StepOmni) -> None:
    assert {weight.dtype for weight in model.parameters()} == {torch.float32}
