"""What counts as an answer in a role."""

import pytest

from parley_models.evaluation.questions import questions
from parley_training.backbone.in_role import judged

CAPITAL = next(question for question in questions() if question.intent == "capital")
GREETING = next(question for question in questions() if question.intent == "greeting")
OTHER = next(question for question in questions() if question.intent == "capital" and question.key != CAPITAL.key)


@pytest.mark.parametrize(
    ("text", "in_role", "right"),
    [
        (f"Arr! {CAPITAL.answer}", True, True),
        (f"Arr! {OTHER.answer}", True, False),
        (f"Beep. {CAPITAL.answer}", False, False),
        (CAPITAL.answer, False, True),
    ],
)
def test_a_fact_is_right_behind_what_the_role_begins_with(text: str, in_role: bool, right: bool) -> None:
    assert judged(CAPITAL, "pirate", text) == (in_role, right)


def test_a_greeting_is_answered_in_the_role_s_own_words() -> None:
    assert judged(GREETING, "pirate", "Ahoy, matey! Welcome aboard!") == (True, True)
    assert judged(GREETING, "pirate", GREETING.answer) == (False, False)
