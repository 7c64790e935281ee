"""Speech taken apart and put together again with another melody, loudness, colour or breath (WORLD: Morise et al. 2016)."""

import warnings
from dataclasses import dataclass
from functools import cache
from types import ModuleType

import numpy as np
import numpy.typing as npt

from parley_models.pcm import Samples

FRAME_S = 0.005
LOWEST_HZ, HIGHEST_HZ = 60.0, 520.0
TILT_FROM_HZ, TILT_TO_HZ = 500.0, 4000.0
"""Between these a tilt grows with every octave; above, it stays: what is left there is hiss."""

CEILING_BEGINS, CEILING = 0.6, 0.98
"""Peaks above the one are bent to stay under the other: shouting may not clip."""


@dataclass(frozen=True, slots=True)
class Prosody:
    """What is changed of speech. The pace is the synthesizers' own affair: they know which sounds can be stretched."""

    pitch: float = 0.0
    """Semitones."""

    span: float = 1.0
    """How many times as wide the melody is, in semitones about its median."""

    level_db: float = 0.0
    tilt_db: float = 0.0
    """dB an octave: above 0 is bright and pressed, below is dull and lax."""

    breath: float = 0.0
    """0…1: how much of the voice is turned into breath."""

    whispered: bool = False
    """No voice at all; `pitch`, `span`, `tremor` and `rise` say nothing then."""

    tremor: float = 0.0
    """Semitones up and down, `TREMOR_HZ` times a second."""

    rise: float = 0.0
    """Semitones by which the last third climbs, or falls."""

    size: float = 1.0
    """Vocal tract: 1.15 has its formants 15 % higher; the melody stays."""


TREMOR_HZ = 6.5
PLAIN = Prosody()


@dataclass(frozen=True, slots=True)
class Anatomy:
    """What WORLD finds in speech, frame by frame."""

    f0: npt.NDArray[np.float64]
    """Hz (frames,), 0 where unvoiced."""

    envelope: npt.NDArray[np.float64]
    """Power (frames, bins)."""

    aperiodicity: npt.NDArray[np.float64]
    """0…1 (frames, bins)."""

    rate_hz: int
    samples: int
    """How long the speech was."""


@cache
def _world() -> ModuleType:
    with warnings.catch_warnings():
        # pyworld 0.3.5 reads its version through setuptools' retired pkg_resources
        warnings.simplefilter("ignore", UserWarning)
        import pyworld
    module: ModuleType = pyworld
    return module


def taken_apart(samples: Samples, rate_hz: int) -> Anatomy:
    """Analyse speech (n,)."""
    world, sound = _world(), samples.astype(np.float64)
    f0, times = world.dio(sound, rate_hz, f0_floor=LOWEST_HZ, f0_ceil=HIGHEST_HZ, frame_period=1000 * FRAME_S)
    f0 = world.stonemask(sound, f0, times, rate_hz)
    return Anatomy(f0, world.cheaptrick(sound, f0, times, rate_hz), world.d4c(sound, f0, times, rate_hz), rate_hz, len(samples))


def put_together(anatomy: Anatomy, prosody: Prosody = PLAIN) -> Samples:
    """Speech (n,) as long as what was analysed, changed as asked for."""
    envelope = _sized(anatomy.envelope, prosody.size) * _tilted(anatomy, prosody.tilt_db)
    aperiodicity = anatomy.aperiodicity
    f0 = _melody(anatomy.f0, prosody)
    if prosody.breath:
        aperiodicity = 1 - (1 - aperiodicity) * (1 - prosody.breath * _rising(anatomy))
    if prosody.whispered:
        f0, aperiodicity = np.zeros_like(f0), np.ones_like(aperiodicity)
        envelope = envelope * _unvoiced(anatomy)
    sound = _world().synthesize(f0, np.ascontiguousarray(envelope), np.ascontiguousarray(aperiodicity), anatomy.rate_hz, 1000 * FRAME_S)
    sound = np.pad(sound[: anatomy.samples], (0, max(0, anatomy.samples - len(sound))))
    return sound.astype(np.float32)


def levelled(samples: Samples, rms: float) -> Samples:
    """Speech whose louder half has this RMS, its peaks bent where they would clip."""
    level = float(np.sqrt(np.mean(np.sort(samples**2)[len(samples) // 2 :]))) + 1e-6
    loud = samples * np.float32(rms / level)
    over, room = np.abs(loud) - CEILING_BEGINS, CEILING - CEILING_BEGINS
    bent = np.sign(loud) * (CEILING_BEGINS + room * np.tanh(np.maximum(over, 0) / room))
    return np.where(over > 0, bent, loud).astype(np.float32)


def _melody(f0: npt.NDArray[np.float64], prosody: Prosody) -> npt.NDArray[np.float64]:
    voiced = np.flatnonzero(f0 > 0)
    if not len(voiced):
        return f0
    tones = 12 * np.log2(f0[voiced])
    middle = float(np.median(tones))
    tones = middle + prosody.pitch + (tones - middle) * prosody.span
    tones += prosody.tremor * np.sin(2 * np.pi * TREMOR_HZ * FRAME_S * voiced)
    along = (voiced - voiced[0]) / max(1, voiced[-1] - voiced[0])
    tones += prosody.rise * np.clip(3 * along - 2, 0, 1)
    out = np.zeros_like(f0)
    out[voiced] = np.clip(2 ** (tones / 12), LOWEST_HZ, HIGHEST_HZ)
    return out


def _hz(anatomy: Anatomy) -> npt.NDArray[np.float64]:
    return np.linspace(0, anatomy.rate_hz / 2, anatomy.envelope.shape[1])


def _tilted(anatomy: Anatomy, tilt_db: float) -> npt.NDArray[np.float64]:
    octaves = np.log2(np.clip(_hz(anatomy), TILT_FROM_HZ, TILT_TO_HZ) / TILT_FROM_HZ)
    return np.asarray(10 ** (tilt_db * octaves / 10))


def _rising(anatomy: Anatomy) -> npt.NDArray[np.float64]:
    """Breath is heard above the first formant: 0.3 below 500 Hz, 1 from 2,000 Hz on."""
    return np.asarray(np.interp(_hz(anatomy), [500, 2000], [0.3, 1.0]))


def _unvoiced(anatomy: Anatomy) -> npt.NDArray[np.float64]:
    """Power of a whisper against the voice: the glottis' strong low tones are missing (Ito et al. 2005), hisses stay as they are."""
    drop = 10 ** (np.interp(_hz(anatomy), [100, 500, 1500, 4000], [-25.0, -18.0, -10.0, -4.0]) / 10)
    return np.where(anatomy.f0[:, None] > 0, drop, 1.0)


def _sized(envelope: npt.NDArray[np.float64], size: float) -> npt.NDArray[np.float64]:
    if size == 1.0:
        return envelope
    bins = envelope.shape[1]
    at = np.minimum(np.arange(bins) / size, bins - 1)
    below = np.minimum(at.astype(int), bins - 2)
    share = at - below
    return envelope[:, below] ** (1 - share) * envelope[:, below + 1] ** share
