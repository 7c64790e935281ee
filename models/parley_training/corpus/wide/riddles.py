"""Riddles: Mini asks them, judges the answer, and solves those that it knows."""

from __future__ import annotations

import random

from parley_training.corpus.exchange import Exchange, Part
from parley_training.corpus.frames import wording
from parley_training.corpus.reader import bare
from parley_training.corpus.wide.scene import Scene, SceneWriter, among, plainly, rows, values
from parley_training.corpus.wide.styles import EMOTIONS
from parley_training.corpus.world import Row, facts

_HAPPY = EMOTIONS["happy"].style
_RIDDLES = facts("riddles")
RIGHT_SHARE, WRONG_SHARE = 0.4, 0.35
"""How often the human's answer is right, and how often it is another riddle's; else the riddle is given up."""


def solution(row: Row) -> str:
    """The answer with its article: `a towel`, `your shadow`."""
    first = row["said"].strip("()").split("|", 1)[0]
    return first.replace("my ", "your ")


def _guesses(row: Row) -> list[str]:
    return row["said"].strip("()").split("|")


ask_riddle = SceneWriter(
    "riddle",
    "Gaming",
    wording(
        riddle="(riddle|riddle|good riddle|little riddle|hard riddle|easy riddle|brain teaser)",
        direct="(do you know a <riddle>|can you ask me a <riddle>|can you tell me a <riddle>|do you have a <riddle> for me|could you give me a <riddle>|will you ask me a <riddle>|do you know any riddles|shall we do riddles|can we do a <riddle>|"
        "got a <riddle> for me)",
        topic="(a <riddle>|another <riddle>|one more <riddle>|a <riddle> to solve)",
        fragment="(a <riddle>|riddle time|time for a <riddle>|another <riddle>|a riddle, please)",
        order="(ask me a <riddle>|tell me a <riddle>|give me a <riddle>|ask me another <riddle>|tell me another <riddle>|let me solve a <riddle>|test me with a <riddle>|quiz me with a <riddle>)",
    ),
    lambda rng: _asked(rng.choice(_RIDDLES)),
    weight=4,
)


def _asked(row: Row) -> Scene:
    return Scene({}, plainly(row["riddle"]), " ".join(bare(row["riddle"])))


_GUESS = (
    "({guess}.|{guess}?|is it {guess}?|it is {guess}.|it's {guess}.|that is {guess}.|i think it is {guess}.|i say {guess}.|could it be {guess}?|maybe {guess}?|my answer is {guess}.|i guess {guess}.|i would say {guess}.|must be {guess}.|"
    "i know it, {guess}.|that's easy, {guess}.|it must be {guess}.|perhaps {guess}?|<filler>, {guess}.|<filler>, is it {guess}?|<filler>, i think {guess}.|let me think, {guess}.|wait, {guess}.|the answer is {guess}.|is the answer {guess}?)"
)
_GIVE_UP = (
    "(i don't know|i give up|no idea|tell me|tell me the answer|what is it|i have no idea|what is the answer|i can't solve it|that is too hard|please tell me|say it|i can't guess it|what could it be|you tell me|i pass|too hard for me|no clue|"
    "i really don't know|what's the answer|solve it for me)"
)


def _judged(rng: random.Random) -> Scene:
    row = rng.choice(_RIDDLES)
    earlier: tuple[Exchange, ...] = (ask_riddle.ask(_asked(row), rng),)
    chance, answer = rng.random(), solution(row)
    if chance < RIGHT_SHARE:
        parts = (Part("Right!", _HAPPY), Part(f"It is {answer}.", _HAPPY))
        return Scene({"guess": rng.choice(_guesses(row))}, parts, f"right {row['answer'].lower()}", rule="guess", before=earlier)
    if chance < RIGHT_SHARE + WRONG_SHARE:
        wrong = rng.choice([other for other in _RIDDLES if other["answer"] != row["answer"]])
        return Scene(
            {"guess": rng.choice(_guesses(wrong))},
            plainly(f"Not quite. It is {answer}."),
            f"not {row['answer'].lower()}",
            rule="guess",
            before=earlier,
        )
    return Scene({}, plainly(f"It is {answer}."), row["answer"].lower(), rule="row_a", before=earlier)


judge_riddle = SceneWriter(
    "riddle_answer",
    "Gaming",
    rows([(_GIVE_UP, ".")], guess=_GUESS, ask="(<row_a>|<guess>)"),
    _judged,
    weight=7,
    slots={"guess": {guess for row in _RIDDLES for guess in _guesses(row)}},
    stands_alone=False,
)

_SOLVED = [
    Scene({"riddle": row["riddle"].rstrip("?").lower()}, plainly(f"It is {solution(row)}."), row["answer"].lower()) for row in _RIDDLES
]
solve_riddle = SceneWriter(
    "riddle_solved",
    "Gaming",
    rows(
        [
            (
                "({riddle}|here is a riddle, {riddle}|solve my riddle, {riddle}|a riddle for you, {riddle}|can you solve this riddle, {riddle}|do you know this one, {riddle}|riddle, {riddle}|guess, {riddle}|i have a riddle, {riddle})",
                "?",
            )
        ]
    ),
    among(_SOLVED),
    weight=3,
    slots=values(_SOLVED),
)
