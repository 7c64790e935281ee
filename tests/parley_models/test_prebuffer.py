"""A slow model's voice begins late enough never to stop, and no later."""

from collections.abc import Iterator

import numpy as np
import pytest

from parley_models.answer import AnswerEvent, SoundPiece, TextPiece
from parley_models.pcm import AudioChunk
from parley_models.prebuffer import Chunking, Expectation, Pace, Prebuffer, Progress, arrivals, block_by_block, wait_to_start
from parley_models.tokens import GROUP_SECONDS, TokenLayout

LAYOUT = TokenLayout(vocab_size=74_752, audio_offset=65_536, bos=1, bot=4, eot=3, stops=(3,))
EXACT = Expectation(40, 3.75)
"""Answers of 40 text ids, 89 groups, 10.7 s."""


def growing(spoken: int) -> int:
    return min(max(3, spoken), 12)


def shortest_queue(start_s: float, chunks: list[tuple[float, int]], rate: float = 1.0) -> float:
    """Play from `start_s` on; how much sound was left at the worst moment, just before a chunk came."""
    made = 0.0
    worst = float("inf")
    for arrival, groups in chunks:
        worst = min(worst, made - (arrival - start_s))
        made += groups * GROUP_SECONDS / rate
    return worst


@pytest.mark.parametrize("ids_per_s", [15.0, 30.0, 41.0, 41.67, 45.3, 47.0, 60.0, 69.5, 200.0])
@pytest.mark.parametrize("chunk", [block_by_block, growing])
@pytest.mark.parametrize(("text_ids", "groups"), [(0, 5), (10, 3), (25, 60), (40, 89), (90, 200)])
def test_sound_never_stops_and_begins_no_later_than_it_must(ids_per_s: float, chunk: Chunking, text_ids: int, groups: int) -> None:
    pace = Pace(ids_per_s, vocoder_rtf=0.03)
    wait = wait_to_start(LAYOUT, pace, text_ids, groups, chunk)
    chunks = list(arrivals(LAYOUT, pace, text_ids, groups, chunk))

    assert sum(size for _, size in chunks) == groups
    assert shortest_queue(wait, chunks) == pytest.approx(0, abs=1e-9)
    assert shortest_queue(wait - 0.01, chunks) < 0


def test_the_physics_of_the_promises() -> None:
    """At 69.4 ids a second text and speech keep up together, at 41.67 speech alone; at 45.3 less than two seconds are held."""
    first = 25 / 69.45
    assert wait_to_start(LAYOUT, Pace(69.45), 40, 89) == pytest.approx(first, abs=0.001)
    assert wait_to_start(LAYOUT, Pace(1e9), 40, 89) < 1e-6
    assert 25 / 45.3 + 0.2 < wait_to_start(LAYOUT, Pace(45.3), 40, 89) < 2
    after_the_text = Progress(40, 12, 12, text_done=True)
    assert wait_to_start(LAYOUT, Pace(41.7), 40, 89, after=after_the_text, held_s=0.37) == 0
    assert wait_to_start(LAYOUT, Pace(41.0), 40, 89, after=after_the_text, held_s=0.37) > 0
    assert wait_to_start(LAYOUT, Pace(20.0), 40, 89) > 10.7 * (45.3 / 20 - 1), "a factor times the length would be too little"


def test_the_text_says_early_how_long_an_answer_will_be() -> None:
    expected = Expectation(40, 4.0)
    assert expected.length(Progress(10, 3, 3)) == (40, 84)
    assert expected.length(Progress(16, 6, 6, text_done=True)) == (16, 34)
    assert expected.length(Progress(60, 6, 6)) == (60, 125)
    assert expected.length(Progress(4, 30, 30, text_done=True))[1] == 30
    learnt = expected
    for _ in range(40):
        learnt = learnt.learn(90, 30.0)
    assert learnt.text_ids == pytest.approx(90, abs=0.1)
    assert learnt.text_ids_per_s == pytest.approx(3.0, abs=0.01)
    assert learnt.learn(0, 3.0) is learnt


class Simulated:
    """An answer that comes at a given speed, on a clock of its own."""

    def __init__(self, ids_per_s: float, text_ids: int = 40, groups: int = 89) -> None:
        self.now = 0.0
        self.ids_per_s, self.text_ids, self.groups = ids_per_s, text_ids, groups
        self.progress = Progress()

    def events(self) -> Iterator[AnswerEvent]:
        spoken = 0
        for arrival, size in arrivals(LAYOUT, Pace(self.ids_per_s), self.text_ids, self.groups):
            self.now = arrival
            spoken += size
            text = min(self.text_ids, -(-spoken // 3) * 10)
            self.progress = Progress(text, spoken, spoken, text_done=text == self.text_ids)
            yield TextPiece("words ", 0)
            yield SoundPiece(AudioChunk(np.zeros(round(size * GROUP_SECONDS * 100), np.float32), 100))


@pytest.mark.parametrize("ids_per_s", [20.0, 38.0, 46.0, 60.0, 120.0])
@pytest.mark.parametrize("expected", [EXACT, Expectation(80, 3.75)])
def test_what_is_held_back_leaves_in_time(ids_per_s: float, expected: Expectation) -> None:
    answer = Simulated(ids_per_s)
    prebuffer = Prebuffer(LAYOUT, expected, lambda: Pace(ids_per_s))
    heard: list[tuple[float, float]] = []
    texts = 0
    for event in prebuffer.hold(answer.events(), lambda: answer.progress):
        if isinstance(event, SoundPiece):
            heard.append((answer.now, event.sound.seconds))
        else:
            texts += 1
            assert answer.now == pytest.approx(list(arrivals(LAYOUT, Pace(ids_per_s), 40, 89))[texts - 1][0]), "text is never held"
    assert sum(seconds for _, seconds in heard) == pytest.approx(10.68)
    queue = heard[0][0]
    for came, seconds in heard:
        assert came <= queue + 1e-9, "the voice stopped"
        queue = max(queue, came) + seconds


def test_a_fast_model_is_not_held_back() -> None:
    answer = Simulated(120.0)
    events = Prebuffer(LAYOUT, EXACT, lambda: Pace(answer.ids_per_s)).hold(answer.events(), lambda: answer.progress)
    assert isinstance(next(events), TextPiece)
    assert isinstance(next(events), SoundPiece)
    assert answer.now == pytest.approx(25 / 120)


def test_an_answer_shorter_than_expected_is_heard_in_the_end() -> None:
    answer = Simulated(10.0, text_ids=5, groups=4)
    events = list(Prebuffer(LAYOUT, EXACT, lambda: Pace(answer.ids_per_s)).hold(answer.events(), lambda: answer.progress))
    assert sum(isinstance(event, SoundPiece) for event in events) == 2
