"""In which views a bundle should hear questions: the examination is asked in each of them, and every choice of them is counted.

    python -m parley_training.bundle.views --bundle mini

Prints for each view how many questions of Mini's world are answered rightly and how many others are declined, all in writing; and the same
for the best choices of several views, which vote (`parley_models.rehearing`). What is chosen so is chosen by the examination, which is then
no longer impartial about it.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations

import numpy as np
from tqdm import tqdm

from parley_models.answer import TextPiece
from parley_models.assembly import assemble
from parley_models.assistant import Assistant
from parley_models.bundle import Bundle, find_bundle
from parley_models.evaluation.examination import SEED, spread
from parley_models.evaluation.questions import OUTSIDE, Question, declines, is_right, questions
from parley_models.evaluation.speakers import speak, voices_here
from parley_models.live_clock import LiveClock
from parley_models.pcm import AudioChunk
from parley_models.rehearing import Vote, elected, settled
from parley_models.style import Style

DELAYS = (0, 640, 1280, 1920, 2560)
"""Samples of silence before a question. Brighter, duller, faster and slower ones were tried as well, and brought no more."""

MOST, SHOWN = 4, 3
"""Views at once, and choices of each size that are printed."""


def vote(assistant: Assistant, sound: AudioChunk) -> Vote:
    """What would be answered in writing, its words as bytes, and how surely."""
    question = assistant.open(assistant.manner(Style(), seed=SEED, silent=True))
    question.begin()
    question.hear(sound)
    said = "".join(event.text for event in question.answer(LiveClock()) if isinstance(event, TextPiece)).strip()
    (hearing,) = question.hearings
    return Vote(tuple(said.encode()), hearing.context.said_likelihood, declines(said))


def said_by(vote: Vote) -> str:
    """Its words in writing."""
    return bytes(vote.words).decode()


def counted(votes: Sequence[Vote]) -> str:
    """The answer that counts if they are asked for in this order."""
    asked = next((count for count in range(2, len(votes) + 1) if settled(votes[:count])), len(votes))
    return said_by(votes[elected(votes[:asked])])


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
    answers: dict[int, list[Vote]] = {delay: [] for delay in DELAYS}
    for number, question in enumerate(tqdm(asked)):
        sound = speak(question.question, voices[number % len(voices)])
        for delay, given in answers.items():
            given.append(vote(assistant, AudioChunk(np.pad(sound.samples, (delay, 0)), sound.rate_hz)))
    for delay, given in answers.items():
        print(*right(asked, [said_by(each) for each in given]), delay)
    for size in range(3, MOST + 1):
        found = []
        for chosen in permutations(DELAYS[1:], size - 1):
            each = zip(*(answers[delay] for delay in (0, *chosen)), strict=True)
            found.append((right(asked, [counted(row) for row in each]), chosen))
        for counts, chosen in sorted(found, key=lambda each: sum(each[0]), reverse=True)[:SHOWN]:
            print(*counts, *chosen)


if __name__ == "__main__":
    main()
