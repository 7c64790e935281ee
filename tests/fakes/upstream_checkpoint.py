"""Checkpoints in upstream's formats, very small and with random weights: folders and keys are the public releases', numbers mean nothing.

`upstream_checkpoint(folder)` writes a backbone with eyes in three shards, Step-Audio-Tokenizer, and both vocoders.
"""

import json
import shutil
from collections import OrderedDict
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from safetensors.torch import load_file, save_file

from parley_models.backbone.config import BackboneConfig
from parley_models.backbone.model import StepOmni
from parley_models.networks.flow import Flow, FlowConfig
from parley_models.networks.hift import Hift, HiftConfig
from parley_models.networks.streaming_flow import StreamingFlow, StreamingFlowConfig
from tests.conftest import COMPACT_REFERENCE

BACKBONE, TOKENIZER, WHOLE, STREAMING = "Step-Audio-AQAA", "Step-Audio-Tokenizer", "CosyVoice-300M-25Hz", "stepvocoder"
SEED = 5
SPEAKER = 192
CONFIG = BackboneConfig(
    hidden_size=24, intermediate_size=40, num_attention_heads=6, num_attention_groups=2, num_hidden_layers=2, vocab_size=74752,
    max_seq_len=4096,
)  # fmt: skip
FLOW = FlowConfig(
    vocab=5123, embedding=16, width=16, heads=2, hidden=24, layers=1, speaker=SPEAKER, channels=(16, 16), estimator_heads=2, head_width=4,
    blocks=1, middle=1, rounds=3,
)  # fmt: skip
STREAMING_FLOW = StreamingFlowConfig(
    vocab=5121, embedding=16, width=16, heads=2, hidden=24, layers=1, up_layers=1, lookahead=3, stride=2, speaker=SPEAKER, mels=80,
    channels=16, estimator_heads=2, head_width=8, blocks=1, mlp=32,
)  # fmt: skip
HIFTS = {
    WHOLE: HiftConfig(
        rate_hz=16_000, channels=16, f0_channels=8, upsample_rates=(8, 5), upsample_kernels=(16, 11), kernels=(3,), dilations=(1, 3),
        source_kernels=(7, 11),
    ),
    STREAMING: HiftConfig(channels=16, f0_channels=8, kernels=(3,), dilations=(1,), source_kernels=(7, 7, 11)),
}  # fmt: skip


def upstream_checkpoint(folder: Path) -> Path:
    """Write everything."""
    torch.manual_seed(SEED)
    write_backbone(folder / BACKBONE)
    write_tokenizer(folder / TOKENIZER)
    write_vocoder(folder / WHOLE, Flow(FLOW), WHOLE_YAML, classic=True)
    write_vocoder(folder / STREAMING, StreamingFlow(STREAMING_FLOW), STREAMING_YAML, classic=False)
    return folder


def write_backbone(folder: Path) -> None:
    """Three shards, an index, eyes that nobody needs; it prefers to speak."""
    folder.mkdir(parents=True)
    model = StepOmni(CONFIG)
    model.init_weights(torch.Generator().manual_seed(SEED))
    with torch.no_grad():
        model.lm_head.weight[65536:66560] *= 4.0
    state = {key: tensor.to(torch.bfloat16).contiguous() for key, tensor in model.state_dict().items()}
    state |= {
        "vision_model.conv1.weight": torch.zeros(4, 3, 2, 2),
        "vit_downsampler2.bias": torch.zeros(3),
        "vit_large_projector.weight": torch.zeros(2, 2),
    }
    keys = list(state)
    shards = {f"model-0000{n + 1}-of-00003.safetensors": keys[n::3] for n in range(3)}
    for name, held in shards.items():
        save_file({key: state[key] for key in held}, folder / name, metadata={"format": "pt"})
    index = {"metadata": {}, "weight_map": {key: name for name, held in shards.items() for key in held}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    entries = CONFIG.to_dict() | {"model_type": "mmgpt_step1_v2", "eos_token_id": [2, 3], "vision_tower_config": {"width": 16}}
    (folder / "config.json").write_text(json.dumps(entries))
    for name in ("tokenizer.model", "tokenizer_config.json"):
        shutil.copyfile(COMPACT_REFERENCE / "step-audio-aqaa-mini" / name, folder / name)


def write_tokenizer(folder: Path) -> None:
    """The compact reference's, its encoder once more as a whole Paraformer's `model.pt`."""
    source = COMPACT_REFERENCE / "Step-Audio-Tokenizer-mini"
    shutil.copytree(source, folder)
    (encoder,) = folder.rglob("encoder.safetensors")
    state = load_file(encoder) | {"decoder.embed.0.weight": torch.zeros(3, 4), "predictor.cif_output.bias": torch.zeros(1)}
    torch.save(OrderedDict(state), encoder.with_name("model.pt"))
    encoder.unlink()


def write_vocoder(folder: Path, flow: torch.nn.Module, yaml: str, *, classic: bool) -> None:
    """Weight norm the classic way, or torch's newer."""
    folder.mkdir(parents=True)
    (folder / "cosyvoice.yaml").write_text(yaml)
    torch.save(OrderedDict(flow.state_dict()), folder / "flow.pt")
    hift = Hift(HIFTS[folder.name])
    hift.f0_predictor.classifier.bias.data.fill_(150.0)
    hift.conv_post.weight_g.data.mul_(50.0)
    newer = {"weight_g": "parametrizations.weight.original0", "weight_v": "parametrizations.weight.original1"}
    state = {
        key if classic else key.replace(name := key.rpartition(".")[2], newer.get(name, name)): tensor
        for key, tensor in hift.state_dict().items()
    }
    torch.save(state, folder / "hift.pt")
    write_speaker_network(folder / "campplus.onnx")


def write_speaker_network(path: Path) -> None:
    """Takes what CAM++ takes and gives as many numbers."""
    weight = np.random.default_rng(SEED).standard_normal((80, SPEAKER)).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Abs", ["input"], ["loud"]),
            helper.make_node("ReduceMean", ["loud", "axes"], ["mean"], keepdims=0),
            helper.make_node("MatMul", ["mean", "weight"], ["output"]),
        ],
        "speaker",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, "T", 80])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, SPEAKER])],
        [numpy_helper.from_array(weight, "weight"), numpy_helper.from_array(np.array([1]), "axes")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10), path)


