"""Where a bundle's networks run: what was named is had, or refused with a sentence."""

import onnxruntime
import pytest
import torch

from parley_models.device import Device
from parley_models.errors import DeviceError, UsageError
from parley_models.onnx_session import CPU, CUDA, PREFERRED_PROVIDERS


@pytest.mark.parametrize(
    ("name", "device"),
    [("auto", Device("auto")), ("cpu", Device("cpu")), ("cuda", Device("cuda")), ("cuda:0", Device("cuda")), ("cuda:2", Device("cuda", 2))],
)
def test_devices_have_names(name: str, device: Device) -> None:
    assert Device.named(name) == device


@pytest.mark.parametrize(
    "name", ["", "gpu", "CUDA", "cuda:", "cuda:-1", "cuda:x", "cuda:1.0", "cpu:0", "auto:1", "cuda:²", "cuda:" + "9" * 5000]
)
def test_what_is_no_device_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="There is no device"):
        Device.named(name)


def test_the_processor_is_the_processor_alone() -> None:
    assert Device.named("cpu").sessions().providers == (CPU,)
    automatic = Device.named("auto").sessions()
    assert (automatic.providers, automatic.required) == (PREFERRED_PROVIDERS, None)


def test_a_card_is_had_or_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [CPU])
    with pytest.raises(DeviceError, match="can't use a graphics card"):
        Device.named("cuda").sessions()
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [CUDA, CPU])
    sessions = Device.named("cuda:1").sessions()
    assert (sessions.card, sessions.required) == (1, CUDA)


LARGE = 72_000_000_000


def with_cards(monkeypatch: pytest.MonkeyPatch, *free_bytes: int) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: bool(free_bytes))
    monkeypatch.setattr(torch.cuda, "device_count", lambda: len(free_bytes))
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda card: (free_bytes[card], 85_000_000_000))


def test_a_large_backbone_takes_the_card_with_the_most_room(monkeypatch: pytest.MonkeyPatch) -> None:
    with_cards(monkeypatch, 70_000_000_000, 84_000_000_000)
    assert Device().backbone(LARGE) == "cuda:1"
    assert Device("cuda", 0).backbone(LARGE) == "cuda:0"  # as named; whether it fits shows when it is loaded
    assert Device("cpu").backbone(LARGE) == "cpu"
    with_cards(monkeypatch, 24_000_000_000)
    assert Device().backbone(LARGE) == "cpu"


def test_a_card_that_a_backbone_would_fill_is_not_taken_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loaded there, it would leave no room for a conversation, and the bundle would be refused although the processor could do it."""
    with_cards(monkeypatch, LARGE + 2_000_000_000)
    assert Device().backbone(LARGE) == "cpu"
    assert Device("cuda").backbone(LARGE) == "cuda:0"


@pytest.mark.parametrize("kind", ["auto", "cuda"])
def test_a_small_backbone_stays_on_the_processor(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    with_cards(monkeypatch, 84_000_000_000)
    assert Device(kind).backbone(12_000_000) == "cpu"


def test_a_card_that_torch_lacks_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with_cards(monkeypatch, 84_000_000_000)
    with pytest.raises(DeviceError, match="can't use card 1"):
        Device("cuda", 1).backbone(LARGE)
    with_cards(monkeypatch)
    assert Device().backbone(LARGE) == "cpu"
    with pytest.raises(DeviceError, match="can't use card 0"):
        Device("cuda").backbone(LARGE)
