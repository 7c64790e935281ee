"""An answer whose stretches are spoken in styles of their own, as a listener would notice."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from parley_models.answer import Answered, AnswerEvent, SoundPiece, SpokenSegment, TextPiece
from parley_models.assistant import Assistant
from parley_models.bundle import write_manifest
from parley_models.conversation import Conversation
from parley_models.interleave import Segment, interleave
from parley_models.live_clock import LiveClock
from parley_models.pcm import AudioChunk, Samples
from parley_models.performance import Sounding, Spoken, groups_within, own_manner, spoken
from parley_models.prosody import PLAIN, Prosody
from parley_models.style import Control, Level, Style
from parley_models.text_tokenizer import TextTokenizer
from parley_models.tokens import SpeechTokens
from tests.fakes.parts import ScriptedBrain, ToneSpeaking, ToneVoice
from tests.fakes.thimble import LAYOUT, MANIFEST, thimble, thimble_folder

HAPPY, SAD = Prosody(rate=1.25, pitch=3.0, level_db=1.5), Prosody(rate=0.75, pitch=-3.0, span=0.5)
PERFORMING = replace(
    MANIFEST,
    controls=(
        Control("emotion", "discrete", (Level("neutral"), Level("happy", prosody=HAPPY), Level("sad", prosody=SAD))),
        Control("intensity", "continuous", minimum=0.0, maximum=1.0, default=1.0),
        *MANIFEST.controls[1:],
    ),
    labels={"happy": Style(emotion="happy"), "sad": Style(emotion="sad"), "quick": Style(rate=1.4)},
)
TWO = (("(happy) Paris is the capital!", 7), ("(sad) Japan is another.", 5))


class RememberingVoice(ToneVoice):
    """Knows what it was asked for."""

    def __init__(self) -> None:
        self.begun: list[tuple[str, Prosody, int]] = []

    def stream(self, voice: str, prosody: Prosody, seed: int) -> ToneSpeaking:
        self.begun.append((voice, prosody, seed))
        return super().stream(voice, prosody, seed)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = thimble_folder(tmp_path_factory.mktemp("bundles") / "thimble")
    write_manifest(folder, PERFORMING)
    return folder


@pytest.fixture
def voice() -> RememberingVoice:
    return RememberingVoice()


def ids_of(folder: Path, parts: Sequence[tuple[str, int]]) -> list[int]:
    encode = TextTokenizer(folder / "text.model").encode
    speech = [SpeechTokens(np.arange(groups * 5, dtype=np.uint16).reshape(groups, 5)) for _, groups in parts]
    return interleave([Segment(tuple(encode(text)), said) for (text, _), said in zip(parts, speech, strict=True)], LAYOUT)


def assistant_of(folder: Path, voice: ToneVoice, *parts: tuple[str, int]) -> Assistant:
    return thimble(folder, ScriptedBrain(lambda _number, _seed: ids_of(folder, parts)), voice=voice)


def asked(folder: Path, voice: ToneVoice, *parts: tuple[str, int], style: Style | str = "") -> list[AnswerEvent]:
    return list(assistant_of(folder, voice, *parts).ask(text="Which city?", style=style, seed=5))


def end_of(events: list[AnswerEvent]) -> Answered:
    assert isinstance(events[-1], Answered)
    return events[-1]


def sounds_of(events: list[AnswerEvent]) -> list[AudioChunk]:
    return [event.sound for event in events if isinstance(event, SoundPiece)]


def samples_of(events: list[AnswerEvent]) -> Samples:
    return np.concatenate([sound.samples for sound in sounds_of(events)])


def text_of(events: list[AnswerEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextPiece))


def groups_heard(events: list[AnswerEvent]) -> float:
    """How long it sounds, in groups at the voice's own rate."""
    return sum(sound.seconds for sound in sounds_of(events)) / 0.12


def abut(sounds: list[AudioChunk]) -> bool:
    ends = np.cumsum([sound.seconds for sound in sounds])
    return [sound.start_s for sound in sounds] == pytest.approx([0.0, *ends[:-1]])


