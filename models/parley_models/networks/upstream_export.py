"""Writing upstream's vocoders and ears as ONNX files; what a stream remembers and the source are inputs and outputs."""

from pathlib import Path

import torch
from torch import Tensor, nn

from parley_models.networks.flow import Flow
from parley_models.networks.folding import folded
from parley_models.networks.hift import Hift
from parley_models.networks.sanm import SanmEncoder
from parley_models.networks.sanm_export import SanmStep
from parley_models.networks.streaming_flow import StreamingFlow
from parley_models.networks.tracing import write_traced
from parley_models.networks.upsampling_conformer import Heard
from parley_models.networks.vocoder_export import FlowEncoder
from parley_models.tokenizers.linguistic import STEP_INPUTS, STEP_OUTPUTS

_TOKENS, _PAST, _FRAMES = 9, 5, 20
"""Example lengths; the files take any."""


class StreamingEncoder(nn.Module):
    """Pairs of codes to mu with the memory as plain tensors, and the speaker's projection."""

    def __init__(self, flow: StreamingFlow) -> None:
        super().__init__()
        self.flow = flow

    def forward(
        self, tokens: Tensor, present: Tensor, speaker: Tensor, ahead: Tensor, doubled: Tensor, past_tokens: Tensor, past_frames: Tensor
    ) -> tuple[Tensor, ...]:
        """As `StreamingFlow.mu`; the memory as `Heard`."""
        mu, heard = self.flow.mu(tokens, present, Heard(ahead, doubled, past_tokens, past_frames))
        return mu, self.flow.speaker(speaker), *heard


class SourcedHift(nn.Module):
    """A centred HiFT that tells its source, and takes the beginning of it from the call before."""

    def __init__(self, hift: Hift) -> None:
        super().__init__()
        self.hift = hift

    def forward(self, mel: Tensor, f0: Tensor, noise: Tensor, cycles: Tensor, carried: Tensor) -> tuple[Tensor, Tensor]:
        """Mel (1, mels, T), f0 (1, T), noise (1, harmonics + 1, T · hop), cycles (1, 1) float64, carried (1, 1, k ≤ T · hop) to sound
        (1, T · hop) and source (1, 1, T · hop), whose first k samples are the carried ones.
        """
        source, _ = self.hift.m_source(f0, noise, torch.zeros(1, 1, 1), cycles)
        source = torch.cat([carried, source[:, :, carried.shape[2] :]], dim=2)
        return self.hift(mel, source), source


def export_steps(encoder: SanmEncoder, path: Path) -> None:
    """Write the linguistic encoder's streaming step; the count of new frames stays open (1 … chunk), every cache has a fixed size."""
    features = torch.zeros(1, encoder.config.chunk, encoder.config.input_size)
    given = dict(zip(STEP_INPUTS, (features, *encoder.start()), strict=True))
    write_traced(SanmStep(encoder), path, given, list(STEP_OUTPUTS), {"features": {1: "new"}})


def export_flow(flow: Flow, encoder: Path, estimator: Path) -> None:
    """Write both halves of CosyVoice-1's flow; inputs and outputs as `vocoder_export.export_flow` has them."""
    config = flow.config
    read = {
        "tokens": torch.zeros(1, _TOKENS, dtype=torch.int64),
        "positions": torch.linspace(0, _TOKENS - 1, _FRAMES).unsqueeze(0),
        "speaker": torch.ones(1, config.speaker),
    }
    write_traced(FlowEncoder(flow), encoder, read, ["mu", "projected"], {"tokens": {1: "tokens"}, "positions": {1: "frames"}})
    mel = torch.zeros(2, config.mels, _FRAMES)
    given = {"x": mel, "mu": mel.clone(), "time": torch.zeros(2), "speaker": torch.zeros(2, config.mels), "cond": mel.clone()}
    free = {name: {2: "frames"} for name in ("x", "mu", "cond")}
    write_traced(flow.decoder.estimator, estimator, given, ["velocity"], free)


def export_streaming_flow(flow: StreamingFlow, encoder: Path, estimator: Path) -> None:
    """Write both halves of a streaming flow; numbers of new tokens and frames, and of those remembered, stay open."""
    config, start = flow.config, flow.encoder.start()
    width = start.tokens.shape[3]
    read = {
        "tokens": torch.zeros(1, _TOKENS, 2, dtype=torch.int64),
        "present": torch.ones(1, _TOKENS),
        "speaker": torch.ones(1, config.speaker),
        "ahead": start.ahead,
        "doubled": start.doubled,
        "past_tokens": torch.zeros(config.layers, config.heads, _PAST, width),
        "past_frames": torch.zeros(config.up_layers, config.heads, config.stride * _PAST, width),
    }
    free = {"tokens": {1: "tokens"}, "present": {1: "tokens"}, "past_tokens": {2: "past"}, "past_frames": {2: "past_frames"}}
    outputs = ["mu", "projected", "next_ahead", "next_doubled", "next_past_tokens", "next_past_frames"]
    write_traced(StreamingEncoder(flow), encoder, read, outputs, free)

    dit = flow.decoder.estimator
    mel = torch.zeros(2, config.mels, _FRAMES)
    given = {
        "x": mel, "mu": mel.clone(), "time": torch.zeros(2), "speaker": torch.zeros(2, config.mels), "cond": mel.clone(),
        "before": dit.start()[0], "past": torch.zeros(config.blocks, 2, config.estimator_heads, _PAST, 2 * config.head_width),
    }  # fmt: skip
    frames = {name: {2: "frames"} for name in ("x", "mu", "cond")}
    write_traced(dit, estimator, given, ["velocity", "next_before", "fresh"], {**frames, "past": {3: "past"}})


def export_sourced_hift(hift: Hift, f0: Path, path: Path) -> None:
    """Write a centred HiFT, weight norm folded, and apart its F0 predictor: mel (1, mels, T) → f0 (1, T)."""
    hift = folded(hift)
    mel = torch.zeros(1, hift.config.mels, _FRAMES)
    write_traced(hift.f0_predictor, f0, {"mel": mel}, ["f0"], {"mel": {2: "frames"}})
    given = {
        "mel": mel,
        "f0": torch.full((1, _FRAMES), 100.0),
        "noise": torch.zeros(1, hift.config.harmonics + 1, _FRAMES * hift.config.frame),
        "cycles": torch.zeros(1, 1, dtype=torch.float64),
        "carried": torch.zeros(1, 1, _PAST),
    }
    free = {"mel": {2: "frames"}, "f0": {1: "frames"}, "noise": {2: "samples"}, "carried": {2: "carried"}}
    write_traced(SourcedHift(hift), path, given, ["sound", "source"], free)
