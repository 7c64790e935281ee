"""Answers are spoken anew until they are understood."""

import json
from pathlib import Path

import numpy as np

from parley_models.evaluation.questions import Question
from parley_models.style import Style
from parley_models.tokens import Codes
from parley_training.tokens.recipe import codes_of, save_codes
from parley_training.vocoder.articulation import RENDITIONS, Renditions, clearest, facts_told

VOICES = 3
ROME = Question("Knowledge", "capital", "What is the capital of Italy?", "The capital of Italy is Rome.", "rome")
PLAIN: Codes = np.zeros((4, 5), np.uint16)


def spoken(text: str, style: Style) -> Codes:
    return np.full((4, 5), RENDITIONS.index(style), np.uint16)


def chosen(*understood: int) -> Style:
    """In how many voices each rendition is understood, in their order."""
    style, codes = clearest(ROME, PLAIN, spoken, lambda _, codes: understood[int(codes[0, 0])], VOICES)
    assert np.array_equal(codes, spoken("", style))
    return style


def test_what_every_voice_can_say_stays_plain() -> None:
    assert chosen(VOICES) == Style()


def test_the_first_rendition_that_is_understood_everywhere_is_taken() -> None:
    assert chosen(2, 1, 2, VOICES) == RENDITIONS[3]


def test_else_the_plainest_of_those_that_are_understood_most() -> None:
    assert chosen(1, 0, 2, 1, 2, 0) == RENDITIONS[2]
    assert chosen(0, 0, 0, 0, 0, 0) == Style()


def test_facts_are_single_sentences_with_the_word_that_counts() -> None:
    facts = facts_told()
    assert len(facts) > 500
    assert {"capital", "colour", "currency"} <= {question.intent for question in facts.values()}
    assert not {"sum", "greeting"} & {question.intent for question in facts.values()}
    assert all(question.key.lower() in question.answer.lower() for question in facts.values())


def test_what_was_chosen_is_kept_and_not_chosen_again(tmp_path: Path) -> None:
    texts = [ROME.answer, "Grass is green.", "Hello!"]
    (tmp_path / "answers").mkdir()
    (tmp_path / "answers" / "lines.json").write_text(json.dumps(texts))
    save_codes(tmp_path / "answers.npz", [np.full((n, 5), n, np.uint16) for n in (4, 5, 6)])

    before = Renditions(tmp_path, tmp_path)
    assert before.open([*texts[:2], "Never spoken."]) == sorted(texts[:2])
    slower = np.full((7, 5), 9, np.uint16)
    before.take(ROME.answer, Style(rate=0.85), slower)
    before.save()

    after = Renditions(tmp_path, tmp_path)
    assert after.open(texts[:2]) == [texts[1]]
    assert after.chosen == {ROME.answer: Style(rate=0.85)}
    assert [len(codes) for codes in codes_of(tmp_path / "answers.npz")] == [7, 5, 6]
    assert np.array_equal(after.codes(ROME.answer), slower)
