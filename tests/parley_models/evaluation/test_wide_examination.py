"""Mini 1's examination: what is not claimed is not asked, turns and roles reach the model, calls and styles are judged."""

import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from parley_models.bundle import Bundle, find_bundle
from parley_models.evaluation.candidates import candidates, wide_candidates
from parley_models.evaluation.claims import styles_wanted, unclaimed, world_of
from parley_models.evaluation.examination import Examination
from parley_models.evaluation.measures import Measures
from parley_models.evaluation.people import PersonMark
from parley_models.evaluation.questions import DECLINE, questions
from parley_models.evaluation.report import HeardStyle, Share, Table
from parley_models.evaluation.speakers import Speaker
from parley_models.evaluation.wide_examination import WideExamination
from parley_models.evaluation.wide_questions import WideQuestion, is_right, mini1_questions, normalize
from parley_models.interleave import Segment, interleave
from parley_models.manifest import Manifest
from parley_models.pcm import AudioChunk
from parley_models.prompt import ChatTemplate
from parley_models.style import Control, Level, Style
from parley_models.text_tokenizer import TextTokenizer
from parley_models.tokens import SpeechTokens
from tests.fakes.parts import ScriptedBrain
from tests.fakes.thimble import LAYOUT, MANIFEST, scripted, thimble, thimble_folder

VOICES = (Speaker("espeak-ng", "en-us+john"),)
MINI1 = replace(
    MANIFEST,
    chat=ChatTemplate(remembers_turns=True),
    controls=(*MANIFEST.controls, Control("manner", "discrete", (Level("loud"), Level("soft"), Level("whisper")))),
)
HUM = AudioChunk((0.3 * np.sin(np.arange(8000) / 9)).astype(np.float32), 16_000)
needs_espeak = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")


class FirstJudge:
    """Hears the first candidate in any sound at all; does not know the word “zyzzyva”."""

    def hear(self, chunk: AudioChunk, candidates: Sequence[str]) -> str | None:
        return candidates[0] if len(chunk.samples) else None

    def pronounces(self, sentence: str) -> bool:
        return "zyzzyva" not in sentence


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return thimble_folder(tmp_path / "thimble")


def examination(folder: Path, brain: ScriptedBrain, manifest: Manifest = MINI1) -> WideExamination:
    assistant = thimble(folder, brain)
    bundle = replace(assistant.bundle, manifest=manifest)
    return WideExamination(
        type(assistant)(bundle, assistant.tokenizer, assistant._ears, brain, assistant._voice), VOICES, FirstJudge(), None
    )


def one(intent: str) -> WideQuestion:
    return next(question for question in mini1_questions() if question.intent == intent)


def test_whose_examination_a_bundle_sits() -> None:
    assert world_of(Bundle.open(find_bundle("mini")).manifest) == "mini0"
    assert world_of(replace(MINI1, chat=ChatTemplate(remembers_turns=False))) == "mini0"
    assert world_of(MINI1) == "mini1"


def test_what_mini_0_does_not_claim_is_not_asked_of_it() -> None:
    manifest = Bundle.open(find_bundle("mini")).manifest
    reasons = Counter(unclaimed(question, manifest) for question in mini1_questions())
    assert reasons["it remembers no turns"] >= 30
    assert reasons["it chooses no emotion itself"] >= 10  # its voice has them, for whoever sets them in the window
    silent = replace(manifest, controls=manifest.controls[:2])
    assert Counter(unclaimed(question, silent) for question in mini1_questions())["it offers no emotion"] >= 10
    labelling = replace(manifest, labels={"happy": Style(emotion="happy")})
    assert not any("itself" in (unclaimed(question, labelling) or "") for question in mini1_questions())
    assert reasons[None] > 600
    roleless = Counter(unclaimed(question, replace(manifest, roles=())) for question in mini1_questions())
    assert roleless["it plays no such role"] >= 50
    wide = replace(MINI1, roles=("*",))
    assert not any(unclaimed(question, wide) for question in mini1_questions() if question.intent != "in_style")


def test_a_role_that_it_plays_is_asked_and_another_is_not() -> None:
    assert unclaimed(one("role_pirate"), MINI1) is None
    assert unclaimed(one("role_robot"), MINI1) == "it plays no such role"


def test_styles_of_segments() -> None:
    assert styles_wanted(one("two_styles")) == [("emotion", "happy"), ("emotion", "sad")]
    assert styles_wanted(one("sum")) == []


@needs_espeak
def test_turns_before_and_the_role_are_told_to_the_model(folder: Path) -> None:
    question = next(each for each in mini1_questions() if each.before and each.question.isascii())
    brain = scripted(folder, question.answer)
    mark = examination(folder, brain).mark(0, question)
    told = TextTokenizer(folder / "text.model").decode([token for token in brain.prompts[-1] if token < LAYOUT.audio_offset])
    assert normalize(question.before[-1][0]) in told
    assert question.before[-1][1] in told
    assert mark.right
    assert mark.audible


def test_what_a_tool_gave_back_is_asked_in_writing(folder: Path) -> None:
    question = one("tool_result")
    mark = examination(folder, scripted(folder, question.answer)).mark(0, question)
    assert mark.voice == "typed"
    assert mark.right