def test_each_stretch_is_spoken_in_the_style_of_its_label(folder: Path, voice: RememberingVoice) -> None:
    events = asked(folder, voice, *TWO)
    end = end_of(events)

    assert end.answer.text == "Paris is the capital! Japan is another."
    assert end.segments == (
        SpokenSegment("Paris is the capital!", Style(emotion="happy")),
        SpokenSegment("Japan is another.", Style(emotion="sad")),
    )
    assert voice.begun == [("slt", HAPPY, 5), ("slt", SAD, 5)]
    assert abut(sounds_of(events))
    assert groups_heard(events) == pytest.approx(7 / 1.25 + 5 / 0.75)
    assert end.answer.style == Style()  # what was asked for


def test_a_label_is_never_shown_and_what_is_shown_has_its_style(folder: Path, voice: RememberingVoice) -> None:
    pieces = [event for event in asked(folder, voice, *TWO) if isinstance(event, TextPiece)]
    shown = ["".join(piece.text for piece in pieces if piece.segment == number) for number in (0, 1)]

    assert shown == ["Paris is the capital!", " Japan is another."]  # one behind the other they make the answer's text
    assert {(piece.segment, piece.style) for piece in pieces} == {(0, Style(emotion="happy")), (1, Style(emotion="sad"))}


@pytest.mark.parametrize("parts", [TWO, (("(happy) Paris is the capital!", 7), ("Japan is another.", 5))])
def test_the_emotion_that_the_user_chose_is_that_of_the_whole_answer(
    folder: Path, voice: RememberingVoice, parts: Sequence[tuple[str, int]]
) -> None:
    events = asked(folder, voice, *parts, style="emotion=sad")

    assert [segment.style for segment in end_of(events).segments] == [Style(emotion="sad")] * 2
    assert voice.begun == [("slt", SAD, 5)]
    assert groups_heard(events) == pytest.approx(12 / 0.75)


def test_one_style_throughout_is_spoken_in_one_breath(folder: Path, voice: RememberingVoice) -> None:
    events = asked(folder, voice, ("(happy) Paris is the capital!", 7), ("(happy) Japan is another.", 5))

    assert voice.begun == [("slt", HAPPY, 5)]
    assert abut(sounds_of(events))
    assert [segment.text for segment in end_of(events).segments] == ["Paris is the capital!", "Japan is another."]


def test_neutral_overrules_a_label(folder: Path, voice: RememberingVoice) -> None:
    asked(folder, voice, *TWO, style="emotion=neutral")
    assert voice.begun == [("slt", PLAIN, 5)]


def test_the_users_rate_is_on_top_of_the_models(folder: Path, voice: RememberingVoice) -> None:
    parts = ("(quick) Paris is the capital!", 7), ("(happy) Japan.", 5)
    assert groups_heard(asked(folder, voice, *parts, style="rate=0.5")) == pytest.approx(7 / 0.7 + 5 / 0.625, rel=1e-3)
    assert groups_heard(asked(folder, voice, *parts, style="rate=2")) == pytest.approx(12 / 2)  # nobody is faster


def test_how_strong_an_emotion_is_shown_is_the_users_affair(folder: Path, voice: RememberingVoice) -> None:
    asked(folder, voice, *TWO, style="intensity=0")
    assert {prosody for _, prosody, _ in voice.begun} == {PLAIN}


def test_a_word_in_brackets_that_is_no_label_is_shown(folder: Path, voice: RememberingVoice) -> None:
    events = asked(folder, voice, ("(Japan) Paris (happy) is.", 4))
    assert end_of(events).answer.text == "(Japan) Paris (happy) is."
    assert voice.begun == [("slt", PLAIN, 5)]


def test_a_sound_without_words_has_its_label_too(folder: Path, voice: RememberingVoice) -> None:
    events = asked(folder, voice, ("(happy)", 4), ("(sad) Japan.", 4))
    assert end_of(events).answer.text == "Japan."
    assert [prosody for _, prosody, _ in voice.begun] == [HAPPY, SAD]
    assert groups_heard(events) == pytest.approx(4 / 1.25 + 4 / 0.75)


def test_a_styled_beginning_and_a_plain_end(folder: Path, voice: RememberingVoice) -> None:
    events = asked(folder, voice, ("(sad) Paris.", 4), ("Japan is the capital of all.", 8))
    assert [prosody for _, prosody, _ in voice.begun] == [SAD, PLAIN]
    assert groups_heard(events) == pytest.approx(4 / 0.75 + 8)


def test_a_written_answer_has_no_label_either(folder: Path, voice: RememberingVoice) -> None:
    assistant = assistant_of(folder, voice, ("(happy) Paris.", 0))
    question = assistant.open(assistant.manner(Style(), seed=1, silent=True))
    question.begin()
    question.write("Which city?")
    assert end_of([event for event in question.answer(LiveClock()) if event]).answer.text == "Paris."
    assert voice.begun == []


