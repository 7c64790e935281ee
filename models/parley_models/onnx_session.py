"""ONNX Runtime sessions as Parley opens them: few threads that sleep when idle, self-contained files only."""

import hashlib
import logging
import mmap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
import platformdirs

from parley_models.errors import BundleCorrupt, BundleMissing, DeviceError, EngineError

logger = logging.getLogger(__name__)
Array = npt.NDArray[Any]
Shape = tuple[int | str | None, ...]
"""Sizes; an open one has a name or None."""

TENSORRT, CUDA, CPU = "TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"
PREFERRED_PROVIDERS = (TENSORRT, CUDA, CPU)


@dataclass(frozen=True, slots=True)
class Span:
    """How long the open axes of a network's inputs can be; TensorRT builds its engine for that."""

    least: int
    usual: int
    most: int
    batch: int
    """Length of the first axis, where that is open."""


TENSORRT_SPANS = {"flow_estimator": Span(4, 500, 3000, batch=2)}
"""By a file's name: the networks that TensorRT gets. Upstream gives it the flow's estimator only, with these lengths, and only the one that
remembers nothing: how much another one remembers begins at nothing, and TensorRT fails at any length that it was not told of.

The estimator takes nine tenths of a vocoder's time. Ears stay with CUDA, whose 32-bit floats give the same codes on every card.
"""


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """How this machine runs ONNX models; never part of a bundle."""

    providers: tuple[str, ...] = PREFERRED_PROVIDERS
    """In order of preference; those that this ONNX Runtime lacks are passed over."""

    card: int = 0
    """Which graphics card, as the driver counts them."""

    required: str | None = None
    """A provider without which a network is not opened at all, because the user named it."""

    threads: int = 1
    """Threads inside one operator; 1 or 2 leave room for the decoder."""

    engine_cache: Path = field(default_factory=lambda: platformdirs.user_cache_path("parley") / "tensorrt")
    """TensorRT's engines take minutes to build and are kept here, one folder a network."""


THIS_MACHINE = SessionSettings()
"""The default: the fastest provider there is, one thread."""


def provider_options(name: str, path: Path, inputs: Mapping[str, Shape], settings: SessionSettings) -> dict[str, str] | None:
    """What a provider is told about a network; None = it does not get this one.

    Args:
        name: the provider.
        path: the network's file.
        inputs: its inputs' shapes.
        settings: of this machine.
    """
    if name == CUDA:
        return {"device_id": str(settings.card), "use_tf32": "0"}  # TF32 keeps 10 bits: codes would differ from one card to the next
    if name != TENSORRT:
        return {}
    span = TENSORRT_SPANS.get(path.stem)
    if span is None or len({size for shape in inputs.values() for size in shape[1:] if not isinstance(size, int)}) > 1:
        return None  # all that is open must be one length
    with path.open("rb") as file:
        cache = str(settings.engine_cache / hashlib.file_digest(file, "sha256").hexdigest()[:16])
    return {
        "device_id": str(settings.card),
        "trt_fp16_enable": "0",  # the flow's estimator gives NaN in 16 bit (FunAudioLLM/CosyVoice issues 1113, 1930)
        "trt_engine_cache_enable": "1",
        "trt_engine_cache_path": cache,
        "trt_timing_cache_enable": "1",
        "trt_timing_cache_path": cache,
        "trt_profile_min_shapes": _profile(inputs, span.least, span.batch),
        "trt_profile_opt_shapes": _profile(inputs, span.usual, span.batch),
        "trt_profile_max_shapes": _profile(inputs, span.most, span.batch),
    }


def _profile(inputs: Mapping[str, Shape], length: int, batch: int) -> str:
    """Shapes as TensorRT wants them told: `x:2x80x500,time:2`."""
    shapes = {
        name: [size if isinstance(size, int) else batch if axis == 0 else length for axis, size in enumerate(shape)]
        for name, shape in inputs.items()
    }
    return ",".join(f"{name}:{'x'.join(map(str, sizes))}" for name, sizes in shapes.items())


