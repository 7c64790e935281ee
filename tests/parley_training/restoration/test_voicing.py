"""A HiFT from before voices could whisper: it says the same afterwards, and whispers."""

import importlib.resources
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from parley_models.bundle import Bundle, find_bundle, write_manifest
from parley_models.errors import UsageError
from parley_models.evaluation.expression import expression
from parley_models.manifest import read_manifest
from parley_models.onnx_session import Array, OnnxSession
from parley_models.sound_file import read_question
from parley_models.vocoders.config import VoiceConfig
from parley_models.vocoders.flow_hift import FlowHift, HiftStream
from parley_models.vocoders.mel import MelConfig, mel_spectrogram
from parley_training.restoration.voicing import give_voicing, with_voicing
from parley_training.vocoder.styles import HERE
from tests.fakes.tiny_bundle import tiny_bundle

HIFT = "vocoder/hift.onnx"
TINY = Path(__file__).parents[2] / "data" / "tiny" / "voice"
QUESTIONS = Path(str(importlib.resources.files("parley_assets"))) / "questions"


def without_voicing(path: Path) -> onnx.ModelProto:
    """What the exporter wrote before: nothing between the predicted F0 and the source."""
    model = onnx.load(path)
    graph = model.graph
    product = next(node for node in graph.node if "voicing" in node.input)
    predicted, f0 = product.input[0], product.output[0]
    predictor = next(node for node in graph.node if predicted in node.output)
    predictor.output[list(predictor.output).index(predicted)] = f0
    graph.node.remove(product)
    graph.input.remove(next(each for each in graph.input if each.name == "voicing"))
    return model


def fed(hift: OnnxSession, **more: Array) -> list[Array]:
    random = np.random.default_rng(0)
    mel, noise = random.normal(-4, 2, (1, 80, 20)), random.standard_normal((1, 9, 20 * 480))
    given = {"mel": mel.astype(np.float32), "noise": noise.astype(np.float32), "cycles": np.full((1, 1), 0.3)}
    return hift.run(given | {"state": hift.zeros("state")} | more, ("sound", "f0", "next_state"))


def test_the_voice_stays_what_it_was(tmp_path: Path) -> None:
    old = without_voicing(TINY / "hift.onnx")
    onnx.save(old, tmp_path / "old.onnx")
    onnx.save(with_voicing(old), tmp_path / "new.onnx")
    before, after = (OnnxSession(tmp_path / name) for name in ("old.onnx", "new.onnx"))

    assert list(after.inputs) == ["mel", "noise", "cycles", "voicing", "state"]
    for was, made in zip(fed(before), fed(after, voicing=np.ones((1, 1), np.float32)), strict=True):
        np.testing.assert_array_equal(was, made)
    sound, f0, _ = fed(after, voicing=np.zeros((1, 1), np.float32))
    assert (f0 == 0).all()
    assert np.isfinite(sound).all() and not np.allclose(sound, fed(before)[0], atol=1e-6)


def test_a_bundle_is_whole_afterwards(tmp_path: Path) -> None:
    folder = tiny_bundle(tmp_path / "tiny")
    onnx.save(without_voicing(folder / HIFT), folder / HIFT)
    known = write_manifest(folder, read_manifest(folder))
    assert not FlowHift.open(folder, VoiceConfig()).whispers

    give_voicing(folder)
    made = Bundle.open(folder).manifest
    assert FlowHift.open(folder, VoiceConfig()).whispers
    assert replace(made, files=()) == replace(known, files=())
    assert [new.path for old, new in zip(known.files, made.files, strict=True) if old != new] == [HIFT]
    with pytest.raises(UsageError, match="can whisper already"):
        give_voicing(folder)


def test_what_predicts_no_f0_is_refused() -> None:
    with pytest.raises(UsageError, match="no HiFT that predicts"):
        with_voicing(onnx.load(TINY / "hift_whole.onnx"))


def test_a_voice_without_it_refuses_to_whisper(tmp_path: Path) -> None:
    shutil.copytree(TINY, tmp_path / "voice")
    onnx.save(without_voicing(TINY / "hift.onnx"), tmp_path / "voice" / "hift.onnx")
    vocoder = FlowHift.open(tmp_path / "voice", HERE)

    assert not vocoder.whispers
    assert len(HiftStream(vocoder, 0).sound([np.zeros((1, 80, 9), np.float32)], last=True)[0].samples) == 9 * 480
    with pytest.raises(UsageError, match="can't whisper"):
        HiftStream(vocoder, 0, voicing=0.0)


@pytest.mark.parametrize("name", ["1-hello.wav", "5-legs.wav"])
def test_mini_whispers(name: str) -> None:
    vocoder = FlowHift.open(find_bundle("mini"), VoiceConfig())
    mel = mel_spectrogram(read_question(QUESTIONS / name, vocoder.rate_hz).samples, MelConfig()).T[None]
    spoken, breathed = (HiftStream(vocoder, 0, voicing).sound([np.ascontiguousarray(mel)], last=True)[0] for voicing in (1.0, 0.0))
    voice, whisper = expression(spoken), expression(breathed)

    assert voice is not None and not voice.whispered
    assert whisper is not None and whisper.whispered
    assert voice.loudness - 25 < whisper.loudness < voice.loudness - 6
