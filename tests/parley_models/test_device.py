"""Where ears and voice run: what was named is had, or refused with a sentence."""

import onnxruntime
import pytest

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