class OnnxSession:
    """One loaded ONNX file. Any one thread at a time."""

    def __init__(self, path: Path, settings: SessionSettings = THIS_MACHINE) -> None:
        """Load a file.

        Raises:
            BundleMissing: no such file.
            BundleCorrupt: not an ONNX model, or one that wants weights from other files.
            DeviceError: the required provider does not get it.
        """
        if not path.is_file():
            raise BundleMissing(f"There is no file {path}.")
        if not is_self_contained(path):
            raise BundleCorrupt(f"{path} is refused: it asks for weights in other files, or for a compiled engine.")
        self._name = path.name
        available = onnxruntime.get_available_providers()
        wanted = [name for name in settings.providers if name in available]
        self._session = _opened(path, settings, {})
        if wanted != [CPU]:
            options = {name: provider_options(name, path, self.inputs, settings) for name in wanted}
            self._session = _opened(path, settings, {name: told for name, told in options.items() if told is not None})
        if settings.required is not None and settings.required not in self._session.get_providers():
            where = settings.required.removesuffix("ExecutionProvider")
            raise DeviceError(f"{path.name} can't run on {where}, card {settings.card}: take another device; the log may say why.")
        self._session.disable_fallback()  # a card that fails is told, not hidden

    @property
    def providers_taken(self) -> tuple[str, ...]:
        """The execution providers that really run it, in order; the CPU is always the last."""
        return tuple(self._session.get_providers())

    @property
    def inputs(self) -> dict[str, Shape]:
        """Names and shapes of the inputs, in order."""
        return {item.name: tuple(item.shape) for item in self._session.get_inputs()}

    @property
    def outputs(self) -> dict[str, Shape]:
        """Names and shapes of the outputs, in order."""
        return {item.name: tuple(item.shape) for item in self._session.get_outputs()}

    def run(self, feeds: Mapping[str, Array], outputs: tuple[str, ...] | None = None) -> list[Array]:
        """Run once; returns the named outputs, or all of them in order.

        Raises:
            EngineError: the model failed.
        """
        try:
            results: list[Array] = self._session.run(outputs, dict(feeds))
        except Exception as error:
            raise EngineError(f"The model {self._name} failed while it ran on {self.providers_taken[0]}.") from error
        return results

    def zeros(self, name: str) -> npt.NDArray[np.float32]:
        """A float32 zero for an input whose shape is fixed, such as a stream's state at its start."""
        return np.zeros([size if isinstance(size, int) else 0 for size in self.inputs[name]], np.float32)


def _opened(path: Path, settings: SessionSettings, providers: dict[str, dict[str, str]]) -> onnxruntime.InferenceSession:
    """A session on the first of these providers that can be had, and at last on the CPU. Raises BundleCorrupt."""
    names = [name for name in providers if name != CPU]
    for cache in [folder for told in providers.values() if (folder := told.get("trt_engine_cache_path"))]:
        Path(cache).mkdir(parents=True, exist_ok=True, mode=0o700)
    for first in range(len(names) + 1):
        chain = [(name, providers[name]) for name in names[first:]] + [(CPU, {})]
        try:
            return onnxruntime.InferenceSession(path, _options(settings), providers=chain)
        except Exception as error:
            if first == len(names):
                raise BundleCorrupt(f"{path} can't be loaded: it is damaged or no ONNX model that this ONNX Runtime knows.") from error
            logger.warning("%s can't run on %s: %s", path.name, names[first], type(error).__name__)
    raise AssertionError


def _options(settings: SessionSettings) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = settings.threads
    options.inter_op_num_threads = 1
    # Spinning threads would take the core that the decoder needs between two blocks.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return options


# Where tensors can lie in ONNX's protobuf: message → field number → message (onnx/onnx.proto).
_MESSAGES: dict[str, dict[int, str]] = {
    "model": {7: "graph", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
}
_EXTERNAL_DATA, _DATA_LOCATION = 13, 14
_OPERATOR = 4
_ENGINE = b"EPContext"
"""An operator that has a provider load a compiled engine, from another file or from the model: code that nobody looked at."""

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_KEY_BITS = 32
"""Of a field's number and wire type. Protobuf's own reader takes a longer one and drops what is above, so it is another field to it."""


def is_self_contained(path: Path) -> bool:
    """Whether no tensor of an ONNX file points to another file, and no operator loads an engine. Reads the structure, never the weights.

    Raises:
        BundleCorrupt: the file is no protobuf.
    """
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return not _points_outside(content, 0, len(content), "model")
    except (IndexError, ValueError, RecursionError) as error:
        raise BundleCorrupt(f"{path} is damaged: it is no ONNX model.") from error


def _points_outside(content: mmap.mmap, start: int, stop: int, message: str) -> bool:
    inner = _MESSAGES[message]
    for number, wire, first, last in _fields(content, start, stop):
        if message == "tensor" and (number == _EXTERNAL_DATA or (number == _DATA_LOCATION and _varint(content, first)[0] != 0)):
            return True
        if message == "node" and number == _OPERATOR and content[first:last] == _ENGINE:
            return True
        if wire == _BYTES and number in inner and _points_outside(content, first, last, inner[number]):
            return True
    return False


def _fields(content: mmap.mmap, position: int, stop: int) -> Iterator[tuple[int, int, int, int]]:
    """Every field of a message as (number, wire type, first byte, one past the last)."""
    while position < stop:
        key, first = _varint(content, position)
        wire = key & 7
        if key >> _KEY_BITS:
            raise ValueError(key)
        if wire == _BYTES:
            length, first = _varint(content, first)
            position = first + length
        elif wire == _VARINT:
            position = _varint(content, first)[1]
        elif wire in (_FIXED64, _FIXED32):
            position = first + (8 if wire == _FIXED64 else 4)
        else:
            raise ValueError(wire)
        if position > stop:
            raise ValueError(position)
        yield key >> 3, wire, first, position


def _varint(content: mmap.mmap, position: int) -> tuple[int, int]:
    """The number at a position and the position behind it."""
    value = shift = 0
    while True:
        byte = content[position]
        value |= (byte & 0x7F) << shift
        position, shift = position + 1, shift + 7
        if byte < 0x80:
            return value, position
        if shift > 63:
            raise ValueError(position)
