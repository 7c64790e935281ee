"""A model that is slower than its speech begins to speak late enough never to stop; one that is fast begins as early as ever."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from parley_models.answer import Answered, SoundPiece, TextPiece
from parley_models.stopwatch import Stopwatch
from tests.fakes.parts import ScriptedBrain
from tests.fakes.thimble import scripted, thimble, thimble_folder

TEXT = "The capital of France is Paris, and that of Japan is another."
FIRST_BLOCK = 1 + 10 + 15
"""`<audio_start>`, ten text ids, three groups."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return thimble_folder(tmp_path_factory.mktemp("bundles") / "thimble")


class Timed:
    """A thimble whose brain takes so long for an id, on a clock of its own."""

    def __init__(self, folder: Path, ids_per_s: float, groups: int, monkeypatch: pytest.MonkeyPatch) -> None:
        timed = self
        self.now = 0.0
        self.ids = 0

        class Slow(ScriptedBrain):
            def decode(self, seed: int, limit: int) -> Iterator[int]:
                for token_id in super().decode(seed, limit):
                    timed.now += 1 / ids_per_s
                    timed.ids += 1
                    yield token_id

        monkeypatch.setattr("parley_models.delivery.Stopwatch", lambda rate: Stopwatch(rate, lambda: timed.now))
        self.assistant = thimble(folder, Slow(scripted(folder, TEXT, groups).script))

    def answer(self, **how: object) -> tuple[list[tuple[float, int, SoundPiece]], list[float]]:
        """When each piece of sound left, after how many ids, and which; and when each piece of text did."""
        began = self.now
        self.ids = 0
        sounds, texts = [], []
        for event in self.assistant.ask(text="Well?", seed=1, **how):  # type: ignore[arg-type]
            if isinstance(event, SoundPiece):
                sounds.append((self.now - began, self.ids, event))
            elif isinstance(event, TextPiece):
                texts.append(self.now - began)
            elif isinstance(event, Answered):
                assert event.timing.first_audio_ms is not None
        return sounds, texts


def stops(sounds: list[tuple[float, int, SoundPiece]]) -> float:
    """How long the voice is silent in the middle, if it is played as soon as it comes; seconds."""
    silent, until = 0.0, sounds[0][0]
    for came, _, piece in sounds:
        silent += max(0.0, came - until)
        until = max(until, came) + piece.sound.seconds
    return silent


@pytest.mark.parametrize("ids_per_s", [70.0, 120.0, 400.0])
def test_a_fast_model_is_heard_after_its_first_block(folder: Path, ids_per_s: float, monkeypatch: pytest.MonkeyPatch) -> None:
    sounds, _ = Timed(folder, ids_per_s, 60, monkeypatch).answer()
    assert sounds[0][1] == FIRST_BLOCK
    assert stops(sounds) == 0.0
    if ids_per_s == 400.0:
        assert [round(piece.sound.seconds / 0.12) for _, _, piece in sounds] == [3, 3, 6, 12, 12, 12, 12]


@pytest.mark.parametrize("ids_per_s", [15.0, 30.0, 45.0, 60.0])
def test_a_slow_model_is_heard_later_and_without_a_break(folder: Path, ids_per_s: float, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Timed(folder, ids_per_s, 60, monkeypatch)
    sounds, texts = slow.answer()
    assert stops(sounds) == 0.0
    assert sounds[0][1] > FIRST_BLOCK or ids_per_s == 60.0
    assert texts[0] <= 11 / ids_per_s, "words are shown as they come"
    fast, _ = Timed(folder, 400.0, 60, monkeypatch).answer()
    assert np.array_equal(
        np.concatenate([piece.sound.samples for *_, piece in sounds]), np.concatenate([p.sound.samples for *_, p in fast])
    )


def test_it_learns_how_long_its_answers_are(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody knows that before the first answer, so the first short ones are held for longer than they need."""
    slow = Timed(folder, 40.0, 20, monkeypatch)
    first = slow.answer()[0][0][0]
    for _ in range(15):
        slow.answer()
    sounds, _ = slow.answer()
    assert sounds[0][0] < first
    assert stops(sounds) == pytest.approx(0.0, abs=0.05)


def test_who_speaks_twice_as_fast_needs_twice_the_model(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = Timed(folder, 100.0, 60, monkeypatch)
    assert model.answer()[0][0][1] == FIRST_BLOCK
    hurried, _ = model.answer(style="rate=2")
    assert hurried[0][1] > FIRST_BLOCK
    assert stops(hurried) == 0.0
