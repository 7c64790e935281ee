"""A checkpoint's flow and HiFT as networks: sizes from `cosyvoice.yaml` and the tensors, weights from `flow.pt` and `hift.pt`."""

import re
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor, nn

from parley_models.errors import BundleCorrupt
from parley_models.hub.hyperyaml import Settings
from parley_models.hub.left_out import tell_left_out
from parley_models.hub.pickled_index import PickledTensor
from parley_models.hub.vocoder_source import STREAMING, VocoderSource
from parley_models.networks.flow import Flow, FlowConfig
from parley_models.networks.hift import Hift, HiftConfig
from parley_models.networks.streaming_flow import StreamingFlow, StreamingFlowConfig

_FLOATS = ("F32", "F16", "BF16", "F64")
_WEIGHT_NORM = {"parametrizations.weight.original0": "weight_g", "parametrizations.weight.original1": "weight_v"}
"""torch's newer way to write weight norm → the classic one."""


def flow_of(source: VocoderSource) -> Flow | StreamingFlow:
    """An empty flow of the right sizes. Raises BundleCorrupt."""
    settings, table = source.settings, source.flow
    for place, known in (
        ("flow.encoder.input_layer", "linear"),
        ("flow.encoder.pos_enc_layer_type", "rel_pos_espnet"),
        ("flow.encoder.selfattention_layer_type", "rel_selfattn"),
        ("flow.encoder.normalize_before", True),
        ("flow.encoder.use_cnn_module", False),
        ("flow.encoder.macaron_style", False),
        ("flow.encoder.key_bias", True),
        ("flow.decoder.estimator.act_fn", "gelu"),
        ("flow.output_type", "mel"),
    ):
        settings.must_be(place, known)
    settings.must_be("flow.encoder.input_size", settings.whole("flow.input_size"))
    return _streaming_flow(settings, table) if settings.kind("flow") == STREAMING else _whole_flow(settings, table)


def _rows(settings: Settings, table: Mapping[str, PickledTensor], key: str) -> int:
    if key not in table or len(table[key].shape) != 2:
        raise BundleCorrupt(f"{settings.path.with_name('flow.pt')} lacks the tensor {key}.")
    return table[key].shape[0]


def _whole_flow(settings: Settings, table: Mapping[str, PickledTensor]) -> Flow:
    mels, estimator = settings.whole("flow.output_size"), "flow.decoder.estimator"
    settings.must_be(f"{estimator}.in_channels", 4 * mels)
    settings.must_be(f"{estimator}.out_channels", mels)
    ratios = settings.wholes("flow.length_regulator.sampling_ratios")
    if set(ratios) != {1}:
        raise BundleCorrupt(f"{settings.path} has a length regulator of ratios {list(ratios)}; only ones are known.")
    return Flow(
        FlowConfig(
            vocab=_rows(settings, table, "input_embedding.weight"),
            embedding=settings.whole("flow.input_size"),
            width=settings.whole("flow.encoder.output_size"),
            heads=settings.whole("flow.encoder.attention_heads"),
            hidden=settings.whole("flow.encoder.linear_units"),
            layers=settings.whole("flow.encoder.num_blocks"),
            speaker=settings.whole("flow.spk_embed_dim"),
            mels=mels,
            channels=settings.wholes(f"{estimator}.channels"),
            estimator_heads=settings.whole(f"{estimator}.num_heads"),
            head_width=settings.whole(f"{estimator}.attention_head_dim"),
            blocks=settings.whole(f"{estimator}.n_blocks"),
            middle=settings.whole(f"{estimator}.num_mid_blocks"),
            rounds=len(ratios),
        )
    )


def _streaming_flow(settings: Settings, table: Mapping[str, PickledTensor]) -> StreamingFlow:
    mels, estimator = settings.whole("flow.output_size"), "flow.decoder.estimator"
    settings.must_be(f"{estimator}.in_channels", 4 * mels)
    settings.must_be(f"{estimator}.out_channels", mels)
    channels = settings.whole(f"{estimator}.hidden_size")
    return StreamingFlow(
        StreamingFlowConfig(
            vocab=_rows(settings, table, "input_embedding.embedding.weight"),
            embedding=settings.whole("flow.input_size"),
            width=settings.whole("flow.encoder.output_size"),
            heads=settings.whole("flow.encoder.attention_heads"),
            hidden=settings.whole("flow.encoder.linear_units"),
            layers=settings.whole("flow.encoder.num_blocks"),
            up_layers=settings.whole("flow.encoder.num_up_blocks"),
            lookahead=settings.whole("flow.encoder.pre_lookahead_len"),
            stride=settings.whole("flow.encoder.up_stride"),
            speaker=settings.whole("flow.spk_embed_dim"),
            mels=mels,
            channels=channels,
            estimator_heads=settings.whole(f"{estimator}.num_heads"),
            head_width=settings.whole(f"{estimator}.head_dim"),
            blocks=settings.whole(f"{estimator}.depth"),
            mlp=int(channels * settings.number(f"{estimator}.mlp_ratio", 4.0)),
        )
    )


