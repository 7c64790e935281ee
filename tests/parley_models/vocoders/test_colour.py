"""Loudness and colour: chunks stay where they are, nothing clips, and nothing comes later than it did."""

import numpy as np
import pytest

from parley_models.pcm import AudioChunk, Samples
from parley_models.prosody import PLAIN, Prosody
from parley_models.tokens import SpeechTokens
from parley_models.vocoders.colour import CEILING, coloured

RATE_HZ = 24_000


class Given:
    """Says what it was given, one chunk a feed; the last at the end."""

    def __init__(self, chunks: list[Samples]) -> None:
        self._chunks, self._begun = list(chunks), 0

    def feed(self, _groups: SpeechTokens) -> list[AudioChunk]:
        return self._next() if len(self._chunks) > 1 else []

    def finish(self) -> list[AudioChunk]:
        return self._next()

    def _next(self) -> list[AudioChunk]:
        samples = self._chunks.pop(0)
        chunk = AudioChunk(samples, RATE_HZ, self._begun / RATE_HZ)
        self._begun += len(samples)
        return [chunk]


def heard(prosody: Prosody, *chunks: Samples) -> list[AudioChunk]:
    stream = coloured(Given(list(chunks)), prosody, RATE_HZ)
    return [*(chunk for _ in chunks[1:] for chunk in stream.feed(SpeechTokens.empty())), *stream.finish()]


def tone(peak: float, hz: float = 300.0, count: int = 9600) -> Samples:
    return (peak * np.sin(2 * np.pi * hz * np.arange(count) / RATE_HZ)).astype(np.float32)


def test_6_db_double_a_quiet_sound() -> None:
    (louder,) = heard(Prosody(level_db=20 * np.log10(2)), tone(0.2))
    np.testing.assert_allclose(louder.samples, 2 * tone(0.2), atol=1e-6)


@pytest.mark.parametrize("prosody", [Prosody(level_db=6.0), Prosody(level_db=12.0, tilt_db=3.0)])
def test_a_loud_sound_never_clips_and_stays_louder_than_a_soft_one(prosody: Prosody) -> None:
    peaks = [np.abs(heard(prosody, tone(peak))[0].samples).max() for peak in (0.2, 0.5, 0.8, 1.0)]
    assert peaks == sorted(peaks)
    assert peaks[-1] <= CEILING
    loud = heard(prosody, tone(1.0))[0].samples
    assert len(set(np.round(loud[np.abs(loud) > 0.9], 4))) > 5  # bent, not cut off


def test_a_plain_voice_is_left_alone() -> None:
    stream = Given([tone(0.9)])
    assert coloured(stream, PLAIN, RATE_HZ) is stream
    assert coloured(stream, Prosody(rate=1.5, pitch=3.0), RATE_HZ) is stream


def test_chunks_stay_where_they_are_and_abut_without_a_click() -> None:
    prosody, sound = Prosody(level_db=-3.0, tilt_db=2.5), tone(0.5, 1700.0)
    (whole,) = heard(prosody, sound)
    chunks = heard(prosody, *np.split(sound, [1, 50, 51, 4000]))

    assert [round(chunk.start_s * RATE_HZ) for chunk in chunks] == [0, 1, 50, 51, 4000]
    assert [len(chunk.samples) for chunk in chunks] == [1, 49, 1, 3949, 5600]
    np.testing.assert_allclose(np.concatenate([chunk.samples for chunk in chunks]), whole.samples, atol=1e-6)


@pytest.mark.parametrize("tilt_db", [0.0, 2.0])
def test_no_sound_stays_no_sound(tilt_db: float) -> None:
    chunks = heard(Prosody(level_db=3.0, tilt_db=tilt_db), np.zeros(0, np.float32), tone(0.2))
    assert [len(chunk.samples) for chunk in chunks] == [0, 9600]


def test_a_tilt_delays_nothing() -> None:
    click = np.zeros(480, np.float32)
    click[100] = 0.3
    (found,) = heard(Prosody(tilt_db=-2.0), click)
    assert (found.samples[:100] == 0).all()
    assert np.argmax(np.abs(found.samples)) == 100
