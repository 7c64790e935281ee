"""Makes the tiny voice of random weights that vocoder tests run on; rerun it when the networks or their export change.

    python tests/data/tiny_voice.py

One flow serves both kinds of vocoder; `hift.onnx` is causal and carries a state, `hift_whole.onnx` with `f0.onnx` is upstream's kind.
"""

from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import save_file

from parley_models.networks.flow import Flow, FlowConfig
from parley_models.networks.hift import Hift, HiftConfig
from parley_models.networks.vocoder_export import export_causal_hift, export_flow, export_whole_hift

FLOW = FlowConfig(embedding=8, width=8, heads=2, hidden=16, layers=1, channels=(8, 8), estimator_heads=1, head_width=8, middle=1)
HIFT = HiftConfig(channels=16, f0_channels=8, kernels=(3,), dilations=(1,), source_kernels=(3, 3, 3), causal=True, lookahead_frames=2)


def main() -> None:
    """Write everything below `tests/data/tiny/voice`."""
    target = Path(__file__).parent / "tiny" / "voice"
    (target / "voices").mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    export_flow(Flow(FLOW), target / "flow_encoder.onnx", target / "flow_estimator.onnx")
    hift, whole = Hift(HIFT), Hift(replace(HIFT, causal=False, lookahead_frames=0))
    for network in (hift, whole):
        network.f0_predictor.classifier.bias.data.fill_(150.0)  # a pitch to sound at, so that the source matters
        network.conv_post.weight_g.data.mul_(50.0)  # loud enough to be compared
    export_causal_hift(hift, target / "hift.onnx")
    export_whole_hift(whole, target / "f0.onnx", target / "hift_whole.onnx")
    save_file({"speaker": torch.randn(1, FLOW.speaker)}, target / "voices" / "plain.safetensors")
    prompt = {"prompt_tokens": torch.randint(0, 5120, (10,)), "prompt_mel": torch.randn(12, FLOW.mels) - 5}
    save_file({"speaker": torch.randn(1, FLOW.speaker), **prompt}, target / "voices" / "prompted.safetensors")


if __name__ == "__main__":
    main()
