"""Loudness and colour of an answer: what a voice does to be loud and bright, or soft and dull, once its sound is there."""

from dataclasses import replace

import numpy as np

from parley_models.pcm import AudioChunk, Samples
from parley_models.prosody import Prosody
from parley_models.tokens import SpeechTokens
from parley_models.vocoders.vocoder import VocoderStream

TILT_FROM_HZ, TILT_TO_HZ = 500.0, 4000.0
"""Between these a tilt grows with every octave; above, it stays: what is left there is hiss."""

TAPS, GRID = 96, 2048
"""4 ms at 24 kHz: enough for a slope of a few dB an octave; and how finely the filter is computed."""

BENT_FROM, CEILING = 0.6, 0.98
"""Peaks above the one are bent to stay under the other: who shouts may not clip."""


def coloured(stream: VocoderStream, prosody: Prosody, rate_hz: int) -> VocoderStream:
    """The same answer, as loud and as bright as asked for."""
    return Coloured(stream, prosody, rate_hz) if prosody.level_db or prosody.tilt_db else stream


class Coloured:
    """An answer whose sound is filtered as it comes. Without delay: chunks begin and end where they would."""

    def __init__(self, stream: VocoderStream, prosody: Prosody, rate_hz: int) -> None:
        self._stream = stream
        self._taps = (slope(prosody.tilt_db, rate_hz) * 10 ** (prosody.level_db / 20)).astype(np.float32)
        self._before = np.zeros(len(self._taps) - 1, np.float32)

    def feed(self, groups: SpeechTokens) -> list[AudioChunk]:
        """See `VocoderStream.feed`."""
        return [self._filtered(chunk) for chunk in self._stream.feed(groups)]

    def finish(self) -> list[AudioChunk]:
        """See `VocoderStream.finish`."""
        return [self._filtered(chunk) for chunk in self._stream.finish()]

    def _filtered(self, chunk: AudioChunk) -> AudioChunk:
        if not len(chunk.samples):
            return chunk
        samples = np.concatenate([self._before, chunk.samples])
        self._before = samples[len(samples) - len(self._before) :]
        return replace(chunk, samples=_bent(np.convolve(samples, self._taps, "valid")))


def slope(tilt_db: float, rate_hz: int) -> Samples:
    """A filter (taps,) of so many dB an octave between `TILT_FROM_HZ` and `TILT_TO_HZ`, minimum-phase so that nothing comes later.

    Through the cepstrum: Oppenheim and Schafer, Discrete-Time Signal Processing, §13.
    """
    if not tilt_db:
        return np.ones(1, np.float32)
    hz = np.fft.rfftfreq(GRID, 1 / rate_hz)
    octaves = np.log2(np.clip(hz, TILT_FROM_HZ, TILT_TO_HZ) / TILT_FROM_HZ)
    cepstrum = np.fft.irfft(np.log(10.0) / 20 * tilt_db * octaves)
    cepstrum[1 : GRID // 2] *= 2
    cepstrum[GRID // 2 + 1 :] = 0
    taps: Samples = np.fft.irfft(np.exp(np.fft.rfft(cepstrum)))[:TAPS].astype(np.float32)
    return taps


def _bent(samples: Samples) -> Samples:
    over, room = np.abs(samples) - BENT_FROM, CEILING - BENT_FROM
    bent = np.sign(samples) * (BENT_FROM + room * np.tanh(np.maximum(over, 0) / room))
    return np.where(over > 0, bent, samples).astype(np.float32)
