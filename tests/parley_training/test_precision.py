"""Training multiplies in bfloat16 only where the processor does."""

import pytest
import torch

from parley_training.precision import multiplying


@pytest.mark.parametrize(("able", "kind"), [(True, torch.bfloat16), (False, torch.float32)])
def test_bfloat16_where_the_processor_multiplies_it(able: bool, kind: torch.dtype, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: able)
    with multiplying("cpu"):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == kind
