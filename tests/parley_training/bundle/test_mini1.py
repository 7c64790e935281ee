"""Mini 1's bundle: labels that its backbone learns to write, styles that its voice performs, dialects in the words of its corpus."""

import json
import random
import shutil
from pathlib import Path

import numpy as np
import pytest

from parley_models.assistant import Assistant
from parley_models.bundle import Bundle
from parley_models.errors import UsageError
from parley_models.labels import labelled
from parley_models.manifest import Manifest
from parley_models.prompt import Prompt
from parley_models.prosody import PLAIN, Prosody
from parley_models.situation import now_text
from parley_models.style import Style
from parley_training.bundle import recipe
from parley_training.bundle.releases import release_of
from parley_training.bundle.voices import spoken_plainly
from parley_training.checkpoint import save
from parley_training.corpus.dialogue import write
from parley_training.corpus.lines import style_line
from parley_training.corpus.roles import ROLES, system_turn
from parley_training.corpus.wide.chinese import DIALECT_SYSTEMS
from parley_training.styles import EMOTIONS
from tests.fakes.thimble import LAYOUT, NOON
from tests.fakes.tiny_bundle import tiny_bundle

VOICE = {"euler_steps": recipe.EULER_STEPS, "guidance": recipe.GUIDANCE, "shifted_guidance": recipe.SHIFTED_GUIDANCE}


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The bundle that is made of what lies in Mini 1's folders: here, a tiny model."""
    monkeypatch.setattr(recipe, "LAYOUT", LAYOUT)
    parts = tiny_bundle(tmp_path / "parts")
    save(parts / "linguistic" / "checkpoint.pt", {})
    shutil.copyfile(parts / "vocoder/voices/slt.safetensors", parts / "vocoder/voices/alto.safetensors")
    (parts / "vocoder/voices/slt.safetensors").rename(parts / "vocoder/voices/clear.safetensors")
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


@pytest.mark.parametrize(("dialect", "words"), sorted(DIALECT_SYSTEMS.items()))
def test_a_dialect_is_asked_for_in_the_words_of_training(built: Path, dialect: str, words: str) -> None:
    rng = random.Random(1)
    asked = [write(rng, "in_dialect", "mini1") for _ in range(60)]
    assert any(exchange.system.startswith(words) and exchange.segments[0].style.dialect == dialect for exchange in asked)
    assert told(built, Style(dialect=dialect)) == f"{words} {now_text(NOON)}"


def test_no_other_style_reaches_the_model(built: Path) -> None:
    table = Bundle.open(built).manifest.control_table
    levels = [Style(emotion=level.name) for level in table["emotion"].levels]
    levels += [Style(manner=level.name) for level in table["manner"].levels]
    assert len(levels) == 10
    for style in [*levels, Style(emotion="sad", intensity=0.5, manner="whisper", rate=0.8, pitch=2.0)]:
        assert told(built, style) == now_text(NOON)


def told(bundle: Path, style: Style) -> str:
    """What the system turn says, besides who speaks."""
    assistant = Assistant.load(bundle)
    assistant._now = lambda: NOON
    prompt = Prompt(assistant.tokenizer, LAYOUT, assistant.bundle.manifest.chat)
    begin = [LAYOUT.bos, *prompt.opening("system")]
    system = list(assistant.manner(style).system)
    assert system[: len(begin)] == begin
    return assistant.tokenizer.decode(system[len(begin) : system.index(LAYOUT.eot)])


def test_what_the_voice_is_told_for_a_style_is_told_for_its_label_too(built: Path) -> None:
    manifest = Bundle.open(built).manifest
    assert set(manifest.labels) == {"slow", "quick", "loud", "soft", "high", "low", "whisper", "neutral", *EMOTIONS}
    performed = {name: manifest.control_table.prosody(labelled(Style(), style)) for name, style in manifest.labels.items()}
    assert len(set(performed.values())) == len(performed)
    assert performed["neutral"] == PLAIN
    assert {name: performed[name] for name in EMOTIONS} == EMOTIONS
    assert (performed["slow"], performed["high"]) == (Prosody(rate=0.7), Prosody(pitch=4.0))
    assert performed["whisper"].whispered


def test_mini_1s_manifest_offers_what_it_learned(built: Path) -> None:
    manifest = Bundle.open(built).manifest
    assert (manifest.version, manifest.languages, manifest.chat.remembers_turns) == ("1.0.0", ("en", "zh", "yue"), True)
    assert manifest.voice == VOICE
    assert [row.name for row in manifest.controls] == ["rate", "pitch", "emotion", "intensity", "manner", "dialect", "voice"]
    table = manifest.control_table
    assert [voice.name for voice in manifest.voices] == ["clear", "alto"]  # the first one speaks unless another is asked for
    assert table["voice"].default == "clear"
    assert table["emotion"].offer == "neutral, happy, sad, angry, surprised, fearful, calm"
    assert table["manner"].offer == "loud, soft, whisper"
    assert (table["dialect"].offer, table["dialect"].languages) == ("mandarin, cantonese", ("zh", "yue"))
    for style in ("emotion=sad,intensity=0.4,rate=0.8", "manner=whisper", "dialect=cantonese"):
        table.check(Style.parse(style, table))
    with pytest.raises(UsageError, match=r"dialect can't be “sichuanese”"):
        table.read("dialect", "sichuanese")
    assert manifest.roles == ROLES and {f"You are a {role}." for role in manifest.roles} == {system_turn(role) for role in ROLES}
    assert manifest.tools == "You can set timers and reminders."
    assert manifest.told_time
    assert any("Chinese" in each.note for each in manifest.attributions if each.source == "espeak-ng")


def test_mini_0s_manifest_promises_its_small_world(tmp_path: Path) -> None:
    manifest: Manifest = recipe.mini_manifest(tiny_bundle(tmp_path), release_of("mini0"), 0)
    assert (manifest.languages, manifest.chat.remembers_turns) == (("en",), False)
    assert manifest.chat.spells_numbers
    assert (manifest.roles, manifest.recites, manifest.tools, manifest.told_time) == (ROLES, (), "", False)
    assert manifest.voice == VOICE
    assert [row.name for row in manifest.controls] == ["rate", "pitch", "emotion", "intensity", "manner"]
    assert manifest.labels == {}
    assert manifest.control_table["emotion"].offer == "happy, sad, angry, surprised, fearful, calm"  # it is never anything else by itself
    assert manifest.control_table["manner"].offer == "loud, soft, whisper"
    every = Style(emotion="happy", intensity=1.0, manner="loud", rate=1.2, pitch=1.0)
    assert not manifest.control_table.instructions(every)
    assert any("second voice" in each.note for each in manifest.attributions)
    assert not any("Chinese" in each.note for each in manifest.attributions)


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


def test_the_core_of_mini_1_speaks_english_and_remembers(tmp_path: Path) -> None:
    manifest = recipe.mini_manifest(tiny_bundle(tmp_path), release_of("mini1", core=True), 0)
    assert (manifest.languages, manifest.chat.remembers_turns, manifest.told_time) == (("en",), True, True)
    assert [row.name for row in manifest.controls] == ["rate", "pitch", "emotion", "intensity", "manner"]
    assert manifest.labels["happy"] == Style(emotion="happy")
    assert manifest.recites == ()
