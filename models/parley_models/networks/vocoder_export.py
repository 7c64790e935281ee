"""Writing flow and HiFT as ONNX files, as `parley_models.vocoders` runs them."""

import warnings
from pathlib import Path
from typing import Any

import onnx
import torch
from torch import Tensor, nn

from parley_models.networks.convolution import Memory
from parley_models.networks.flow import Flow
from parley_models.networks.hift import Hift
from parley_models.networks.mish import spell_mish
from parley_models.networks.stored import halve

OPSET = 18


class FlowEncoder(nn.Module):
    """Tokens to mu, and the speaker's projection."""

    def __init__(self, flow: Flow) -> None:
        super().__init__()
        self.flow = flow

    def forward(self, tokens: Tensor, positions: Tensor, speaker: Tensor) -> tuple[Tensor, Tensor]:
        """Tokens (1, n), positions (1, T), speaker (1, k) to mu (1, mels, T), speaker (1, mels)."""
        return self.flow.mu(tokens, positions), self.flow.speaker(speaker)


class CausalHift(nn.Module):
    """A causal HiFT with its memory as a plain tensor."""

    def __init__(self, hift: Hift) -> None:
        super().__init__()
        self.hift = hift

    def forward(self, mel: Tensor, noise: Tensor, cycles: Tensor, voicing: Tensor, state: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Mel (1, mels, T), noise (1, harmonics + 1, T · hop), cycles (1, 1) float64, voicing (1, 1), state (1, n) to sound, f0 (1, T) and
        the next state. The F0 is what is predicted times the voicing: at 1 the voice is as predicted, at 0 the source is noise alone.
        """
        memory = Memory(state)
        f0 = self.hift.f0(mel, memory) * voicing
        source, _ = self.hift.m_source(f0, noise, torch.zeros(1, 1, 1), cycles)
        return self.hift(mel, source, memory), f0, memory.after()


class WholeHift(nn.Module):
    """A centred HiFT: no memory, every sound needs the mel on both sides, F0 comes from outside."""

    def __init__(self, hift: Hift) -> None:
        super().__init__()
        self.hift = hift

    def forward(self, mel: Tensor, f0: Tensor, noise: Tensor, cycles: Tensor) -> Tensor:
        """Mel (1, mels, T), f0 (1, T), noise (1, harmonics + 1, T · hop), cycles (1, 1) float64 to sound (1, T · hop)."""
        source, _ = self.hift.m_source(f0, noise, torch.zeros(1, 1, 1), cycles)
        return self.hift(mel, source)


def export_flow(flow: Flow, encoder: Path, estimator: Path, window: tuple[int, int] | None = None, *, halved: bool = True) -> None:
    """Write both halves of the flow.

    window: (tokens, frames) where they are always the same, as on Mini's grid; None leaves them open. halved: see `halve`; it moves a mel
    by 0.004 (measured on the reference), so what must match upstream to 0.001 is stored whole.
    """
    mels = flow.config.mels
    tokens, frames = window or (50, 60)
    steps = torch.zeros(1, tokens, dtype=torch.int64)
    positions = torch.linspace(0, tokens - 1, frames).unsqueeze(0)
    open_tokens, open_frames = torch.export.Dim("tokens", min=2), torch.export.Dim("frames", min=2)
    read = {"tokens": steps, "positions": positions, "speaker": torch.ones(1, flow.config.speaker)}
    anywhere = {"tokens": {1: open_tokens}, "positions": {1: open_frames}, "speaker": None}
    _write(FlowEncoder(flow), encoder, read, ["mu", "projected"], None if window else anywhere, halved)
    mel = torch.zeros(2, mels, frames)
    given = {"x": mel, "mu": mel.clone(), "time": torch.zeros(2), "speaker": torch.zeros(2, mels), "cond": mel.clone()}
    free = {name: {2: open_frames} if value.ndim == 3 else None for name, value in given.items()}
    _write(flow.decoder.estimator, estimator, given, ["velocity"], None if window else free, halved)


def export_causal_hift(hift: Hift, path: Path) -> None:
    """Write a causal HiFT with its F0 predictor; its state is input and output."""
    given = _hift_inputs(hift)
    with torch.no_grad():
        counting = Memory(None)
        f0 = hift.f0(given["mel"], counting)
        hift(given["mel"], hift.m_source(f0, given["noise"], torch.zeros(1, 1, 1))[0], counting)
    time = torch.export.Dim("frames", min=1)
    given |= {"voicing": torch.ones(1, 1), "state": torch.zeros(1, counting.size)}
    free = {"mel": {2: time}, "noise": {2: hift.config.frame * time}, "cycles": None, "voicing": None, "state": None}
    _write(CausalHift(hift), path, given, ["sound", "f0", "next_state"], free)


def export_whole_hift(hift: Hift, f0: Path, path: Path, *, halved: bool = True) -> None:
    """Write a centred HiFT and, apart, its F0 predictor: mel (1, mels, T) → f0 (1, T)."""
    given = _hift_inputs(hift)
    time = torch.export.Dim("frames", min=4)
    _write(hift.f0_predictor, f0, {"mel": given["mel"]}, ["f0"], {"mel": {2: time}}, halved)
    given = {"mel": given["mel"], "f0": torch.full(given["mel"].shape[::2], 100.0), "noise": given["noise"], "cycles": given["cycles"]}
    free = {"mel": {2: time}, "f0": {1: time}, "noise": {2: hift.config.frame * time}, "cycles": None}
    _write(WholeHift(hift), path, given, ["sound"], free, halved)


def _hift_inputs(hift: Hift, frames: int = 20) -> dict[str, Tensor]:
    return {
        "mel": torch.zeros(1, hift.config.mels, frames),
        "noise": torch.zeros(1, hift.config.harmonics + 1, frames * hift.config.frame),
        "cycles": torch.zeros(1, 1, dtype=torch.float64),
    }


def _write(
    network: nn.Module, path: Path, given: dict[str, Tensor], outputs: list[str], free: dict[str, Any] | None, halved: bool = True
) -> None:
    with warnings.catch_warnings():
        # torch 2.13's exporter trips over deprecations of its own.
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            network.eval(), tuple(given.values()), input_names=list(given), output_names=outputs, opset_version=OPSET,
            dynamo=True, dynamic_shapes=tuple(free.values()) if free else None, verbose=False,
        )  # fmt: skip
    assert program is not None
    path.parent.mkdir(parents=True, exist_ok=True)
    model = bare(program.model_proto)
    model = spell_mish(model)
    onnx.save(halve(model) if halved else model, path)


def bare(model: onnx.ModelProto) -> onnx.ModelProto:
    """Without the exporter's notes: which line of whose file a node came from is larger than the node."""
    graph = model.graph
    for item in (*graph.node, *graph.input, *graph.output, *graph.value_info, *graph.initializer, graph, model):
        item.doc_string = ""
        del item.metadata_props[:]
    del graph.value_info[:]  # ONNX Runtime infers the shapes again
    return model
