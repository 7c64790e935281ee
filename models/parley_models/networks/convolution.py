"""Convolutions over time: weight-normed as HiFT stores them, centred or causal, with a memory for streams."""

import torch
from torch import Tensor, nn
from torch.nn import functional


class Memory:
    """The left context of a causal network's layers, as one flat vector that travels from call to call.

    Layers take their part in the order in which they run, and leave the new one in the same order:

        memory = Memory(state)              # state (B, n), zeros at the start of a stream
        sound = network(mel, memory)
        state = memory.after()              # (B, n) for the next call

    Without a state the memory only counts: `Memory(None)` pads with zeros and `size` tells n afterwards.
    """

    def __init__(self, state: Tensor | None) -> None:
        self.size = 0
        self._state = state
        self._left: list[Tensor] = []

    def extend(self, x: Tensor, steps: int) -> Tensor:
        """Put the `steps` steps that came before x (B, C, T) in front of it: (B, C, steps + T); T ≥ steps or not, both are fine."""
        if steps == 0:
            return x
        channels = x.shape[1]
        if self._state is None:
            before = x.new_zeros(x.shape[0], channels, steps)
        else:
            before = self._state[:, self.size : self.size + channels * steps].reshape(-1, channels, steps)
        self.size += channels * steps
        longer = torch.cat([before, x], dim=2)
        self._left.append(longer[:, :, -steps:].reshape(-1, channels * steps))
        return longer

    def after(self) -> Tensor:
        """What the next call needs: (B, size)."""
        return torch.cat(self._left, dim=1)


class NormedConv1d(nn.Module):
    """Conv1d with weight = weight_g · weight_v / ‖weight_v‖, the keys of torch's classic `weight_norm`.

    Centred (kernel − 1) · dilation / 2 on both sides, or causal with all of it on the left.
    """

    def __init__(self, channels_in: int, channels_out: int, kernel: int, dilation: int = 1, causal: bool = False) -> None:
        super().__init__()
        weight = torch.empty(channels_out, channels_in, kernel)
        nn.init.kaiming_uniform_(weight, a=5**0.5)
        self.weight_v = nn.Parameter(weight)
        self.weight_g = nn.Parameter(row_norms(weight))
        self.bias = nn.Parameter(torch.zeros(channels_out))
        self.dilation = dilation
        self.context = (kernel - 1) * dilation
        self.causal = causal

    def forward(self, x: Tensor, memory: Memory | None = None) -> Tensor:
        """(B, C_in, T) to (B, C_out, T)."""
        weight = self.weight_v * (self.weight_g / row_norms(self.weight_v))
        if not self.causal:
            return functional.conv1d(x, weight, self.bias, padding=self.context // 2, dilation=self.dilation)
        x = functional.pad(x, (self.context, 0)) if memory is None else memory.extend(x, self.context)
        return functional.conv1d(x, weight, self.bias, dilation=self.dilation)


class NormedConvTranspose1d(nn.Module):
    """ConvTranspose1d that multiplies the length by `stride` exactly, weight-normed over its input channels as torch does."""

    def __init__(self, channels_in: int, channels_out: int, kernel: int, stride: int) -> None:
        super().__init__()
        weight = torch.empty(channels_in, channels_out, kernel)
        nn.init.kaiming_uniform_(weight, a=5**0.5)
        self.weight_v = nn.Parameter(weight)
        self.weight_g = nn.Parameter(row_norms(weight))
        self.bias = nn.Parameter(torch.zeros(channels_out))
        self.stride = stride
        self.padding = (kernel - stride) // 2

    def forward(self, x: Tensor) -> Tensor:
        """(B, C_in, T) to (B, C_out, stride · T)."""
        weight = self.weight_v * (self.weight_g / row_norms(self.weight_v))
        return functional.conv_transpose1d(x, weight, self.bias, stride=self.stride, padding=self.padding)


class RepeatConv1d(nn.Module):
    """Causal upsampling: every step is repeated, then convolved.

    A transposed convolution whose kernel is no multiple of its stride answers a constant with a pattern, heard as steady lines at
    multiples of rate / stride; a repeated constant stays a constant.
    """

    def __init__(self, channels_in: int, channels_out: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.conv = NormedConv1d(channels_in, channels_out, kernel, causal=True)

    def forward(self, x: Tensor, memory: Memory | None = None) -> Tensor:
        """(B, C_in, T) to (B, C_out, stride · T)."""
        return self.conv(x.repeat_interleave(self.stride, dim=2), memory)


class StridedConv1d(nn.Conv1d):
    """Conv1d of kernel 2 · stride (or 1) that divides the length by `stride`; causal: step t sees what came before (t + 1) · stride."""

    def __init__(self, channels_in: int, channels_out: int, stride: int, causal: bool = False) -> None:
        super().__init__(channels_in, channels_out, 1 if stride == 1 else 2 * stride, stride)
        self.sides = 0 if stride == 1 else stride // 2
        self.context = 0 if stride == 1 else stride
        self.causal = causal

    def forward(self, x: Tensor, memory: Memory | None = None) -> Tensor:
        """(B, C_in, stride · T) to (B, C_out, T)."""
        if not self.causal:
            return functional.conv1d(x, self.weight, self.bias, self.stride, padding=self.sides)
        x = functional.pad(x, (self.context, 0)) if memory is None else memory.extend(x, self.context)
        return functional.conv1d(x, self.weight, self.bias, self.stride)


@torch.no_grad()
def quieten(conv: NormedConv1d, deviation: float = 0.01) -> None:
    """Start a layer with small weights, as HiFi-GAN does: residual blocks then begin as the identity.

    Only the norms shrink. Small `weight_v` would turn by a tenth of their direction with every step of Adam, and training runs away.
    """
    conv.weight_g.fill_(deviation * conv.weight_v[0].numel() ** 0.5)


def row_norms(weight: Tensor) -> Tensor:
    """Of a weight (rows, columns, kernel), the length of each row: (rows, 1, 1)."""
    return weight.pow(2).sum(dim=(1, 2), keepdim=True).sqrt()
