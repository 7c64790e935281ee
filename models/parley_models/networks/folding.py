"""Weight norm folded into plain weights, before a network is written out: nobody trains it any more."""

import copy
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from parley_models.networks.convolution import Memory, NormedConv1d, NormedConvTranspose1d

Network = TypeVar("Network", bound=nn.Module)


class FoldedConv1d(nn.Module):
    """A centred convolution with the weight that its norm and direction come to."""

    def __init__(self, normed: NormedConv1d) -> None:
        super().__init__()
        self.weight = nn.Parameter(folded_weight(normed))
        self.bias = normed.bias
        self.padding, self.dilation = normed.context // 2, normed.dilation

    def forward(self, x: Tensor, _memory: Memory | None = None) -> Tensor:
        """(B, C_in, T) to (B, C_out, T)."""
        return functional.conv1d(x, self.weight, self.bias, padding=self.padding, dilation=self.dilation)


class FoldedConvTranspose1d(nn.Module):
    """The same of a transposed convolution."""

    def __init__(self, normed: NormedConvTranspose1d) -> None:
        super().__init__()
        self.weight = nn.Parameter(folded_weight(normed))
        self.bias = normed.bias
        self.stride, self.padding = normed.stride, normed.padding

    def forward(self, x: Tensor) -> Tensor:
        """(B, C_in, T) to (B, C_out, stride · T)."""
        return functional.conv_transpose1d(x, self.weight, self.bias, stride=self.stride, padding=self.padding)


@torch.no_grad()
def folded_weight(normed: NormedConv1d | NormedConvTranspose1d) -> Tensor:
    """weight_g · weight_v / ‖weight_v‖, in float64 on the way."""
    direction = normed.weight_v.double()
    length = direction.pow(2).sum(dim=(1, 2), keepdim=True).sqrt()
    return (direction * (normed.weight_g.double() / length)).to(normed.weight_v.dtype)


def folded(network: Network) -> Network:
    """A copy of a network that looks both ways, without weight norm."""
    network = copy.deepcopy(network)
    for module in list(network.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, NormedConv1d):
                assert not child.causal, "causal networks keep their memory's convolutions"
                setattr(module, name, FoldedConv1d(child))
            elif isinstance(child, NormedConvTranspose1d):
                setattr(module, name, FoldedConvTranspose1d(child))
    return network
