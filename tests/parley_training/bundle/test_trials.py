"""What a bundle is tried by: questions broken off, and views between which the answers decide."""

import random

import pytest

from parley_models.evaluation.questions import DECLINE, declines, questions
from parley_models.rehearing import Vote
from parley_training.bundle.endings import BROKEN_OFF, beginnings
from parley_training.bundle.views import counted, right


def test_a_question_is_tried_whole_and_broken_off_after_some_of_its_words() -> None:
    question = "What, then, is the capital of France?"
    (whole, text), *broken = beginnings(question, random.Random(1))
    assert (whole, text) == (True, question)
    assert len({each for _, each in broken}) == BROKEN_OFF
    assert all(not whole and question.startswith(each) and each[-1].isalpha() for whole, each in broken)
    assert [*beginnings("Thanks much.", random.Random(1))] == [(True, "Thanks much."), (False, "Thanks")]


@pytest.mark.parametrize(
    ("answers", "counts"),
    [
        (["Paris.", "Rome.", "Rome.", "Paris."], "Rome."),
        (["Paris.", "Rome.", "Paris.", "Rome."], "Paris."),
        (["Paris.", "Rome.", "Oslo."], "Paris."),
        (["Paris.", DECLINE, "Oslo."], DECLINE),
    ],
)
def test_the_answer_counts_that_is_first_given_twice(answers: list[str], counts: str) -> None:
    assert counted([Vote(tuple(each.encode()), 0.0, declines(each)) for each in answers]) == counts


def test_right_answers_and_declined_questions_are_counted_apart() -> None:
    asked = [questions()[0], questions()[-1]]
    assert right(asked, [asked[0].answer, DECLINE]) == (1, 1)
    assert right(asked, [DECLINE, asked[0].answer]) == (0, 0)
