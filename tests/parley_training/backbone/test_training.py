"""A backbone's training by the clock: it goes on after a stop, and keeps what others begin from."""

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from parley_models.backbone.backbone import Backbone
from parley_models.backbone.config import BackboneConfig
from parley_models.backbone.model import StepOmni
from parley_training.backbone.examples import ExampleWriter
from parley_training.backbone.mishearing import Mishearing
from parley_training.backbone.stages import PAPER, THREE, Stage
from parley_training.backbone.training import Plan, Training
from parley_training.checkpoint import restore, save
from parley_training.corpus.dialogue import write
from parley_training.parallel.fleet import Fleet
from parley_training.text.recipe import LAYOUT

TINY = BackboneConfig(32, 64, 2, 1, 2, LAYOUT.vocab_size, max_seq_len=512)


@pytest.fixture
def writer(text_model: Path) -> ExampleWriter:
    """Of what is typed: nothing was recorded but answers."""
    rng, noise = random.Random(1), np.random.default_rng(1)
    answers = {write(rng).answer: noise.integers(0, 1000, (17, 5)).astype(np.uint16) for _ in range(20)}
    return ExampleWriter(text_model, [], answers, Mishearing(noise.normal(size=(1024, 4)).astype(np.float32)), rng)


def training(writer: ExampleWriter, out: Path, minutes: float, stages: Sequence[Stage] = THREE) -> Training:
    """A short run of what needs no corpus."""
    plan = Plan(lambda _task: writer.text(), writer.rng, stages, minutes, rate=1e-3, tokens=600, eager=True)
    return Training(StepOmni(TINY), plan, out, Fleet())


def test_a_stopped_run_goes_on(writer: ExampleWriter, tmp_path: Path) -> None:
    training(writer, tmp_path, 0.01).run(str, str)
    stopped = restore(tmp_path / "checkpoint.pt")
    training(writer, tmp_path, 0.03).run(str, str)
    ended = restore(tmp_path / "checkpoint.pt")
    assert stopped is not None and ended is not None
    assert 0 < stopped["step"] < ended["step"]
    assert ended["lanes"][0].tolist() != stopped["lanes"][0].tolist()


def test_a_checkpoint_from_before_there_were_lanes_goes_on_with_new_examples(writer: ExampleWriter, tmp_path: Path) -> None:
    training(writer, tmp_path, 0.01).run(str, str)
    old = restore(tmp_path / "checkpoint.pt")
    assert old is not None
    save(tmp_path / "checkpoint.pt", {name: value for name, value in old.items() if name != "lanes"})
    training(writer, tmp_path, 0.03).run(str, str)
    ended = restore(tmp_path / "checkpoint.pt")
    assert ended is not None
    assert ended["step"] > old["step"]
    assert ended["lanes"][0, 0] > old["step"]  # pools are numbered on from where the others were


def test_what_merging_begins_from_is_kept_even_of_a_stage_that_was_over_at_once(writer: ExampleWriter, tmp_path: Path) -> None:
    told = list[str]()
    final = training(writer, tmp_path, 0.001, PAPER).run(str, lambda model: told.append(str(model.config.hidden_size)))
    assert told == ["32"]
    for name in ("sft1", "sft2"):
        kept = Backbone.load(tmp_path / name, context=8)
        assert kept.config == TINY
    weights = load_file(tmp_path / "sft2" / "model.safetensors")
    assert all(torch.equal(weights[name], weight) for name, weight in final.state_dict().items())


def test_a_plan_says_what_the_sound_of_an_answer_weighs(writer: ExampleWriter, tmp_path: Path) -> None:
    plan = Plan(lambda _task: writer.typed(), writer.rng, THREE, 0.01, rate=1e-3, tokens=600, audio_weight=0.75, eager=True)
    (batch,) = Training(StepOmni(TINY), plan, tmp_path, Fleet())._lanes.next(0.0)
    said = batch.following >= LAYOUT.audio_offset
    assert set(batch.weight[said].tolist()) == {0.75}
    assert 0.75 not in batch.weight[~said].tolist()
