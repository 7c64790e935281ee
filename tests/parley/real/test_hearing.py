"""What the shipped Mini makes of a question that stops with its last sound: a key let go at once, or a pause that is judged."""

from collections.abc import Iterator

import numpy as np
import pytest
import soxr

from parley.bench.speech import Spoken
from parley_models.assistant import HEARING_HZ, Assistant
from parley_models.hearing.settings import HearingSettings
from parley_models.pcm import AudioChunk
from parley_models.question import Question
from parley_models.style import Style

PIECE = 512
SILENCES_S = (0.0, 0.06, 0.13)
STARTS_S = (0.3, 0.36, 0.48)
"""Where in a block of 240 ms the last word ends is chance."""


@pytest.fixture(scope="module")
def mini() -> Assistant:
    return Assistant.load("mini")


def stopping(mini: Assistant, spoken: Spoken) -> Iterator[Question]:
    """The question, heard piece by piece and supposed to be over, many ways."""
    sound = soxr.resample(spoken.sound, 48_000, HEARING_HZ).astype(np.float32)
    for start_s in STARTS_S:
        for silence_s in SILENCES_S:
            quiet, after = (np.zeros(round(seconds * HEARING_HZ), np.float32) for seconds in (start_s, silence_s))
            samples = np.concatenate([quiet, sound, after])
            question = mini.open(mini.manner(Style(), seed=0, silent=True))
            question.begin()
            for at in range(0, len(samples), PIECE):
                question.hear(AudioChunk(samples[at : at + PIECE], HEARING_HZ))
            next(question.think_ahead(judging=True), None)
            yield question
            question.take_back()


@pytest.mark.parametrize(("name", "last"), [("2-capital", "france"), ("3-sum", "five"), ("6-opposite", "hot")])
def test_the_last_word_of_a_question_that_stops_at_once_is_written_and_the_question_is_not_taken_for_unfinished(
    mini: Assistant, asked: dict[str, Spoken], name: str, last: str
) -> None:
    heard = [(question.text.split()[-1], question.complete or 0.0) for question in stopping(mini, asked[name])]
    assert sum(word == last for word, _ in heard) >= len(heard) - 1, heard
    assert min(complete for _, complete in heard) > HearingSettings().unfinished_probability