_HIFT_YAML = """
hift: !new:cosyvoice.hifigan.generator.HiFTGenerator
    in_channels: 80
    base_channels: 16
    nb_harmonics: 8
    sampling_rate: !ref <sample_rate>
    nsf_alpha: 0.1
    nsf_sigma: 0.003
    nsf_voiced_threshold: 10
    istft_params: {{n_fft: 16, hop_len: 4}}
    resblock_kernel_sizes: [3]
    lrelu_slope: 0.1
    audio_limit: 0.99
    f0_predictor: !new:cosyvoice.hifigan.f0_predictor.ConvRNNF0Predictor {{num_class: 1, in_channels: 80, cond_channels: 8}}
    {more}
"""
WHOLE_YAML = """
__set_seed1: !apply:random.seed [1986]
sample_rate: 16000
flow: !new:cosyvoice.flow.flow.MaskedDiffWithXvec
    input_size: 16
    output_size: 80
    spk_embed_dim: 192
    output_type: 'mel'
    vocab_size: 5123
    input_frame_rate: 41.67
    encoder: !new:cosyvoice.transformer.encoder.ConformerEncoder
        {output_size: 16, attention_heads: 2, linear_units: 24, num_blocks: 1, input_layer: linear, input_size: 16}
    length_regulator: !new:cosyvoice.flow.length_regulator.InterpolateRegulator {channels: 80, sampling_ratios: [1, 1, 1]}
    decoder: !new:cosyvoice.flow.flow_matching.ConditionalCFM
        cfm_params: !new:omegaconf.DictConfig
            content: {sigma_min: 1e-06, solver: euler, t_scheduler: cosine, inference_cfg_rate: 0.5}
        estimator: !new:cosyvoice.flow.decoder.ConditionalDecoder
            {in_channels: 320, out_channels: 80, channels: [16, 16], attention_head_dim: 4, n_blocks: 1, num_mid_blocks: 1, num_heads: 2}
feat_extractor: !name:cosyvoice.matcha.audio.mel_spectrogram
    {n_fft: 640, num_mels: 80, sampling_rate: !ref <sample_rate>, hop_size: 160, win_size: 640, fmin: 0, fmax: null, center: False}
""" + _HIFT_YAML.format(
    more="""upsample_rates: [8, 5]
    upsample_kernel_sizes: [16, 11]
    resblock_dilation_sizes: [[1, 3]]
    source_resblock_kernel_sizes: [7, 11]
    source_resblock_dilation_sizes: [[1, 3], [1, 3]]"""
)
STREAMING_YAML = """
sample_rate: 24000
flow: !new:stepvocoder.cosyvoice2.flow.flow.CausalMaskedDiffWithXvec
    input_size: 16
    output_size: 80
    spk_embed_dim: 192
    vocab_size: 5121
    encoder: !new:stepvocoder.cosyvoice2.transformer.upsample_encoder_v2.UpsampleConformerEncoderV2
        {input_size: 16, output_size: 16, pre_lookahead_len: 3, num_blocks: 1, num_up_blocks: 1, up_stride: 2, up_scale_factor: 2,
         attention_heads: 2, linear_units: 24, key_bias: True}
    decoder: !new:stepvocoder.cosyvoice2.flow.flow_matching.CausalConditionalCFM
        inference_cfg_rate: 0.7
        estimator: !new:stepvocoder.cosyvoice2.flow.decoder_dit.DiT
            {in_channels: 320, out_channels: 80, mlp_ratio: 2.0, depth: 1, num_heads: 2, head_dim: 8, hidden_size: 16}
mel_conf: {n_fft: 1920, num_mels: 80, sampling_rate: !ref <sample_rate>, hop_size: 480, win_size: 1920, fmin: 0, fmax: 8000, center: False}
""" + _HIFT_YAML.format(
    more="""upsample_rates: [8, 5, 3]
    upsample_kernel_sizes: [16, 11, 7]
    resblock_dilation_sizes: [[1]]
    source_resblock_kernel_sizes: [7, 7, 11]
    source_resblock_dilation_sizes: [[1], [1], [1]]"""
)
