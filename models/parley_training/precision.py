"""How exactly training multiplies: in bfloat16, halved and faster, where the processor multiplies it; else in float32."""

import torch


def multiplying(device: str) -> torch.autocast:
    """A context in which matrix products are as narrow as this machine does them fast; `device` as torch calls it.

    A processor without AVX-512 emulates bfloat16: one of 2021 (Zen 3) multiplied 1 GFLOP/s in place of 53.
    """
    return torch.autocast(device, torch.bfloat16, enabled=device != "cpu" or bool(torch.ops.mkldnn._is_mkldnn_bf16_supported()))  # noqa: SLF001
