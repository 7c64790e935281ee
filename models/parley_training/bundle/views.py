"""In which views a bundle should hear questions: the examination is asked in each of them, and every choice of them is counted.

    python -m parley_training.bundle.views --bundle mini

Prints for each view how many questions of Mini's world are answered rightly and how many others are declined, all in writing; and the same
for the best choices of several views, of which one counts (`parley_models.rehearing`). What is chosen so is chosen by the examination,
which is then no longer impartial about it.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from parley_models.answer import TextPiece
from parley_models.assembly import assemble
from parley_models.assistant import Assistant
from parley_models.bundle import Bundle, find_bundle
from parley_models.evaluation.examination import SEED, spread
from parley_models.evaluation.questions import OUTSIDE, Question, is_right, questions
from parley_models.evaluation.speakers import speak, voices_here
from parley_models.live_clock import LiveClock
from parley_models.parts import Listening
from parley_models.pcm import AudioChunk
from parley_models.rehearing import elected, readings
from parley_models.style import Style

DELAYS = (0, 640, 1280, 1920, 2560)
"""Samples of silence before a question. Brighter, duller, faster and slower ones were tried as well, and brought no more."""

MOST, SHOWN = 4, 3
"""Views at once, and choices of each size that are printed."""


class Heard(NamedTuple):
    """A question in one view."""

    text: str
    """Its words."""

    answer: str
    """In writing."""

    log_likelihood: float
    """What the model thinks of its first words."""


def hear(assistant: Assistant, sound: AudioChunk) -> tuple[Heard, Listening]:
    """What is heard and answered, and what heard it."""
    question = assistant.open(assistant.manner(Style(), seed=SEED, silent=True))
    question.begin()
    question.hear(sound)
    said = "".join(event.text for event in question.answer(LiveClock()) if isinstance(event, TextPiece)).strip()
    (hearing,) = question.hearings
    assert hearing.over is not None
    return Heard(question.text, said, hearing.context.said_likelihood), hearing.over


def counted(views: Sequence[Heard], log_likelihoods: Sequence[float] | None) -> str:
    """The answer that counts, where the words of each view explain the sound so well."""
    possible = readings([view.text for view in views], log_likelihoods)
    asked = [views[reading.number] for reading in possible]
    weights = [reading.log_weight + view.log_likelihood for reading, view in zip(possible, asked, strict=True)]
    return asked[elected([view.answer for view in asked], weights)].answer


def right(asked: Sequence[Question], answers: Sequence[str]) -> tuple[int, int]:
    """Of Mini's world answered rightly, and of what lies outside declined."""
    marks = [(question.intent == OUTSIDE, is_right(question, said)) for question, said in zip(asked, answers, strict=True)]
    return sum(ok for outside, ok in marks if not outside), sum(ok for outside, ok in marks if outside)


def main() -> None:
    """Read the command line and print the counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", default="mini")
    parser.add_argument("--limit", type=int, help="questions, evenly from all; all unless given")
    options = parser.parse_args()
    bundle = Bundle.open(find_bundle(options.bundle))
    assistant = assemble(replace(bundle, manifest=replace(bundle.manifest, ears={**bundle.manifest.ears, "delays": []})))
    voices, asked = voices_here(), spread(questions(), options.limit)
    heard: dict[int, list[Heard]] = {delay: [] for delay in DELAYS}
    likely = list[dict[str, float]]()
    """For each question how well each of its texts explains the sound."""

    for number, question in enumerate(tqdm(asked)):
        sound = speak(question.question, voices[number % len(voices)])
        views = [hear(assistant, AudioChunk(np.pad(sound.samples, (delay, 0)), sound.rate_hz)) for delay in DELAYS]
        texts = [view.text for view, _ in views]
        likely.append(dict(zip(texts, views[0][1].log_likelihoods(texts) or [0.0] * len(texts), strict=True)))
        for delay, (view, _) in zip(DELAYS, views, strict=True):
            heard[delay].append(view)
    for delay, given in heard.items():
        print(*right(asked, [each.answer for each in given]), delay)
    for size in range(3, MOST + 1):
        found = []
        for chosen in combinations(DELAYS[1:], size - 1):
            rows = zip(*(heard[delay] for delay in (0, *chosen)), strict=True)
            answers = [counted(row, [told[each.text] for each in row]) for row, told in zip(rows, likely, strict=True)]
            found.append((right(asked, answers), chosen))
        for counts, chosen in sorted(found, key=lambda each: sum(each[0]), reverse=True)[:SHOWN]:
            print(*counts, *chosen)


if __name__ == "__main__":
    main()
