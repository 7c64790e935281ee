"""Two clocks that disagree: what was played stays in step with what was heard."""

import numpy as np
import numpy.typing as npt
import pytest

from parley.audio.microphone import MicrophoneFeed
from parley.audio.reference import Reference
from parley.audio.speaker import SpeakerFeed

HZ = 24_000
BLOCK_S = 0.04


def lag_of(
    drift_ppm: float, seconds: float, *, jitter_s: float = 0.0, speaker_hz: int = HZ, silent: tuple[float, float] = (0, 0)
) -> npt.NDArray[np.float64]:
    """Seconds between a sample of the microphone and its partner, by when each was handed over, for every block of 40 ms."""
    speaker, microphone = SpeakerFeed(speaker_hz), MicrophoneFeed(HZ)
    reference = Reference(speaker, HZ)
    generator = np.random.default_rng(0)
    block = int(HZ * BLOCK_S)
    period = BLOCK_S / (1 + drift_ppm * 1e-6)
    asked, heard, paired, lags = 0, 0, 0, []
    while heard * period < seconds:
        heard += 1
        now = heard * period
        while asked * BLOCK_S <= now:
            if not silent[0] < asked * BLOCK_S < silent[1]:  # the sound is the fraction of the second in which it is handed over
                speaker.played.write(((asked * BLOCK_S + np.arange(int(speaker_hz * BLOCK_S)) / speaker_hz) % 1).astype(np.float32))
            speaker.last_at = asked * BLOCK_S + jitter_s * generator.exponential()
            asked += 1
        microphone.last_at = now + jitter_s * generator.exponential()
        reference.collect()
        ready = reference.ready(heard * block - paired, HZ // 100)
        if ready:
            partner = float(reference.take(ready)[0])
            if 0.1 < partner < 0.9:  # where the fraction starts again, the resampler rings
                lags.append((paired / block * period - partner + 0.5) % 1 - 0.5)
            paired += ready
            reference.follow(microphone, heard * block - paired, ready / HZ)
    return np.array(lags)


@pytest.mark.parametrize("drift_ppm", [100, -100])
def test_ten_minutes_of_drift_do_not_build_up(drift_ppm: float) -> None:
    lags = lag_of(drift_ppm, 600)

    assert np.ptp(lags[-9_000:]) < 0.0005  # uncorrected, it would be 48 ms
    assert lags[-1] == pytest.approx(np.median(lags[50:100]), abs=0.003)


def test_late_callbacks_are_not_taken_for_drift() -> None:
    lags = lag_of(100, 120, jitter_s=0.002)[-1_000:]

    assert np.ptp(lags) < 0.003
    assert np.abs(lags[20:] - lags[:-20]).max() < 0.0001  # 100 ppm within a second, of which the canceller takes 50 without harm


@pytest.mark.parametrize("speaker_hz", [44_100, 48_000])
def test_a_speaker_at_another_rate_keeps_in_step(speaker_hz: int) -> None:
    assert np.ptp(lag_of(50, 60, speaker_hz=speaker_hz)[-500:]) < 0.001


def test_after_a_stall_they_are_lined_up_anew() -> None:
    lags = lag_of(0, 20, silent=(8.0, 9.0))

    assert np.median(lags[-100:]) == pytest.approx(np.median(lags[50:150]), abs=0.005)
