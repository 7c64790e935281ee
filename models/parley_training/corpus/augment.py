"""What a microphone, a room and a line do to speech. Nothing here moves speech in time, so phone labels stay true."""

import numpy as np
from scipy.signal import fftconvolve, lfilter, resample_poly

from parley_models.pcm import Samples
from parley_training.corpus.speech import RATE_HZ

Rng = np.random.Generator


def room(speech: Samples, rng: Rng) -> Samples:
    """A synthetic room: the direct sound, then noise that decays by 60 dB in 0.1-0.6 s."""
    decay_s = rng.uniform(0.1, 0.6)
    time_s = np.arange(int(decay_s * RATE_HZ)) / RATE_HZ
    tail = rng.standard_normal(len(time_s)) * 10 ** (-3 * time_s / decay_s)
    tail *= 10 ** (rng.uniform(-25, -5) / 20) / np.sqrt(np.sum(tail**2))
    tail[: int(0.002 * RATE_HZ)] = 0.0
    tail[0] = 1.0
    return fftconvolve(speech, tail)[: len(speech)].astype(np.float32)


def noise(speech: Samples, rng: Rng, snr_db: float) -> Samples:
    """Coloured noise, from white to brown, at a signal-to-noise ratio measured over the loud part of the speech."""
    hiss = lfilter([1.0], [1.0, -rng.uniform(0.0, 0.98)], rng.standard_normal(len(speech)))
    loud = float(np.sqrt(np.mean(np.sort(speech**2)[len(speech) // 2 :]))) + 1e-6
    return (speech + hiss * (loud * 10 ** (-snr_db / 20) / float(np.std(hiss)))).astype(np.float32)


def tone(speech: Samples, rng: Rng) -> Samples:
    """A microphone's colour: a gentle tilt and one broad peak or dip."""
    speech = lfilter([1.0, rng.uniform(-0.6, 0.6)], [1.0], speech)
    radius, angle, depth = rng.uniform(0.7, 0.9), rng.uniform(0.1, 2.8), rng.uniform(-0.25, 0.25)
    pole = [1.0, -2 * radius * np.cos(angle), radius**2]
    zero = [1.0, -2 * (radius + depth * 0.3) * np.cos(angle), (radius + depth * 0.3) ** 2]
    return lfilter(zero, pole, speech).astype(np.float32)


def telephone(speech: Samples) -> Samples:
    """8 kHz and back."""
    return resample_poly(resample_poly(speech, 1, 2), 2, 1)[: len(speech)].astype(np.float32)


def at_peak(speech: Samples, peak_db: float) -> Samples:
    """The same at a peak so many dB against full scale."""
    return (speech * (10 ** (peak_db / 20) / max(float(np.abs(speech).max(initial=0.0)), 1e-5))).astype(np.float32)


def heard(speech: Samples, rng: Rng, peak_db: float | None = None) -> Samples:
    """One random way from mouth to file: room, colour, noise, line, level, clipping, 16 bit; the level, if it matters, is given."""
    if rng.random() < 0.5:
        speech = tone(speech, rng)
    if rng.random() < 0.4:
        speech = room(speech, rng)
    if rng.random() < 0.2:
        speech = telephone(speech)
    if rng.random() < 0.75:
        speech = noise(speech, rng, snr_db=rng.uniform(5, 35))
    drawn_db = rng.uniform(-30, -1)
    peak_db = drawn_db if peak_db is None else peak_db
    speech = at_peak(speech, peak_db)
    if rng.random() < 0.05:
        speech = np.clip(speech * rng.uniform(1.5, 4.0), -1, 1) * (10 ** (peak_db / 20))
    return speech.astype(np.float32)
