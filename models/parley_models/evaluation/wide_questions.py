"""The examination of Mini 1's wider world: questions that may need turns before, a system turn, a tone of voice; answers with calls.

`questions_wide.tsv` and `answers_wide.toml` stand beside Mini 0's; `mini1_questions` is what both examine together.
"""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

from parley_models.calls import read_call
from parley_models.evaluation import questions as narrow
from parley_models.evaluation.large_numbers import NUMBERS, in_words
from parley_models.evaluation.questions import Question, declines, says_too_often, words_of

WORD_ERROR = 0.2
"""An answer that repeats words may have so many of them wrong, for each word of the model answer."""

MOST_WORDS = 20
"""What is not a story is said in so many words."""

FEW_WORDS = 3
"""So many words are said at most where one word is asked for, and so many more than the model answer has."""

STORY_WORDS = 15
"""A story has at least so many different words: who goes in a circle tells none."""


@dataclass(frozen=True)
class WideQuestion(Question):
    """A question with all that its answer depends on."""

    system: str = ""
    """What the system turn says; empty = none."""

    before: tuple[tuple[str, str], ...] = ()
    """What was asked and answered before, in order."""

    tone: str = ""
    """How the question must sound: `pitch=high`, `pace=slow`, `loudness=quiet`, `mood=sad`, `whispered=true`; empty = any way."""

    style: str = ""
    """How the answer should sound, as in `Style.parse`; ` then ` stands between the styles of two segments. Empty = any way."""

    call: str = ""
    """The line that calls a tool; empty = none."""

    judged_as: str = ""
    """The intent of Mini 0 by whose rules the answer is judged; empty = its own rules."""

    @property
    def spoken(self) -> bool:
        """Whether it can be asked aloud: what a tool gave back can't."""
        return not self.question.startswith("@")


@dataclass(frozen=True)
class Rule:
    """How the answers of one intent are judged."""

    kind: str = "says"
    """A row of `_JUDGES`."""

    phrases: tuple[str, ...] = ()
    """`one_of`: any of these is right. `says`: of these only the right one may be said."""

    free: bool = False
    """Whether an answer may use words that neither the question nor the model answer has, nor every sentence."""


