"""How well a bundle tells a whole question from one that is broken off: what the thresholds of `HearingSettings` are chosen by.

    python -m parley_training.bundle.endings --bundle mini

The examination's questions are spoken by its test voices, whole and broken off after some of their words, and heard up to `SILENCE_S`
after the last one. A voice that breaks off sounds here as if it were done, so in real pauses a model is less sure.
"""

import argparse
import random
from collections.abc import Iterator, Sequence

import numpy as np
from tqdm import tqdm

from parley_models.assistant import Assistant
from parley_models.evaluation.examination import SEED, spread
from parley_models.evaluation.questions import OUTSIDE, questions
from parley_models.evaluation.speakers import PAUSE_S, RATE_HZ, speak, voices_here
from parley_models.pcm import AudioChunk
from parley_models.style import Style

SILENCE_S = 0.1
BROKEN_OFF = 4
"""So often each question."""

THRESHOLDS = (0.05, 0.1, 0.3, 0.5, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99)


def beginnings(question: str, rng: random.Random) -> Iterator[tuple[bool, str]]:
    """A question and some of its beginnings; whether it is whole."""
    words = question.split()
    yield True, question
    for count in rng.sample(range(1, len(words)), min(BROKEN_OFF, len(words) - 1)):
        yield False, " ".join(words[:count]).rstrip(",.?!")


def complete(assistant: Assistant, sound: AudioChunk) -> Sequence[float]:
    """How likely a question is whole, in the first view and as two of all views say."""
    question = assistant.open(assistant.manner(Style(), seed=SEED, silent=True))
    question.begin()
    question.hear(sound)
    next(question.think_ahead(judging=True), None)
    first, together = question.hearings[0].context.question_complete, question.complete
    question.take_back()
    return first or 0.0, together or 0.0


def main() -> None:
    """Read the command line and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", default="mini")
    parser.add_argument("--limit", type=int, default=105, help="questions, evenly from all of Mini's world")
    options = parser.parse_args()
    assistant, voices, rng = Assistant.load(options.bundle), voices_here(), random.Random(SEED)
    judged: dict[bool, list[Sequence[float]]] = {True: [], False: []}
    for number, question in enumerate(tqdm(spread([each for each in questions() if each.intent != OUTSIDE], options.limit))):
        for whole, text in beginnings(question.question, rng):
            sound = speak(text, voices[number % len(voices)]).samples
            heard = sound[: len(sound) - round((PAUSE_S - SILENCE_S) * RATE_HZ)]
            judged[whole].append(complete(assistant, AudioChunk(heard, RATE_HZ)))
    ends, inside = np.array(judged[True]), np.array(judged[False])
    print(f"at least | {len(ends)} whole: first view, two of all | {len(inside)} broken off: first view, two of all")
    for threshold in THRESHOLDS:
        shares = [np.mean(each >= threshold, axis=0) for each in (ends, inside)]
        print(f"{threshold:.2f} | " + " | ".join(f"{first:.0%}, {together:.0%}" for first, together in shares))


if __name__ == "__main__":
    main()
