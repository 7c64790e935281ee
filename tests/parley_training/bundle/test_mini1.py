"""Mini 1's bundle asks for a style in the words that its corpus and its backbone's examples ask in."""

import json
import random
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from parley_models.assistant import Assistant
from parley_models.bundle import Bundle
from parley_models.errors import UsageError
from parley_models.manifest import Manifest
from parley_models.prompt import Message, Prompt, system_text
from parley_models.situation import now_text
from parley_models.style import ControlTable, Style
from parley_training.bundle import recipe
from parley_training.bundle.voices import spoken_plainly
from parley_training.corpus.dialogue import write
from parley_training.corpus.lines import style_line
from parley_training.corpus.recipe import answer_parts
from parley_training.corpus.renditions import EMOTIONS, MANNERS
from parley_training.corpus.roles import ROLES, system_turn
from parley_training.styles import STYLE_CONTROLS, instructions_for
from tests.fakes.thimble import LAYOUT, NOON
from tests.fakes.tiny_bundle import tiny_bundle


@pytest.fixture(scope="module")
def instructions() -> Mapping[Style, str]:
    """What the backbone's examples say to ask for the styles that are spoken in the corpus."""
    return instructions_for({part.style for part in answer_parts("mini1", shards=0, utterances=0, more=4000)})


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The bundle that is made of what lies in Mini 1's folders: here, a tiny model."""
    monkeypatch.setattr(recipe, "LAYOUT", LAYOUT)
    parts = tiny_bundle(tmp_path / "parts")
    shutil.copyfile(parts / "vocoder/voices/slt.safetensors", parts / "vocoder/voices/rms.safetensors")
    for source, place in (
        ("linguistic", "linguistic"),
        ("semantic.onnx", "semantic/semantic.onnx"),
        ("vocoder", "vocoder/bundle"),
        ("backbone", "mini1/backbone/backbone"),
        ("text.model", "mini1/text/text.model"),
    ):
        (tmp_path / "runs" / place).parent.mkdir(parents=True, exist_ok=True)
        (parts / source).rename(tmp_path / "runs" / place)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["bundle", "--world", "mini1", "--out", "mini"])
    recipe.main()
    return tmp_path / "mini"


def test_running_asks_for_every_spoken_style_in_the_words_of_training(built: Path, instructions: Mapping[Style, str]) -> None:
    assistant = Assistant.load(built)
    assistant._now = lambda: NOON
    prompt = Prompt(assistant.tokenizer, LAYOUT, assistant.bundle.manifest.chat)
    assert {Style(emotion=name) for name in EMOTIONS} | {Style(manner=name) for name in MANNERS} < instructions.keys()
    for style, words in instructions.items():
        assert (words == "") == (style == Style())
        told = system_text("", f"{words} {now_text(NOON)}".lstrip())
        expected = prompt.conversation([Message("system", (told,))])
        assert [*assistant.manner(style).system, *prompt.opening("assistant")] == expected


@pytest.mark.parametrize("intent", ["in_style", "in_dialect"])
def test_the_corpus_asks_for_a_style_in_the_words_of_training(intent: str, instructions: Mapping[Style, str]) -> None:
    rng, met = random.Random(1), set[str]()
    for exchange in (write(rng, intent, "mini1") for _ in range(150)):
        (part,) = exchange.segments
        if exchange.system and not exchange.before:
            assert exchange.system.startswith(instructions[part.style])
            met.add(instructions[part.style])
    assert len(met) == {"in_style": len(EMOTIONS) + len(MANNERS), "in_dialect": 2}[intent]


def test_what_has_a_pace_or_a_pitch_of_its_own_is_asked_for_by_no_words(instructions: Mapping[Style, str]) -> None:
    assert all(style.rate == 1.0 and style.pitch == 0.0 for style in instructions)
    assert instructions_for([Style(rate=0.7), Style(pitch=4.0), Style(emotion="sad", rate=1.4)]) == {}
    assert instructions_for([Style(emotion="sad", manner="whisper")]) == {Style(emotion="sad", manner="whisper"): "Sound sad. Whisper."}


def test_mini_1s_manifest_offers_what_it_learned(built: Path) -> None:
    manifest = Bundle.open(built).manifest
    assert (manifest.version, manifest.languages, manifest.chat.remembers_turns) == ("1.0.0", ("en", "zh", "yue"), True)
    assert manifest.voice == {"guidance": recipe.GUIDANCE, "shifted_guidance": recipe.SHIFTED_GUIDANCE}
    assert [row.name for row in manifest.controls] == ["rate", "pitch", "emotion", "manner", "dialect", "voice"]
    table = manifest.control_table
    assert [voice.name for voice in manifest.voices] == ["slt", "rms"]  # the first one speaks unless another is asked for
    assert table["voice"].default == "slt"
    assert table.rows[2:5] == STYLE_CONTROLS
    assert table["emotion"].offer == "neutral, happy, sad, angry, surprised, fearful, calm"
    assert table["manner"].offer == "loud, soft, whisper"
    assert (table["dialect"].offer, table["dialect"].languages) == ("mandarin, cantonese", ("zh", "yue"))
    for style in ("emotion=sad,rate=0.8", "manner=whisper", "dialect=cantonese"):
        table.check(Style.parse(style, table))
    with pytest.raises(UsageError, match=r"dialect can't be “sichuanese”"):
        table.read("dialect", "sichuanese")
    assert manifest.roles == ROLES and {f"You are a {role}." for role in manifest.roles} == {system_turn(role) for role in ROLES}
    assert manifest.tools == "You can set timers and reminders."
    assert manifest.told_time
    assert any("Chinese" in each.note for each in manifest.attributions if each.source == "espeak-ng")


def test_mini_0s_manifest_promises_its_small_world(tmp_path: Path) -> None:
    manifest: Manifest = recipe.mini_manifest(tiny_bundle(tmp_path))
    assert (manifest.languages, manifest.chat.remembers_turns) == (("en",), False)
    assert (manifest.roles, manifest.recites, manifest.tools, manifest.told_time) == (ROLES, (), "", False)
    assert manifest.voice == {"guidance": recipe.GUIDANCE, "shifted_guidance": recipe.SHIFTED_GUIDANCE}
    assert manifest.control_table == ControlTable("Mini", recipe.mini_controls(["slt"]))
    assert [row.name for row in manifest.controls] == ["rate", "pitch"]
    assert not any("Chinese" in each.note or "second voice" in each.note for each in manifest.attributions)


def test_voices_are_measured_on_plain_answers(tmp_path: Path) -> None:
    told = [("Hi.", Style(manner="whisper")), ("Hi.", Style()), ("早晨", Style(dialect="cantonese")), ("Bye.", Style())]
    codes = np.arange(4, dtype=np.uint16).repeat(3)[:, None].repeat(5, axis=1)
    (tmp_path / "corpus/answers").mkdir(parents=True)
    (tmp_path / "corpus/answers/lines.json").write_text(json.dumps([text for text, _ in told]))
    (tmp_path / "corpus/answers/styles.json").write_text(json.dumps([style_line(style) for _, style in told]))
    assert spoken_plainly(tmp_path, tmp_path / "corpus", "mini1") == []
    np.savez(tmp_path / "answers.npz", codes=codes, index=np.array([[0, 3], [3, 6], [6, 9], [9, 12]]))
    assert [int(each[0, 0]) for each in spoken_plainly(tmp_path, tmp_path / "corpus", "mini1")] == [1, 3]
    assert len(spoken_plainly(tmp_path, tmp_path / "nowhere", "mini0")) == 4