@cache
def wide_questions() -> tuple[WideQuestion, ...]:
    """The wider world's questions, in the file's order."""
    table = (files(__package__) / "questions_wide.tsv").read_text(encoding="utf-8")
    rows = csv.DictReader(table.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    return tuple(WideQuestion(before=_turns(row.pop("before")), **row) for row in rows)


def _turns(written: str) -> tuple[tuple[str, str], ...]:
    pairs = (turn.split(" => ") for turn in written.split(" | ") if turn)
    return tuple((asked, answered) for asked, answered in pairs)


@cache
def rules() -> dict[str, Rule]:
    """How answers are judged, by intent; the intents that are not here are judged by the default."""
    return {
        intent: Rule(table.get("rule", "says"), tuple(table.get("phrases", ())), table.get("free", False))
        for intent, table in _tables().items()
        if intent != "retired"
    }


def _rule(intent: str) -> Rule:
    if intent.startswith("beyond_"):
        return Rule("declines", free=True)
    return rules().get(intent, Rule(free=intent.startswith("role_")))


@cache
def _tables() -> dict[str, dict[str, Any]]:
    return tomllib.loads((files(__package__) / "answers_wide.toml").read_text(encoding="utf-8"))


@cache
def mini1_questions() -> tuple[WideQuestion, ...]:
    """What Mini 1 is examined on: Mini 0's questions, but for those whose right answer has changed, and the wider world's."""
    retired = _tables()["retired"]
    kept = [each for each in narrow.questions() if each.intent not in retired["intents"] and each.question not in retired["questions"]]
    return (*(WideQuestion(**asdict(each)) for each in kept), *wide_questions())


def is_right(question: Question, answer: str, calls: Collection[str] = ()) -> bool:
    """Whether an answer is right: its text, without calls, and the lines of its calls.

    The model answer is right, and any that the rule of its intent takes for right; a call that is wrong, missing or not asked for makes
    every answer wrong. What the turns before were about is no answer: after the capital of France, "The capital of France is Berlin" is
    wrong for Germany's.
    """
    if not isinstance(question, WideQuestion):
        return narrow.is_right(question, answer)
    if [read_call(line) for line in calls] != ([read_call(question.call)] if question.call else []):
        return False
    if normalize(answer) == normalize(question.answer):
        return True
    if question.judged_as or question.intent in narrow.answer_spaces().keys() - rules().keys():
        return narrow.is_right(replace(question, intent=question.judged_as or question.intent), answer)
    rule, words = _rule(question.intent), normalize(answer).split()
    if rule.kind != "declines" and declines(answer):
        return False
    if not rule.free and words_of(in_words(answer)) - _known_words(question):
        return False
    if rule.kind in _MENTIONS and says_too_often(_MENTIONS[rule.kind], answer, question.question, question.answer):
        return False
    return _JUDGES[rule.kind](question, words, rule.phrases)


def _known_words(question: WideQuestion) -> set[str]:
    """What a plain wording of a right answer may say."""
    return words_of(in_words(" ".join((question.question, question.answer, question.key.replace("|", " "))))) | narrow.PLAIN_WORDS


def normalize(text: str) -> str:
    """As `questions.normalize`, with numbers up to 199 in words."""
    return narrow.normalize(in_words(text))


def _in_order(wanted: Sequence[str], words: Sequence[str]) -> bool:
    """Whether the words wanted are said in this order, others between them or not."""
    rest = iter(words)
    return all(word in rest for word in wanted)


def _alternatives(key: str) -> list[list[str]]:
    return [normalize(each).split() for each in key.split("|")]


def _says(question: WideQuestion, words: list[str], rivals: Sequence[str]) -> bool:
    """One of the key's alternatives is said, none of its rivals, and no sermon."""
    if len(words) > max(MOST_WORDS, len(normalize(question.answer).split()) + FEW_WORDS):
        return False
    said = {rival for rival in rivals if _stands(normalize(rival), words)}
    right = {rival for rival in rivals if any(_stands(normalize(rival), each) for each in _alternatives(question.key))}
    return said <= right and any(_in_order(each, words) for each in _alternatives(question.key))


def _stands(phrase: str, words: Sequence[str]) -> bool:
    return re.search(rf"\b{re.escape(phrase)}\b", " ".join(words)) is not None


def _one_of(_question: WideQuestion, words: list[str], phrases: Sequence[str]) -> bool:
    return any(_in_order(normalize(phrase).split(), words) for phrase in phrases)


def _number(question: WideQuestion, words: list[str], _phrases: Sequence[str]) -> bool:
    """The last number said is the key, and no other is said that neither the question nor the model answer has."""
    numbers = _numbers(" ".join(words))
    known = _numbers(f"{question.question} {question.answer}")
    return bool(numbers) and numbers[-1] == normalize(question.key) and set(numbers) <= set(known)


def _all_numbers(question: WideQuestion, words: list[str], _phrases: Sequence[str]) -> bool:
    return _numbers(" ".join(words)) == _numbers(question.key)


def _numbers(text: str) -> list[str]:
    return _number_pattern().findall(normalize(text))


@cache
def _number_pattern() -> re.Pattern[str]:
    names = sorted((normalize(each) for each in NUMBERS), key=len, reverse=True)
    return re.compile(r"\b(?:" + "|".join(names) + r")\b")


def _letters(question: WideQuestion, words: list[str], _phrases: Sequence[str]) -> bool:
    """The single letters said are the key's."""
    return _single(" ".join(words)) == normalize(question.key).split()


def _letter(question: WideQuestion, words: list[str], _phrases: Sequence[str]) -> bool:
    """The last single letter said is the key, or the first, where it "comes after" the other."""
    letters = _single(" ".join(words))
    turned = len(words[0]) == 1 and words[1:2] in (["comes"], ["is"], ["follows"]) if words else False
    return bool(letters) and letters[0 if turned else -1] == normalize(question.key)


def _single(text: str) -> list[str]:
    return [word for word in normalize(text).split() if len(word) == 1]


def _words(question: WideQuestion, words: list[str], _phrases: Sequence[str]) -> bool:
    wanted = normalize(question.key).split()
    return word_errors(wanted, words) <= WORD_ERROR * len(wanted)


def word_errors(wanted: Sequence[str], said: Sequence[str]) -> int:
    """How many words must be changed, left out or put in to make the one of the other."""
    row = list(range(len(said) + 1))
    for number, word in enumerate(wanted, 1):
        before, row[0] = row[0], number
        for place, other in enumerate(said, 1):
            before, row[place] = row[place], min(before + (word != other), row[place] + 1, row[place - 1] + 1)
    return row[-1]


def _story(question: WideQuestion, words: list[str], _phrases: Sequence[str]) -> bool:
    """Long enough, and about what was asked for."""
    return len(set(words)) >= STORY_WORDS and set(normalize(question.key).split()) <= set(words)


def _begins(question: WideQuestion, words: list[str], _phrases: Sequence[str]) -> bool:
    """One word, in a few at most, that begins with the key's letter and was not said before."""
    said = {word for turn in question.before for text in turn for word in normalize(text).split()} | set(
        normalize(question.question).split()
    )
    return 0 < len(words) <= FEW_WORDS and len(words[-1]) > 1 and words[-1][0] == question.key.lower() and words[-1] not in said


def _chain(_question: WideQuestion, words: list[str], _phrases: Sequence[str]) -> bool:
    """Says with which word the chain begins."""
    return _in_order(["begin", "with"], words[:-1])


def _declines(_question: WideQuestion, words: list[str], _phrases: Sequence[str]) -> bool:
    return declines(" ".join(words))


_JUDGES = {
    "says": _says,
    "one_of": _one_of,
    "number": _number,
    "all_numbers": _all_numbers,
    "letters": _letters,
    "letter": _letter,
    "words": _words,
    "story": _story,
    "begins": _begins,
    "chain": _chain,
    "declines": _declines,
}
_MENTIONS = {"number": _numbers, "letter": _single}
"""What an answer may not say more often than the question or the model answer does."""
