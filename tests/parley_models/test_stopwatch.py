"""How fast an answer is made is the model's own speed, whatever goes on around it."""

from collections.abc import Iterator

import pytest

from parley_models.stopwatch import Stopwatch
from parley_models.tokens import TokenLayout

LAYOUT = TokenLayout(vocab_size=74_752, audio_offset=65_536, bos=1, bot=4, eot=3, stops=(3,))


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def ids(self, *took_s: float) -> Iterator[int]:
        for number, each in enumerate(took_s):
            self.now += each
            yield number


def test_what_the_model_waits_for_is_not_counted() -> None:
    clock = Clock()
    watch = Stopwatch(clock=clock)
    passed = []
    for token_id in watch.ids(clock.ids(*[0.02] * 30)):
        passed.append(token_id)
        clock.now += 5.0  # thought ahead, and the user goes on being silent; or somebody else's turn
    assert passed == list(range(30))
    assert watch.pace.ids_per_s == pytest.approx(50)
    assert not watch.pace.keeps_up(LAYOUT)


def test_being_held_up_once_is_not_being_slow() -> None:
    clock = Clock()
    watch = Stopwatch(clock=clock)
    list(watch.ids(clock.ids(*[0.004] * 7, 0.9, *[0.004] * 17)))
    assert watch.pace.ids_per_s == pytest.approx(250)
    assert watch.pace.keeps_up(LAYOUT)


def test_ids_that_come_in_bursts_are_as_slow_as_the_bursts() -> None:
    clock = Clock()
    watch = Stopwatch(clock=clock)
    list(watch.ids(clock.ids(*[0.2, 0.0, 0.0, 0.0, 0.0] * 5)))
    assert watch.pace.ids_per_s == pytest.approx(25)


def test_the_first_ids_count_before_a_window_is_full() -> None:
    clock = Clock()
    watch = Stopwatch(clock=clock)
    assert watch.pace.keeps_up(LAYOUT), "nothing speaks against it yet"
    list(watch.ids(clock.ids(0.1, 0.1)))
    assert watch.pace.ids_per_s == pytest.approx(10)


@pytest.mark.parametrize(("rate", "keeps_up"), [(0.5, True), (1.0, True), (2.0, False)])
def test_who_speaks_fast_must_think_fast(rate: float, keeps_up: bool) -> None:
    clock = Clock()
    watch = Stopwatch(rate, clock)
    list(watch.ids(clock.ids(*[0.01] * 25)))
    with watch.voicing(3):
        clock.now += 0.09
    assert watch.pace.vocoder_rtf == pytest.approx(0.25 * rate)
    assert watch.pace.keeps_up(LAYOUT) == keeps_up
