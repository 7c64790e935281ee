"""Noise to mel: the Euler steps of the flow, around an ONNX estimator."""

import itertools
import math

import numpy as np

from parley_models.onnx_session import OnnxSession
from parley_models.pcm import Samples


def solve(estimator: OnnxSession, noise: Samples, mu: Samples, speaker: Samples, cond: Samples, steps: int, guidance: float) -> Samples:
    """The mel (1, mels, T) at the end of `steps` Euler steps, dense at the beginning (cosine schedule), with classifier-free guidance.

    noise, mu, cond (1, mels, T); speaker (1, mels). The estimator runs on the told and the untold half at once: x, mu, cond
    (2, mels, T), time (2,), speaker (2, mels).
    """
    mel = noise
    told = {"mu": mu, "speaker": speaker, "cond": cond}
    twice = {name: np.concatenate([value, np.zeros_like(value)]) for name, value in told.items()}
    times = [1 - math.cos(step / steps * math.pi / 2) for step in range(steps + 1)]
    for now, then in itertools.pairwise(times):
        (velocity,) = estimator.run({"x": np.concatenate([mel, mel]), "time": np.full(2, now, np.float32), **twice})
        mel = mel + np.float32(then - now) * ((1 + guidance) * velocity[:1] - guidance * velocity[1:]).astype(np.float32)
    return mel
