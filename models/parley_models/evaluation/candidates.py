"""The sentences a recognizer may choose from when it judges a spoken answer: the right one among its decoys."""

from __future__ import annotations

import re

from parley_models.evaluation.questions import DECLINE, OUTSIDE, Question, answer_spaces, normalize, questions
from parley_models.evaluation.wide_questions import WideQuestion, mini1_questions
from parley_models.numbers import HIGHEST, NUMBERS

_SHIFTS = (-10, -2, -1, 1, 2, 10)
_OTHERS = 40
"""So many answers to other questions stand beside the decoys."""


def candidates(question: Question, text: str = "") -> tuple[str, ...]:
    """The model answer, what was answered, and decoys: the same sentence with every other key, answers to other questions, and the decline.

    What was answered is there also where it is wrong: without it the judge would take a wrong answer for the right one that sounds most
    like it.
    """
    if question.intent == "count":
        decoys = _counts(question.answer)
    elif question.intent == OUTSIDE or question.category == "Assistant":
        decoys = []
    else:
        decoys = [_with_key(question, key) for key in answer_spaces()[question.intent].keys]
    same, other = ([q.answer for q in questions() if (q.intent == question.intent) == wanted] for wanted in (True, False))
    every = len(other) // _OTHERS
    return tuple(dict.fromkeys([question.answer, *_said(text), *decoys, *same, *other[::every], DECLINE]))


def _said(text: str) -> list[str]:
    return [text] if normalize(text) else []


def _with_key(question: Question, key: str) -> str:
    """The model answer with another key in the place of its own."""
    found = list(re.finditer(rf"(?<![\w-]){re.escape(question.key)}(?![\w-])", question.answer, re.IGNORECASE))
    place = found[0 if answer_spaces()[question.intent].claims == "first" else -1]
    sentence = question.answer[: place.start()] + key + question.answer[place.end() :]
    return sentence[0].upper() + sentence[1:]


def _counts(answer: str) -> list[str]:
    """The same count moved up or down, backwards, one shorter, one longer."""
    counted = [NUMBERS.index(word.strip().lower().removesuffix(".")) for word in answer.split(",")]
    step = 1 if counted[1] > counted[0] else -1
    spans = [[n + shift for n in counted] for shift in _SHIFTS]
    spans += [counted[::-1], counted[:-1], counted[1:], [*counted, counted[-1] + step], [counted[0] - step, *counted]]
    return [", ".join(NUMBERS[n] for n in span).capitalize() + "." for span in spans if all(0 <= n <= HIGHEST for n in span)]


_WIDE_OTHERS = 24
_MOST_WORDS = 600
"""In all candidates together: the judge's work grows with them, and a story has sixty."""


def wide_candidates(question: WideQuestion, text: str = "") -> tuple[str, ...]:
    """As `candidates`, for a question of Mini 1's world.

    Decoys are answers to other questions of the same intent, the model answer with two words exchanged or one left out, answers from
    everywhere, and the decline.
    """
    if question.intent in answer_spaces():
        return candidates(question, text)
    mine = [question.answer, *_said(text)]
    same = [each.answer for each in mini1_questions() if each.intent == question.intent]
    others = [each.answer for each in mini1_questions() if each.intent != question.intent]
    found, words = dict.fromkeys(mine), sum(len(each.split()) for each in mine)
    for decoy in (*_mangled(question.answer), DECLINE, *same, *others[:: len(others) // _WIDE_OTHERS]):
        words += len(decoy.split())
        if words > _MOST_WORDS and len(found) > len(mine) + 1:
            break
        found[decoy] = None
    return tuple(found)


def _mangled(answer: str) -> list[str]:
    """The answer with a word out of its place, or without one: what somebody says who did not listen."""
    words = answer.split()
    swapped = [[*words[:at], words[at + 1], words[at], *words[at + 2 :]] for at in range(0, len(words) - 1, 2)]
    without = [[*words[:at], *words[at + 1 :]] for at in range(1, len(words), 3)]
    return [" ".join(each) for each in (*swapped[:4], *without[:4])]
