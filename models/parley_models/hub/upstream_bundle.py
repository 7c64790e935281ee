"""Everything of a checkpoint but its backbone's weights, made into the parts of a bundle: text, ears, voice."""

import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from parley_models.errors import BundleCorrupt
from parley_models.hub.cell import run_in_cell
from parley_models.hub.ears_source import PREFIX, EarsSource, check_onnx, encoder_of, read_ears
from parley_models.hub.sources import Sources
from parley_models.hub.text_source import read_template, read_text
from parley_models.hub.vocoder_source import VocoderSource, check_table, read_vocoder
from parley_models.prompt import ChatTemplate
from parley_models.tokenizers.config import EarsConfig
from parley_models.tokens import TokenLayout

if TYPE_CHECKING:
    from torch import Tensor

    from parley_models.networks.flow import Flow
    from parley_models.networks.hift import Hift
    from parley_models.networks.streaming_flow import StreamingFlow

SEMANTIC_SECONDS = 300
"""The published semantic tokenizer has half a gigabyte, from a slow disk."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """A checkpoint's small parts, looked at and found fit for each other."""

    sources: Sources
    layout: TokenLayout
    chat: ChatTemplate
    ears: EarsSource
    vocoder: VocoderSource

    @property
    def ears_table(self) -> dict[str, object]:
        """Table `[ears]` of the bundle."""
        return asdict(EarsConfig.upstream())

    @property
    def voice_table(self) -> dict[str, object]:
        """Table `[voice]` of the bundle."""
        return asdict(self.vocoder.voice)


def look_at(sources: Sources, entries: dict[str, object]) -> Upstream:
    """Look at everything but weights, quickly and without torch; `entries` of the backbone's config.

    Raises:
        BundleMissing: a file is not there.
        BundleCorrupt: one is refused, or two don't fit together.
    """
    vocoder = read_vocoder(sources.vocoder)
    layout = read_text(sources.backbone, entries)
    check_table(vocoder, layout)
    ears = read_ears(sources, layout)
    if vocoder.speaker_network is not None:
        check_onnx(vocoder.speaker_network)
    return Upstream(sources, layout, read_template(sources.backbone), ears, vocoder)


def check_networks(upstream: Upstream) -> None:
    """Hold every tensor's name, shape and type against the networks that the settings describe. Raises BundleCorrupt."""
    import torch

    from parley_models.hub.vocoder_networks import check_tensors, flow_of, hift_of

    with torch.device("meta"):
        parts = (
            (encoder_of(upstream.ears), upstream.ears.encoder, upstream.ears.folder / "model.pt"),
            (flow_of(upstream.vocoder), upstream.vocoder.flow, upstream.vocoder.folder / "flow.pt"),
            (hift_of(upstream.vocoder), upstream.vocoder.hift, upstream.vocoder.folder / "hift.pt"),
        )
    for network, index, path in parts:
        check_tensors(network, index, path)


def make_text(upstream: Upstream, folder: Path, _scratch: Path) -> list[Path]:
    """`text.model`."""
    return [_copied(upstream.sources.backbone / "tokenizer.model", folder / "text.model")]


def make_linguistic(upstream: Upstream, folder: Path, scratch: Path) -> list[Path]:
    """The linguistic tokenizer's three files."""
    from parley_models.hub.vocoder_networks import fill
    from parley_models.networks.upstream_export import export_steps

    inner = folder / "linguistic"
    inner.mkdir(parents=True, exist_ok=True)
    encoder = encoder_of(upstream.ears)
    fill(encoder, _state(upstream.ears.folder / "model.pt", scratch, PREFIX))
    export_steps(encoder, inner / "encoder.onnx")
    np.save(inner / "codebook.npy", upstream.ears.centroids)
    np.save(inner / "cmvn.npy", np.stack([upstream.ears.cmvn.shift, upstream.ears.cmvn.scale]))
    return [inner / "encoder.onnx", inner / "codebook.npy", inner / "cmvn.npy"]


def make_semantic(upstream: Upstream, folder: Path, _scratch: Path) -> list[Path]:
    """`semantic.onnx`, opened in a cell before it is taken over."""
    path = upstream.ears.semantic
    found = run_in_cell("session", str(path), reads=path, seconds=SEMANTIC_SECONDS, memory_bytes=2**32)
    if len(found["inputs"]) != 2 or len(found["outputs"]) != 1:
        raise BundleCorrupt(f"{path} takes {', '.join(found['inputs'])}, not a log mel and its length.")
    return [_copied(path, folder / "semantic.onnx")]


def make_vocoder(upstream: Upstream, folder: Path, scratch: Path) -> list[Path]:
    """Flow and HiFT as ONNX, weight norm folded, and the speaker network where there is one."""
    from parley_models.networks.flow import Flow
    from parley_models.networks.upstream_export import export_flow, export_sourced_hift, export_streaming_flow

    source, voice = upstream.vocoder, upstream.vocoder.voice
    flow, hift = filled_networks(upstream, scratch)
    encoder, estimator, f0, sound = (folder / name for name in (voice.flow_encoder, voice.flow_estimator, voice.f0, voice.hift))
    if isinstance(flow, Flow):
        export_flow(flow, encoder, estimator)
    else:
        export_streaming_flow(flow, encoder, estimator)
    export_sourced_hift(hift, f0, sound)
    made = [encoder, estimator, f0, sound]
    if source.speaker_network is not None:
        run_in_cell("session", str(source.speaker_network), reads=source.speaker_network, seconds=SEMANTIC_SECONDS)
        made.append(_copied(source.speaker_network, folder / voice.speaker_network))
    return made


def filled_networks(upstream: Upstream, scratch: Path) -> "tuple[Flow | StreamingFlow, Hift]":
    """Flow and HiFT with the checkpoint's weights. Raises BundleCorrupt."""
    from parley_models.hub.vocoder_networks import fill, flow_of, hift_of

    source = upstream.vocoder
    flow, hift = flow_of(source), hift_of(source)
    fill(flow, _state(source.folder / "flow.pt", scratch))
    fill(hift, _state(source.folder / "hift.pt", scratch))
    return flow, hift


def _state(path: Path, scratch: Path, prefix: str = "") -> "dict[str, Tensor]":
    """The tensors of a `.pt` file, by way of a cell that turns them into safetensors."""
    from safetensors.torch import load_file

    target = scratch / f"{path.stem}.safetensors"
    size = path.stat().st_size
    run_in_cell("tensors", str(path), str(target), prefix, reads=path, writes=scratch, seconds=600, memory_bytes=2**30 + 4 * size)
    state = {key.removeprefix(prefix): tensor for key, tensor in load_file(target).items()}
    target.unlink()
    return state


def _copied(source: Path, target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.part")
    shutil.copyfile(source, draft)
    draft.replace(target)
    return target
