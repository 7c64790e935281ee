"""What a bundle is tried by: questions broken off, and views of which one counts."""

import random

import pytest

from parley_models.evaluation.questions import DECLINE, questions
from parley_training.bundle.endings import BROKEN_OFF, beginnings
from parley_training.bundle.views import Heard, counted, right


def test_a_question_is_tried_whole_and_broken_off_after_some_of_its_words() -> None:
    question = "What, then, is the capital of France?"
    (whole, text), *broken = beginnings(question, random.Random(1))
    assert (whole, text) == (True, question)
    assert len({each for _, each in broken}) == BROKEN_OFF
    assert all(not whole and question.startswith(each) and each[-1].isalpha() for whole, each in broken)
    assert [*beginnings("Thanks much.", random.Random(1))] == [(True, "Thanks much."), (False, "Thanks")]


@pytest.mark.parametrize(
    ("likely", "sure", "counts"),
    [
        ([-90, -5, -80], 0.0, "Rome."),
        (None, 0.0, "Oslo."),
        ([-9, -9, -9], 0.0, "Oslo."),
        ([-9, -9, -9], -3.0, "Paris."),
    ],
)
def test_the_answer_counts_that_explains_the_sound_is_sure_and_is_given_often(likely: list[float] | None, sure: float, counts: str) -> None:
    said = ("of fans", "Paris.", 0.0), ("of italy", "Rome.", sure), ("of norway", "Oslo.", sure), ("of norway", "Oslo.", sure)
    assert counted([Heard(*each) for each in said], likely and [*likely, likely[-1]]) == counts


def test_right_answers_and_declined_questions_are_counted_apart() -> None:
    asked = [questions()[0], questions()[-1]]
    assert right(asked, [asked[0].answer, DECLINE]) == (1, 1)
    assert right(asked, [DECLINE, asked[0].answer]) == (0, 0)
