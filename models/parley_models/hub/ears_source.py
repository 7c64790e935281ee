"""Step-Audio-Tokenizer's folder: Paraformer's encoder, its normalisation, the centroids, and the semantic tokenizer."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from parley_models.errors import BundleCorrupt, BundleMissing
from parley_models.hub.hyperyaml import Settings, read_hyperyaml
from parley_models.hub.pickled_index import PickledTensor, read_index
from parley_models.hub.sources import Sources
from parley_models.onnx_session import is_self_contained
from parley_models.tokenizers.lfr import STACKED, STRIDE, Cmvn
from parley_models.tokenizers.spectrum import Frames
from parley_models.tokens import TokenLayout

if TYPE_CHECKING:
    from parley_models.networks.sanm import SanmEncoder

PREFIX = "encoder."
"""Of Paraformer only the encoder is heard."""

LARGEST_TABLE = 64 * 2**20
_ENCODER = ("SANMEncoderChunkOpt",)


@dataclass(frozen=True, slots=True)
class EarsSource:
    """Tokenizers that were looked at."""

    folder: Path
    """Paraformer's."""

    settings: Settings
    encoder: dict[str, PickledTensor]
    """Its tensors, without the prefix."""

    centroids: Frames
    cmvn: Cmvn
    semantic: Path


def read_ears(sources: Sources, layout: TokenLayout) -> EarsSource:
    """Look at the tokenizers. No torch.

    Raises:
        BundleMissing: a file is not there.
        BundleCorrupt: a file is refused, says something that is not known, or does not fit the others.
    """
    folder = sources.paraformer
    settings = Settings(folder / "config.yaml", read_hyperyaml(folder / "config.yaml"))
    for place, known in (
        ("encoder", _ENCODER[0]), ("encoder_conf.input_layer", "pe_online"), ("encoder_conf.normalize_before", True),
        ("encoder_conf.selfattention_layer_type", "sanm"), ("encoder_conf.sanm_shfit", 0),
        ("frontend_conf.fs", 16_000), ("frontend_conf.window", "hamming"), ("frontend_conf.n_mels", 80), ("frontend_conf.frame_length", 25),
        ("frontend_conf.frame_shift", 10), ("frontend_conf.lfr_m", STACKED), ("frontend_conf.lfr_n", STRIDE),
    ):  # fmt: skip
        settings.must_be(place, known)
    index = read_index(folder / "model.pt")
    encoder = {key.removeprefix(PREFIX): tensor for key, tensor in index.items() if key.startswith(PREFIX)}
    if not encoder:
        raise BundleCorrupt(f"{folder / 'model.pt'} holds no encoder.")
    centroids = read_table(sources.codebook)
    if centroids.ndim != 2 or not 0 < len(centroids) <= layout.linguistic_size or not np.isfinite(centroids).all():
        raise BundleCorrupt(f"{sources.codebook} holds {list(centroids.shape)}, not up to {layout.linguistic_size} centroids.")
    if centroids.shape[1] != settings.whole("encoder_conf.output_size"):
        raise BundleCorrupt(
            f"{sources.codebook} holds centroids of {centroids.shape[1]} numbers; "
            f"{settings.path} makes frames of {settings.whole('encoder_conf.output_size')}."
        )
    mvn = folder / "am.mvn"
    if mvn.stat().st_size > 2**20:
        raise BundleCorrupt(f"{mvn} is refused: {mvn.stat().st_size:,} bytes are too many for it.")
    cmvn = Cmvn.read(mvn)
    width = settings.whole("frontend_conf.n_mels", 80) * STACKED
    if cmvn.shift.shape != (width,) or cmvn.scale.shape != (width,) or not np.isfinite([cmvn.shift, cmvn.scale]).all():
        raise BundleCorrupt(f"{mvn} holds {len(cmvn.shift)} and {len(cmvn.scale)} numbers, not {width} each.")
    semantic = sources.tokenizer / "speech_tokenizer_v1.onnx"
    check_onnx(semantic)
    return EarsSource(folder, settings, encoder, centroids.astype(np.float32), cmvn, semantic)


def read_table(path: Path) -> np.ndarray[Any, np.dtype[np.floating[Any]]]:
    """A plain array of floats out of an npy file, whose size is believed only when the file has it.

    Raises:
        BundleMissing: no such file.
        BundleCorrupt: anything else than floats, objects above all.
    """
    if not path.is_file():
        raise BundleMissing(f"There is no file {path}.")
    try:
        if path.stat().st_size > LARGEST_TABLE:
            raise BundleCorrupt(f"{path} is refused: {path.stat().st_size:,} bytes are too many for a table.")
        table = np.load(path, mmap_mode="r", allow_pickle=False)
    except BundleCorrupt:
        raise
    except Exception as error:  # numpy reads the header with Python's own tokenizer, which fails in many ways
        raise BundleCorrupt(f"{path} is refused: it is no plain array of numbers.") from error
    if not isinstance(table, np.ndarray) or table.dtype.kind != "f":
        raise BundleCorrupt(f"{path} is refused: it holds no floats.")
    return np.array(table)


def check_onnx(path: Path) -> None:
    """See that a file is an ONNX graph of its own, without running anything. Raises BundleMissing or BundleCorrupt."""
    if not path.is_file():
        raise BundleMissing(f"There is no file {path}.")
    if not is_self_contained(path):
        raise BundleCorrupt(f"{path} is refused: it asks for weights in other files.")


def encoder_of(source: EarsSource) -> "SanmEncoder":
    """An empty encoder of the right sizes. Raises BundleCorrupt."""
    from parley_models.networks.sanm import SanmConfig, SanmEncoder

    settings = source.settings
    return SanmEncoder(
        SanmConfig(
            width=settings.whole("encoder_conf.output_size"),
            layers=settings.whole("encoder_conf.num_blocks"),
            heads=settings.whole("encoder_conf.attention_heads"),
            ffn=settings.whole("encoder_conf.linear_units"),
            input_size=settings.whole("frontend_conf.n_mels", 80) * STACKED,
            kernel=settings.whole("encoder_conf.kernel_size", 11),
        )
    )
