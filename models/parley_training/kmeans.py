"""k-means by Lloyd's rule, for code books of a few thousand centroids."""

import torch
from torch import Tensor


def nearest(points: Tensor, centroids: Tensor, *, block: int = 65_536) -> Tensor:
    """The index of the centroid nearest to each point (n, d) by Euclidean distance; int64 (n,)."""
    norms = centroids.square().sum(1)
    return torch.cat([(norms - 2 * part @ centroids.T).argmin(1) for part in points.split(block)])


def kmeans(points: Tensor, count: int, *, rounds: int = 25, seed: int = 0) -> Tensor:
    """Centroids (count, d) of points (n, d), n ≥ count; a centroid that loses all its points moves onto a random one."""
    generator = torch.Generator().manual_seed(seed)
    centroids = points[torch.randperm(len(points), generator=generator)[:count]].clone()
    for _ in range(rounds):
        owners = nearest(points, centroids)
        sums = torch.zeros_like(centroids).index_add_(0, owners, points)
        sizes = torch.bincount(owners, minlength=count)
        strays = torch.randint(len(points), (count,), generator=generator)
        centroids = torch.where(sizes[:, None] > 0, sums / sizes.clamp(min=1)[:, None], points[strays])
    return centroids
