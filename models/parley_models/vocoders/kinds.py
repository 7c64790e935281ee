"""The vocoders there are, by the name that a bundle's table `[voice]` gives."""

from collections.abc import Callable
from pathlib import Path

from parley_models.errors import BundleCorrupt
from parley_models.onnx_session import THIS_MACHINE, SessionSettings
from parley_models.vocoders.chunked import ChunkedFlowHift
from parley_models.vocoders.config import VoiceConfig
from parley_models.vocoders.flow_hift import FlowHift
from parley_models.vocoders.overlapped import OverlappedFlowHift
from parley_models.vocoders.vocoder import Vocoder

VOCODERS: dict[str, Callable[[Path, VoiceConfig, SessionSettings], Vocoder]] = {
    "flow-hift": FlowHift.open,
    "flow-hift-overlapped": OverlappedFlowHift.open,
    "flow-hift-chunked": ChunkedFlowHift.open,
}


def open_vocoder(folder: Path, config: VoiceConfig, sessions: SessionSettings = THIS_MACHINE) -> Vocoder:
    """Load a bundle's voice from its folder.

    Raises:
        BundleMissing: a file is not there.
        BundleCorrupt: a file is not what it should be, or the kind is unknown.
    """
    if config.kind not in VOCODERS:
        raise BundleCorrupt(f"The bundle's voice is of kind “{config.kind}”; this Parley knows {', '.join(sorted(VOCODERS))}.")
    return VOCODERS[config.kind](folder, config, sessions)