@needs_espeak
def test_a_call_is_judged_and_not_taken_for_words(folder: Path) -> None:
    question = one("timer")
    assert question.call
    right = examination(folder, scripted(folder, f"{question.answer}\n{question.call}")).mark(0, question)
    without = examination(folder, scripted(folder, question.answer)).mark(0, question)
    assert right.right
    assert right.text == question.answer
    assert not without.right
    assert not without.audible


@needs_espeak
def test_each_segment_is_heard_by_itself(folder: Path) -> None:
    pieces = TextTokenizer(folder / "text.model").encode("Go.")
    speech = [SpeechTokens(np.full((groups, 5), 7, np.uint16)) for groups in (4, 9)]
    ids = interleave([Segment(tuple(pieces), each) for each in speech], LAYOUT)
    exam = examination(folder, ScriptedBrain(lambda _number, _seed: ids))
    said = exam.ask(one("two_styles"), HUM)
    assert [segment.seconds for segment in said.segments] == pytest.approx([0.48, 1.08])
    exam.mark(0, one("two_styles"))
    assert [(control, value) for control, value, _ in exam.styled] == [("emotion", "happy"), ("emotion", "sad")]
    assert list(exam.styles()) == []  # nobody has been heard plainly yet


@needs_espeak
def test_a_style_that_was_left_out_is_missed(folder: Path) -> None:
    """Who says both in one breath has shown one style of two."""
    exam = examination(folder, scripted(folder, one("two_styles").answer))
    exam.mark(0, one("two_styles"))
    (_, _, first), (control, value, second) = exam.styled
    assert len(first.samples)
    assert (control, value, len(second.samples)) == ("emotion", "sad", 0)
    exam.plain += [HUM] * 10
    assert [each.heard for each in exam.styles() if each.asked == "sad"] == [None]


class Parrot(FirstJudge):
    """Hears in any sound exactly what was meant to be said, if that is among the candidates; else the first of them."""

    def __init__(self, said: str) -> None:
        self._said = said

    def hear(self, chunk: AudioChunk, candidates: Sequence[str]) -> str | None:
        return self._said if self._said in candidates else super().hear(chunk, candidates)


@needs_espeak
@pytest.mark.parametrize(("intent", "wrong"), [("capital", "The capital of Spain is Reykjavik."), ("repeat", "Liver.")])
def test_a_wrong_answer_is_not_heard_as_the_right_one_that_sounds_like_it(folder: Path, intent: str, wrong: str) -> None:
    wide = examination(folder, scripted(folder, wrong))
    wide.judge = Parrot(wrong)
    narrow = Examination(wide.assistant, VOICES, Parrot(wrong), Measures(), None)
    marks = [wide.mark(0, one(intent))]
    if intent == "capital":
        marks.append(narrow.mark(0, questions()[0]))
    assert not any(mark.right or mark.audible for mark in marks)


@needs_espeak
def test_who_declines_with_a_call_is_not_honest(folder: Path) -> None:
    declined = examination(folder, scripted(folder, DECLINE)).mark(0, one("beyond"))
    calling = examination(folder, scripted(folder, f"{DECLINE}\n@set_timer seconds=60")).mark(0, one("beyond"))
    assert declined.right
    assert not calling.right


@needs_espeak
def test_every_emotion_and_manner_on_offer_is_asked_for(folder: Path) -> None:
    question = one("capital")
    exam = examination(folder, scripted(folder, question.answer))
    order = list(exam.offered(0, question))
    assert [(control, value) for control, value, _ in exam.styled] == [
        ("emotion", "neutral"),
        ("emotion", "happy"),
        ("manner", "loud"),
        ("manner", "soft"),
        ("manner", "whisper"),
    ]
    assert Share.of(each.kept for each in order) == Share(1, 2)  # a voice that ignores the manner is never both


def test_the_judges_choice() -> None:
    for intent in ("repeat", "story", "small_talk", "timer", "product"):
        question = one(intent)
        listed = wide_candidates(question, "something else")
        assert listed[0] == question.answer
        assert listed[1] == "something else"
        assert len(listed) >= 5
        decoys = [each for each in listed[2:] if is_right(question, each, [question.call] if question.call else [])]
        assert len(decoys) < len(listed) // 2, intent
    assert set(candidates(one("capital"))) <= set(wide_candidates(one("capital")))


def test_the_table_says_what_was_skipped_and_what_people_were_understood() -> None:
    styles = [HeardStyle("emotion", "sad", "sad"), HeardStyle("emotion", "happy", None), HeardStyle("loudness", "loud", "loud")]
    people = [PersonMark("digits", "one", "one", "I heard one."), PersonMark("digits", "two", "to", "I heard to.")]
    table = Table("mini 1", [], [], "Outside", 0.0, styles, people, {"it plays no such role": 55})
    rows = dict(table.rows())
    assert rows["In style: the emotion is heard"] == "50.0 %  (1 of 2)"
    assert rows["In style: louder and softer than plain"] == "100.0 %  (1 of 1)"
    assert "In style: the manner is heard" not in rows
    assert rows["People (digits): the word heard"] == "50.0 %  (1 of 2)"
    assert rows["People (digits): answered"] == "50.0 %  (1 of 2)"
    assert rows["Skipped: it plays no such role"] == "55 questions"
    assert table.record()["people"]["digits"]["heard"]["hits"] == 1
    assert table.record()["skipped"] == {"it plays no such role": 55}
    assert "people" not in Table("mini 1", [], [], "Outside", 0.0).record()
