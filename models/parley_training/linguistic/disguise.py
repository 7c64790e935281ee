"""Filter banks of one voice made to look like another's: few synthetic voices are human-derived, and ears must not learn them by heart."""

import numpy as np
import numpy.typing as npt

Banks = npt.NDArray[np.float32]
NARROW_SHARE = 0.35
NARROW_BANDS = (54, 64)
"""The 80 mel bands reach 8 kHz; 3.1 kHz lie at the first, 4.3 kHz at the last of these."""
BEND = 0.04
BLOCK_BANKS, BLOCK_SLOTS = 24, 12
"""10 ms frames and 20 ms phone slots of a 240 ms block."""


def disguise(banks: Banks, rng: np.random.Generator) -> Banks:
    """Another vocal tract, another colour, another contrast, a narrow line, gaps (SpecAugment, Park et al. 2019): (frames, 80) alike."""
    banks = _gapped(_coloured(_warped(banks, rng.uniform(0.85, 1.18), rng.normal(0.0, BEND)), rng), rng)
    if rng.random() < NARROW_SHARE:
        banks = _narrowed(banks, rng)
    return banks + rng.normal(0.0, rng.uniform(0.0, 0.35), banks.shape).astype(np.float32)


def paced(banks: Banks, slots: npt.NDArray[np.uint8], factor: float) -> tuple[Banks, npt.NDArray[np.uint8]]:
    """The same said `factor` times as fast: banks (24 c - 2, 80) and phone slots (12 c,) of another number of blocks c."""
    blocks = max(1, round(len(slots) / BLOCK_SLOTS / factor))
    places = np.clip(np.arange(BLOCK_BANKS * blocks - 2) * factor, 0, len(banks) - 1.001)
    lower = places.astype(int)
    share = (places - lower).astype(np.float32)[:, None]
    # slot s lasts from 20 (s - 1) ms to 20 s ms
    heard = ((np.arange(BLOCK_SLOTS * blocks) - 0.5) * factor + 1).astype(int)
    return banks[lower] * (1 - share) + banks[lower + 1] * share, slots[np.clip(heard, 0, len(slots) - 1)]


def _warped(banks: Banks, factor: float, bend: float) -> Banks:
    """Formants moved by a factor, the middle ones by up to `bend` more, as throat and mouth differ in their proportions."""
    bands = np.arange(banks.shape[1])
    places = np.clip(bands * (factor + bend * np.sin(np.pi * bands / len(bands))), 0, len(bands) - 1.001)
    lower = places.astype(int)
    share = (places - lower).astype(np.float32)
    return banks[:, lower] * (1 - share) + banks[:, lower + 1] * share


def _coloured(banks: Banks, rng: np.random.Generator) -> Banks:
    """A smooth curve over the bands, and differences from the mean spectrum made larger or smaller."""
    bands = np.linspace(0, np.pi, banks.shape[1])
    curve = sum(rng.normal(0.0, 0.6) * np.cos(order * bands) for order in range(4))
    mean = banks.mean(0)
    return ((banks - mean) * rng.uniform(0.8, 1.15) + mean + curve).astype(np.float32)


def _narrowed(banks: Banks, rng: np.random.Generator) -> Banks:
    """The voice ends below 4 kHz, as old synthesizers and telephones do, and above is an even hiss."""
    banks = banks.copy()
    edge = rng.integers(*NARROW_BANDS)
    quiet, middling = np.quantile(banks, (0.02, 0.5))
    banks[:, edge:] = rng.uniform(quiet, middling) + rng.normal(0.0, 0.5, banks[:, edge:].shape)
    return banks


def _gapped(banks: Banks, rng: np.random.Generator) -> Banks:
    """Up to two bands of frequency and two stretches of time (≤ 70 ms) at the utterance's mean."""
    banks, mean = banks.copy(), banks.mean(0)
    for _ in range(rng.integers(0, 3)):
        low, width = rng.integers(0, 70), rng.integers(2, 10)
        banks[:, low : low + width] = mean[low : low + width]
    for _ in range(rng.integers(0, 3)):
        begin, length = rng.integers(0, max(1, len(banks) - 8)), rng.integers(2, 8)
        banks[begin : begin + length] = mean
    return banks