def hift_of(source: VocoderSource) -> Hift:
    """An empty HiFT of the right sizes. Raises BundleCorrupt."""
    settings = source.settings
    settings.must_be("hift.f0_predictor.in_channels", settings.whole("hift.in_channels"))
    settings.must_be("hift.f0_predictor.num_class", 1)
    dilations = settings.same_lists("hift.resblock_dilation_sizes")
    if settings.same_lists("hift.source_resblock_dilation_sizes") != dilations:
        raise BundleCorrupt(f"{settings.path} gives HiFT's source other dilations than its sound; only the same are known.")
    return Hift(
        HiftConfig(
            rate_hz=settings.whole("hift.sampling_rate"),
            mels=settings.whole("hift.in_channels"),
            channels=settings.whole("hift.base_channels"),
            f0_channels=settings.whole("hift.f0_predictor.cond_channels"),
            harmonics=settings.whole("hift.nb_harmonics"),
            upsample_rates=settings.wholes("hift.upsample_rates"),
            upsample_kernels=settings.wholes("hift.upsample_kernel_sizes"),
            n_fft=settings.whole("hift.istft_params.n_fft"),
            hop=settings.whole("hift.istft_params.hop_len"),
            kernels=settings.wholes("hift.resblock_kernel_sizes"),
            dilations=dilations,
            source_kernels=settings.wholes("hift.source_resblock_kernel_sizes"),
            slope=settings.number("hift.lrelu_slope"),
            sample_limit=settings.number("hift.audio_limit"),
            amplitude=settings.number("hift.nsf_alpha"),
            noise=settings.number("hift.nsf_sigma"),
            voiced_above_hz=settings.number("hift.nsf_voiced_threshold"),
            interpolated_source=source.is_streaming,
        )
    )


def plain_key(key: str) -> str:
    """A HiFT's key as our network calls it."""
    key = key.removeprefix("generator.")
    for new, classic in _WEIGHT_NORM.items():
        key = key.replace(new, classic)
    return key


def check_tensors(network: nn.Module, index: Mapping[str, PickledTensor], path: Path) -> None:
    """Hold a file's tensors against what a network needs: none missing, every shape and type as it should be; warns of unknown ones.

    Raises:
        BundleCorrupt: they are not; names file and tensor.
    """
    wanted = {key: tuple(tensor.shape) for key, tensor in network.state_dict().items()}
    held = {plain_key(key): (key, tensor) for key, tensor in index.items()}
    tell_left_out(path, [name for key, (name, _) in held.items() if key not in wanted])
    for key, (name, tensor) in held.items():
        if key not in wanted:
            continue
        if tensor.shape != wanted[key]:
            raise BundleCorrupt(f"{path} holds {name} as {list(tensor.shape)}, but its settings ask for {list(wanted[key])}.")
        if tensor.dtype not in _FLOATS:
            raise BundleCorrupt(f"{path} holds {name} as {tensor.dtype}; weights are {', '.join(_FLOATS)}.")
    absent = [key for key in wanted if key not in held]
    if absent:
        more = f" and {len(absent) - 1} more." if absent[1:] else "."
        raise BundleCorrupt(f"{path} lacks the tensor {_as_written(absent[0], index)}{more}")


def _as_written(key: str, index: Mapping[str, PickledTensor]) -> str:
    new = any("parametrizations." in name for name in index)
    for theirs, ours in _WEIGHT_NORM.items():
        key = re.sub(rf"\b{ours}$", theirs, key) if new else key
    return key


def fill(network: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Put a checked file's tensors into a network, as float32; those that it has no place for are left out."""
    wanted = network.state_dict().keys()
    network.load_state_dict({plain: tensor.float() for key, tensor in state.items() if (plain := plain_key(key)) in wanted})
    network.eval()
