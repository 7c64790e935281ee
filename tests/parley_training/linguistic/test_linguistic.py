"""The linguistic recipe learns, goes on where it was stopped, and hears a stream as it hears a whole."""

from pathlib import Path

import numpy as np
import torch

from parley_training.checkpoint import restore
from parley_training.kmeans import kmeans, nearest
from parley_training.linguistic import recipe
from parley_training.linguistic.features import FeatureSet, targets


def few(seed: int = 0) -> FeatureSet:
    """Utterances whose phone can be read off the loudest band."""
    rng = np.random.default_rng(seed)
    phones = rng.integers(0, 5, (64, 3)).astype(np.uint8)
    phones[:] = phones[:, :1]
    banks = rng.normal(size=(64 * 6, 80)).astype(np.float16)
    for frame, phone in enumerate(phones[:, 0]):
        banks[frame * 6 : frame * 6 + 6, 10 * phone] += 6
    index = np.array([[n * 96, (n + 1) * 96, n * 16, (n + 1) * 16] for n in range(4)], np.int64)
    return FeatureSet(banks, phones, index, np.zeros(560, np.float32), np.full(560, 0.3, np.float32))


def test_steps_lower_the_loss() -> None:
    torch.manual_seed(0)
    reader = recipe.PhoneReader()
    optimizer = torch.optim.AdamW(reader.parameters(), lr=1e-3)
    batches = few().batches(48, seed=0)
    losses = [recipe.learn(reader, optimizer, *next(batches)) for _ in range(12)]
    assert np.mean(losses[-3:]) < 0.8 * np.mean(losses[:3])


def test_a_stopped_run_goes_on(tmp_path: Path) -> None:
    recipe.train(few(), tmp_path, minutes=0.02)
    stopped = restore(tmp_path / "checkpoint.pt")
    recipe.train(few(), tmp_path, minutes=0.04)
    ended = restore(tmp_path / "checkpoint.pt")
    assert stopped is not None and ended is not None
    assert 0 < stopped["step"] < ended["step"]
    assert ended["elapsed_s"] < 0.04 * 60 + 2  # the minutes of both runs together, not twice as many


def test_targets_lie_around_the_middle_of_a_frame() -> None:
    labels = np.arange(1, 10, dtype=np.uint8)
    assert targets(labels, 3).tolist() == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]


def test_kmeans_finds_clusters() -> None:
    generator = torch.Generator().manual_seed(1)
    centres = torch.randn(8, 4, generator=generator) * 10
    points = centres.repeat(50, 1) + torch.randn(400, 4, generator=generator) * 0.1
    found = kmeans(points, 8, seed=3)
    assert (points - found[nearest(points, found)]).square().sum(1).mean() < 20
    assert nearest(centres, centres).tolist() == list(range(8))
