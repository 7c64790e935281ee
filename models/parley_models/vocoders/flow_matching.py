"""Noise to mel: the Euler steps of the flow, around an ONNX estimator."""

import itertools
import math
from collections.abc import Iterator

import numpy as np

from parley_models.onnx_session import OnnxSession
from parley_models.pcm import Samples


def solve(estimator: OnnxSession, noise: Samples, mu: Samples, speaker: Samples, cond: Samples, steps: int, guidance: float) -> Samples:
    """The mel (1, mels, T) at the end of `steps` Euler steps; see `states`."""
    *_, mel = states(estimator, noise, mu, speaker, cond, steps, guidance)
    return mel


def states(
    estimator: OnnxSession, noise: Samples, mu: Samples, speaker: Samples, cond: Samples, steps: int, guidance: float
) -> Iterator[Samples]:
    """The mel (1, mels, T) after each of `steps` Euler steps, dense at the beginning (cosine schedule), with classifier-free guidance.

    noise, mu, cond (1, mels, T); speaker (1, mels). The estimator runs on the told and the untold half at once: x, mu, cond
    (2, mels, T), time (2,), speaker (2, mels).
    """
    mel = noise
    twice = told_and_untold(mu=mu, speaker=speaker, cond=cond)
    for now, then in itertools.pairwise(times(steps)):
        (velocity,) = estimator.run({"x": np.concatenate([mel, mel]), "time": np.full(2, now, np.float32), **twice})
        mel = mel + np.float32(then - now) * guided(velocity, guidance)
        yield mel


def times(steps: int) -> list[float]:
    """Steps + 1 times from 0 to 1, dense at the beginning (cosine schedule)."""
    return [1 - math.cos(step / steps * math.pi / 2) for step in range(steps + 1)]


def told_and_untold(**told: Samples) -> dict[str, Samples]:
    """Everything the estimator is told, and below it nothing."""
    return {name: np.concatenate([value, np.zeros_like(value)]) for name, value in told.items()}


def guided(velocity: Samples, guidance: float) -> Samples:
    """Velocities (2, mels, T), told and untold, as one (1, mels, T)."""
    one: Samples = ((1 + guidance) * velocity[:1] - guidance * velocity[1:]).astype(np.float32)
    return one