def test_thought_ahead_or_said_again_it_sounds_the_same(folder: Path, voice: RememberingVoice) -> None:
    straight = asked(folder, voice, *TWO)
    assistant = assistant_of(folder, voice, *TWO)
    question = assistant.open(assistant.manner(Style(), seed=5))
    question.begin()
    question.write("Which city?")
    for _ in question.think_ahead():
        pass
    ahead = [event for event in question.answer(LiveClock()) if event]
    again = [event for event in assistant.say(end_of(straight).answer.tokens, Style(), 5) if event]

    assert end_of(ahead).segments == end_of(straight).segments
    for other in (ahead, again):
        assert np.array_equal(samples_of(other), samples_of(straight))
        assert abut(sounds_of(other))
        assert text_of(other) == text_of(straight) == end_of(straight).answer.text


def test_the_model_remembers_its_labels_and_the_user_sees_none(folder: Path, voice: RememberingVoice) -> None:
    ids, talk = ids_of(folder, TWO), Conversation()
    brain = ScriptedBrain(lambda _number, _seed: ids)
    assistant = thimble(folder, brain, voice=voice)
    for _ in range(2):
        list(assistant.ask(text="Which city?", conversation=talk, seed=1))
    assert brain.prompts[1][len(brain.prompts[0]) :][: len(ids)] == ids
    assert talk.turns[1].text == "Paris is the capital! Japan is another."


def test_how_long_each_stretch_sounds_is_known_from_its_ids(folder: Path) -> None:
    tokenizer = TextTokenizer(folder / "text.model")
    first, second = spoken(ids_of(folder, TWO), Style(rate=2.0), tokenizer, PERFORMING)
    assert (first.text, first.style, first.groups) == ("Paris is the capital!", Style(emotion="happy", rate=2.0), 7)
    assert (first.prosody.rate, second.prosody.rate) == (2.0, 1.5)
    assert (first.seconds, second.seconds) == pytest.approx((7 * 0.06, 5 * 0.08))


@pytest.mark.parametrize(("seconds", "groups"), [(0, 0), (1.2, 5), (2.4, 10), (2.39, 9), (2.52, 11), (3.0, 15), (3.6, 20), (9, 20)])
def test_what_was_heard_of_stretches_at_different_rates(seconds: float, groups: int) -> None:
    slow, plain = Spoken("Slow.", Style(rate=0.5), 10, Prosody(rate=0.5)), Spoken("Plain.", Style(), 10, PLAIN)
    assert groups_within([slow, plain], seconds) == groups


def stretch(groups: int, style: Style) -> Spoken:
    return Spoken("Paris.", style, groups, PERFORMING.control_table.prosody(style))


def test_what_a_style_does_by_itself_is_told_apart_from_what_the_sliders_ask() -> None:
    sad = Style(emotion="sad", rate=2.0, pitch=1.0)
    assert own_manner([stretch(6, sad)], sad) == Prosody(rate=0.75, pitch=-3.0)
    plain, weak = Style(rate=1.3), Style(emotion="happy", intensity=0.0)
    assert own_manner([stretch(6, plain)], plain) == own_manner([stretch(6, weak)], weak) == own_manner([], sad) == PLAIN
    half_sad = own_manner([stretch(6, Style()), stretch(6, Style(emotion="sad"))], Style())
    assert half_sad.pitch == pytest.approx(-1.5)
    assert half_sad.rate == pytest.approx(2 / (1 + 1 / 0.75))


class Short(ToneSpeaking):
    """Its last sound is a few samples short, as one that is rounded to whole frames may be."""

    def feed(self, groups: SpeechTokens) -> Sequence[AudioChunk]:
        return [replace(sound, samples=sound.samples[:-200]) for sound in super().feed(groups)]


def test_every_group_of_a_stretch_that_is_over_has_its_level() -> None:
    sounding = Sounding(Short(200.0, 1.0), 1.0, 3.0)
    (sound,) = sounding.feed(SpeechTokens(np.zeros((4, 5), np.uint16)))
    assert sound.start_s == 3.0
    assert len(sounding.levels) == 3
    sounding.finish()
    assert sounding.levels == pytest.approx([0.3 / 2**0.5] * 4, rel=0.02)
