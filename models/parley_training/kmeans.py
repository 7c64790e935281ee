"""k-means by Lloyd's rule, for code books of a few thousand centroids."""

import torch
from torch import Tensor


def nearest(points: Tensor, centroids: Tensor, *, block: int = 65_536) -> Tensor:
    """The index of the centroid nearest to each point (n, d) by Euclidean distance; int64 (n,)."""
    norms = centroids.square().sum(1)
    return torch.cat([(norms - 2 * part @ centroids.T).argmin(1) for part in points.split(block)])


def means(points: Tensor, owners: Tensor, count: int, *, seed: int = 0) -> Tensor:
    """The mean (count, d) of the points (n, d) of each owner (n,); an owner without any gets a random point."""
    sums = torch.zeros(count, points.shape[1]).index_add_(0, owners, points)
    sizes = torch.bincount(owners, minlength=count)
    strays = torch.randint(len(points), (count,), generator=torch.Generator().manual_seed(seed))
    return torch.where(sizes[:, None] > 0, sums / sizes.clamp(min=1)[:, None], points[strays])


def kmeans(points: Tensor, count: int, *, rounds: int = 25, seed: int = 0, start: Tensor | None = None) -> Tensor:
    """Centroids (count, d) of points (n, d), n ≥ count, from `start` or from random points."""
    generator = torch.Generator().manual_seed(seed)
    centroids = points[torch.randperm(len(points), generator=generator)[:count]].clone() if start is None else start
    for number in range(rounds):
        centroids = means(points, nearest(points, centroids), count, seed=seed + number)
    return centroids
