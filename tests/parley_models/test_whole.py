"""Ears, brain and voice of the real kind, tiny and untrained, from a folder on disk to sound."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from parley_models.answer import Answered, AnswerEvent, SoundPiece, joined
from parley_models.assistant import Assistant
from parley_models.bundle import write_manifest
from parley_models.conversation import Conversation
from parley_models.errors import BundleCorrupt
from parley_models.manifest import manifest_toml, read_manifest
from parley_models.pcm import AudioChunk
from tests.fakes.tiny_bundle import GROUPS, tiny_bundle

QUESTION = AudioChunk((0.2 * np.random.default_rng(5).standard_normal(22_050)).astype(np.float32), 22_050)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_bundle(tmp_path_factory.mktemp("bundles") / "tiny")


@pytest.fixture(scope="module")
def assistant(folder: Path) -> Assistant:
    return Assistant.load(folder)


def ask(assistant: Assistant, **options: object) -> tuple[Answered, AudioChunk]:
    events: list[AnswerEvent] = list(assistant.ask(QUESTION, seed=4, **options))  # type: ignore[arg-type]
    assert isinstance(events[-1], Answered)
    return events[-1], joined([event.sound for event in events if isinstance(event, SoundPiece)], assistant.rate_hz)


def test_a_question_goes_in_and_sound_comes_out(assistant: Assistant) -> None:
    answered, sound = ask(assistant)
    assert answered.counts.heard == 10 * 5  # 1 s in blocks of 240 ms, the last one filled up
    assert answered.counts.linguistic == 2 * GROUPS
    assert sound.rate_hz == 24_000
    assert len(sound.samples) == GROUPS * 2_880
    assert np.isfinite(sound.samples).all()
    assert float(np.abs(sound.samples).max()) <= 1.0


def test_the_same_seed_says_the_same_and_rate_changes_only_its_length(assistant: Assistant) -> None:
    first, sound = ask(assistant)
    again, same_sound = ask(assistant)
    fast, fast_sound = ask(assistant, style="rate=2,pitch=1.5")
    assert first.answer.tokens == again.answer.tokens == fast.answer.tokens
    assert np.array_equal(sound.samples, same_sound.samples)
    assert len(fast_sound.samples) == len(sound.samples) // 2


def test_a_conversation_goes_on_where_it_was(assistant: Assistant) -> None:
    talk = Conversation()
    ask(assistant, conversation=talk)
    ask(assistant, conversation=talk)
    assert [turn.number for turn in talk.turns] == [1, 2, 3, 4]


def test_parts_that_do_not_fit_together_are_refused(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "tiny"
    shutil.copytree(folder, other)
    manifest = read_manifest(other)
    (other / "vocoder" / "voices" / "slt.safetensors").write_bytes(b"no tensors")
    write_manifest(other, manifest)
    with pytest.raises(BundleCorrupt, match="slt"):
        Assistant.load(other)


@pytest.mark.parametrize(("table", "name", "file"), [
    ("ears", "semantic", "semantic.onnx"),
    ("ears", "linguistic_codebook", "linguistic/codebook.npy"),
    ("voice", "flow_estimator", "vocoder/flow_estimator.onnx"),
    ("voice", "voices", "vocoder/voices"),
])  # fmt: skip
def test_what_the_manifest_does_not_list_is_never_opened(folder: Path, tmp_path: Path, table: str, name: str, file: str) -> None:
    """A table of the manifest can't lead around its list of files: what lies there has been looked at by nobody."""
    copy = tmp_path / "tiny"
    shutil.copytree(folder, copy)
    (copy / file).rename(tmp_path / "elsewhere")
    manifest = read_manifest(copy)
    others = tuple(entry for entry in manifest.files if not entry.path.startswith(file))
    told = replace(manifest, files=others, voices=tuple(replace(voice, file=others[0].path) for voice in manifest.voices))
    tables = {"ears": dict(told.ears), "voice": dict(told.voice)}
    tables[table][name] = "../elsewhere"
    (copy / "bundle.toml").write_text(manifest_toml(replace(told, ears=tables["ears"], voice=tables["voice"])))
    with pytest.raises(BundleCorrupt, match=r"does not list \.\./elsewhere"):
        Assistant.load(copy)


def test_a_shard_that_the_manifest_does_not_list_is_never_opened(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "tiny"
    shutil.copytree(folder, copy)
    (copy / "backbone" / "other.safetensors").write_bytes((copy / "backbone" / "model.safetensors").read_bytes())
    (copy / "backbone" / "model.safetensors.index.json").write_text('{"weight_map": {"model.norm.weight": "other.safetensors"}}')
    with pytest.raises(BundleCorrupt, match=r"does not list backbone/model\.safetensors\.index\.json"):
        Assistant.load(copy)
