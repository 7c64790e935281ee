"""The examination's questions and what counts as a right answer.

The questions stand in `questions.tsv`, in wordings that the training corpus can't produce; `answers.toml` lists, intent by
intent, what an answer may claim. Both are plain data, read without a model.
"""

from __future__ import annotations

import csv
import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from parley_models.numbers import HIGHEST, NUMBERS, number

DECLINE = "That is beyond me. Try a sum or a capital."
OUTSIDE = "beyond"
"""The intent of questions that should be declined."""
PLAIN_WORDS = frozenset(
    "a an the this that thats it its is are was be would there here they people i you my your of in on at and to for than has have "
    "called named use uses speak speaks spoken say says make makes making give gives equal equals come comes get answer result name "
    "number well so sure think live lives used do".split()
)
"""Words that any wording of a right answer may bring along."""
UNDECIDED = frozenset({"or"})
"""Words of a question that a plain answer does not take over: "even or odd" claims nothing."""
BOTH_WAYS = frozenset({"opposite"})
"""Intents whose answers may be turned round: hot is the opposite of cold, and cold of hot."""


@dataclass(frozen=True)
class Question:
    """A question with its model answer."""

    category: str
    """One of the curriculum's: Knowledge, Logical reasoning, Voice instruction following, Assistant; or Outside."""

    intent: str
    question: str
    answer: str
    """The answer in the words it was taught in."""

    key: str
    """The part of the answer that must be right, as it stands there."""


@dataclass(frozen=True)
class AnswerSpace:
    """What the answers of one intent may say."""

    keys: tuple[str, ...]
    """What they differ in, as written."""

    claims: str
    """Where the claim stands among the keys that an answer mentions: `first`, `last`, or `all` of them, in order."""

    subjects: tuple[str, ...]
    """What they may be about; an answer about another subject is wrong."""


@cache
def questions() -> tuple[Question, ...]:
    """All questions, in the file's order."""
    table = (files(__package__) / "questions.tsv").read_text(encoding="utf-8")
    return tuple(Question(**row) for row in csv.DictReader(table.splitlines(), delimiter="\t"))


@cache
def answer_spaces() -> dict[str, AnswerSpace]:
    """What may be answered, by intent."""
    tables = tomllib.loads((files(__package__) / "answers.toml").read_text(encoding="utf-8"))
    return {
        intent: AnswerSpace(_names(table["keys"]), table["claims"], _names(table.get("subjects", ()))) for intent, table in tables.items()
    }


def _names(listed: str | Sequence[str]) -> tuple[str, ...]:
    return NUMBERS if listed == "numbers" else tuple(listed)


def normalize(text: str) -> str:
    """The words alone: lower case, no accents, marks or hyphens, numbers in words, `grey` as `gray`."""
    text = unicodedata.normalize("NFKD", text.lower())
    text = "".join(mark for mark in text if not unicodedata.combining(mark)).replace("’", "'")
    text = re.sub(r"\d+", lambda digits: f" {number(int(digits[0]))} " if int(digits[0]) <= HIGHEST else digits[0], text)
    text = re.sub(r"[^a-z0-9' ]+", " ", text)
    words = " ".join(text.split()).replace("grey", "gray").replace("colour", "color")
    return re.sub(r"\b(?:a )?(?<!one )hundred\b", "one hundred", words)


def declines(answer: str) -> bool:
    """Whether an answer says that the question is beyond Mini."""
    return "beyond me" in normalize(answer)


def words_of(text: str) -> set[str]:
    """The words that tell something: `it's` and `Germany's` say no more than `it` and `Germany`."""
    return {re.sub(r"'(?:s|m|re|ll|d|ve)$", "", word.strip("'")) for word in normalize(text).split()}


def says_too_often(mentions: Callable[[str], Sequence[str]], answer: str, *context: str) -> bool:
    """Whether a clause of the answer says a thing more often than any text of the context: "seven plus seven is twelve", asked for five.

    Args:
        mentions: the things that a text mentions, one by one.
        answer: what was answered.
        context: the question and the model answer.
    """
    known = Counter[str]()
    for text in context:
        known |= Counter(mentions(text))
    return any(Counter(mentions(clause)) - known for clause in re.split(r"[.,;:!?]", answer))


def is_right(question: Question, answer: str) -> bool:
    """Whether an answer, given as text, is right.

    Right is the model answer, or another plain wording that claims the right key. It may not decline, nor leave it open, nor mention a key,
    a subject or any telling word that neither the question nor the model answer has, nor a key more often than they do: "Paris." is right
    for the capital of France; "Lyon or Paris", "The capital of Spain is Paris" and "Paris is in Texas" are not.

    It is strict: "Between six and nine it is nine" has its claim in another place than answers of its intent do, and counts as wrong.
    """
    if normalize(answer) == normalize(question.answer):
        return True
    if question.intent == OUTSIDE or declines(answer):
        return question.intent == OUTSIDE and declines(answer)
    space, context = answer_spaces()[question.intent], (question.answer, question.question)
    keys = _mentions(space.keys, answer)
    strays = words_of(answer) - (words_of(" ".join(context)) - UNDECIDED) - PLAIN_WORDS
    if not keys or not set(keys) <= set(_mentions(space.keys, *context)):
        return False
    if says_too_often(lambda text: _mentions(space.keys, text), answer, *context):
        return False
    if question.category != "Assistant" and strays:
        return False
    if not set(_mentions(space.subjects, answer)) <= set(_mentions(space.subjects, *context)):
        return False
    wanted = _mentions(space.keys, question.answer)
    if space.claims == "all":
        return keys == wanted
    key, claimed = normalize(question.key), keys[:1] if space.claims == "first" else keys[-1:]
    if len(keys) > 1 and re.match(rf"{keys[0]} (?:is|comes|follows|equals)\b", normalize(answer)):  # "Tuesday is the day after Monday"
        return sorted(keys) == sorted(wanted) and key in (keys if question.intent in BOTH_WAYS else keys[:1])
    return claimed == [key]


def _mentions(things: tuple[str, ...], *texts: str) -> list[str]:
    """Which of the things are mentioned, in order; where one begins with another, the longer counts."""
    return [thing for text in texts for thing in _pattern(things).findall(normalize(text))] if things else []


@cache
def _pattern(things: tuple[str, ...]) -> re.Pattern[str]:
    names = sorted({normalize(thing) for thing in things}, key=len, reverse=True)
    return re.compile(r"\b(?:" + "|".join(map(re.escape, names)) + r")\b")
