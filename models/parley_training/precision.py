"""How exactly training multiplies: in bfloat16, halved and faster, where the processor multiplies it; else in float32.

A processor without AVX-512 emulates bfloat16: one of 2021 (Zen 3) multiplied 1 GFLOP/s in place of 53.
"""

import torch


def narrowest(device: str) -> torch.dtype:
    """The type in which this machine multiplies matrices fastest; `device` as torch calls its kind."""
    able = device != "cpu" or torch.ops.mkldnn._is_mkldnn_bf16_supported()  # noqa: SLF001 - there is no other way to ask
    return torch.bfloat16 if able else torch.float32


def multiplying(device: str) -> torch.autocast:
    """A context in which matrix products are as narrow as this machine does them fast."""
    return torch.autocast(device, torch.bfloat16, enabled=narrowest(device) == torch.bfloat16)
