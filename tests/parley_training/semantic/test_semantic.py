"""The semantic recipe: pitch levels are right, steps lower the loss, the exported network gives the same codes."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from parley_models.networks.semantic import DETAIL_LEVELS, SemanticCodes, SemanticConfig, SemanticEncoder
from parley_training.semantic import recipe
from parley_training.semantic.export import export
from parley_training.semantic.features import Utterances, f0_levels


@pytest.mark.filterwarnings("ignore:pkg_resources")  # pyworld 0.3.5 imports it
def test_pitch_levels_are_three_quarters_of_a_semitone_apart() -> None:
    time_s = np.arange(16_000) / 16_000
    levels = []
    for hertz in (120.0, 120.0 * 2 ** (3 / 12)):
        voice = np.sum([np.sin(2 * np.pi * hertz * k * time_s) / k for k in range(1, 12)], axis=0) * 0.1
        levels.append(int(np.median(f0_levels(voice.astype(np.float32), 25).astype(np.float32))))
    assert levels[1] - levels[0] == 4
    assert f0_levels(np.zeros(16_000, np.float32), 25).max() == 0


def utterances() -> Utterances:
    rng = np.random.default_rng(0)
    f0 = np.repeat(rng.integers(0, 4, 40), 6).astype(np.uint8)
    logmel = rng.normal(size=(40 * 24, 128)).astype(np.float16) * 0.1
    logmel[np.arange(len(logmel)), np.repeat(f0, 4).astype(int) * 20] += 2
    return Utterances(logmel, f0, rng.normal(size=(240, 20)).astype(np.float32), np.arange(0, 41, 10))


def test_windows_before_the_start_are_silent_and_not_learned() -> None:
    data = utterances()
    mel, codes = next(data.windows(200, recipe.CONFIG, seed=0))
    early = codes < 0
    assert early.any()
    assert (mel.numpy().transpose(0, 2, 1)[:, ::4][early] == mel.numpy().min()).all()


def test_steps_lower_the_loss() -> None:
    torch.manual_seed(0)
    data = utterances()
    encoder = SemanticEncoder(recipe.CONFIG)
    optimizer = torch.optim.AdamW(encoder.parameters(), lr=1e-3)
    losses = []
    for mel, codes in (window for window, _ in zip(data.windows(16, recipe.CONFIG, seed=1), range(10), strict=False)):
        f0 = torch.from_numpy(np.where(codes < 0, -1, data.f0[codes].astype(np.int64)))
        pitch, _ = recipe.losses(encoder, mel, f0, torch.zeros_like(f0))
        optimizer.zero_grad()
        pitch.backward()
        optimizer.step()
        losses.append(pitch.item())
    assert np.mean(losses[-2:]) < 0.8 * np.mean(losses[:2])


def test_the_exported_network_gives_the_same_codes(tmp_path: Path) -> None:
    torch.manual_seed(0)
    encoder = SemanticEncoder(SemanticConfig(width=32, layers=1)).eval()
    export(encoder, tmp_path / "semantic.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "semantic.onnx")
    feats = torch.randn(1, 128, 72)
    length = np.array([72], np.int32)
    [codes] = session.run(None, {"feats": feats.numpy(), "feats_length": length})
    expected = SemanticCodes(encoder)(feats, torch.from_numpy(length)).numpy()
    assert codes.shape == (1, 18)
    assert np.array_equal(codes, expected)
    assert codes.max() < 48 * DETAIL_LEVELS
