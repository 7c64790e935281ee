"""llama.cpp in this process, to be measured against: the few functions of its C interface that decoding needs.

They are taken out of the library that the package xllamacpp brings along. Its own server would put a queue, a sampler and JSON between the
clock and a model that may take less than a millisecond, and the processor time of its thread could not be told.
Of llama.cpp's structures only the first field is touched, and what was asked for is read back, so that another version's would be noticed.
"""

import ctypes
from collections.abc import Sequence
from ctypes import POINTER, byref, c_bool, c_char_p, c_float, c_int32, c_size_t, c_uint8, c_uint32, c_void_p
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from parley_models.errors import EngineError

INSTALL = ".venv/bin/pip install -c constraints.txt gguf xllamacpp"
FIRST_IDS = 64
"""Are read in earnest; a longer context is made of them by doubling."""

_ROOM = 1024
"""Bytes for structures of which only the beginning is known; llama.cpp's are below 600."""


class _ModelParams(ctypes.Structure):
    _fields_ = (("devices", c_void_p), ("rest", c_uint8 * _ROOM))


class _ContextParams(ctypes.Structure):
    _fields_ = (("n_ctx", c_uint32), ("rest", c_uint8 * _ROOM))


class _PoolParams(ctypes.Structure):
    _fields_ = (("all", c_uint8 * _ROOM),)


class _Batch(ctypes.Structure):
    _fields_ = (("n_tokens", c_int32), *((name, c_void_p) for name in ("token", "embd", "pos", "n_seq_id", "seq_id", "logits")))


_LOG = ctypes.CFUNCTYPE(None, ctypes.c_int, c_char_p, c_void_p)
_SILENCE = _LOG(lambda _level, _text, _data: None)  # kept for as long as the library may call it

_FUNCTIONS: tuple[tuple[str, object, Sequence[object]], ...] = (
    ("llama_log_set", None, (_LOG, c_void_p)),
    ("llama_backend_init", None, ()),
    ("llama_model_default_params", _ModelParams, ()),
    ("llama_model_load_from_file", c_void_p, (c_char_p, _ModelParams)),
    ("llama_model_free", None, (c_void_p,)),
    ("llama_context_default_params", _ContextParams, ()),
    ("llama_init_from_model", c_void_p, (c_void_p, _ContextParams)),
    ("llama_free", None, (c_void_p,)),
    ("llama_n_ctx", c_uint32, (c_void_p,)),
    ("llama_set_n_threads", None, (c_void_p, c_int32, c_int32)),
    ("ggml_threadpool_params_default", _PoolParams, (c_int32,)),
    ("ggml_threadpool_new", c_void_p, (c_void_p,)),
    ("ggml_threadpool_free", None, (c_void_p,)),
    ("llama_attach_threadpool", None, (c_void_p, c_void_p, c_void_p)),
    ("llama_batch_get_one", _Batch, (c_void_p, c_int32)),
    ("llama_decode", c_int32, (c_void_p, _Batch)),
    ("llama_get_logits", POINTER(c_float), (c_void_p,)),
    ("llama_get_memory", c_void_p, (c_void_p,)),
    ("llama_memory_seq_rm", c_bool, (c_void_p, c_int32, c_int32, c_int32)),
    ("llama_memory_seq_add", None, (c_void_p, c_int32, c_int32, c_int32, c_int32)),
    ("llama_memory_seq_cp", None, (c_void_p, c_int32, c_int32, c_int32, c_int32)),
    ("llama_memory_seq_pos_max", c_int32, (c_void_p, c_int32)),
    ("llama_state_seq_get_size", c_size_t, (c_void_p, c_int32)),
    ("llama_state_seq_get_data", c_size_t, (c_void_p, c_void_p, c_size_t, c_int32)),
    ("llama_state_seq_set_data", c_size_t, (c_void_p, c_void_p, c_size_t, c_int32)),
)
"""Name, result, arguments; as llama.h and ggml-cpu.h declare them."""


def is_installed() -> bool:
    """Whether the extra `peers` is here: llama.cpp, and what writes its files."""
    return find_spec("xllamacpp") is not None and find_spec("gguf") is not None


def build() -> tuple[str, str]:
    """Version of the package, and for which instructions its llama.cpp was compiled."""
    import xllamacpp

    return f"xllamacpp {version('xllamacpp')}", str(xllamacpp.get_system_info()).strip(" |")


class LlamaCpp:
    """One model on the processor, with a cache of one conversation. Belongs to one thread."""

    def __init__(self, path: Path, capacity: int, threads: int) -> None:
        """Load a GGUF file; `capacity` ids go into the cache.

        Raises:
            EngineError: no llama.cpp that could be used, or it refuses the file.
        """
        self._library, self._threads = _library(), threads
        self._no_devices = (c_void_p * 1)()
        params = self._library.llama_model_default_params()
        params.devices = ctypes.addressof(self._no_devices)  # an empty list: the processor alone, also where a card is
        self._model = self._library.llama_model_load_from_file(str(path).encode(), params)
        if not self._model:
            raise EngineError(f"llama.cpp can't load {path.name}.")
        context = self._library.llama_context_default_params()
        context.n_ctx = capacity
        self._context = self._library.llama_init_from_model(self._model, context)
        self._pool: int | None = None
        if not self._context or self._library.llama_n_ctx(self._context) < capacity:
            self.close()
            raise EngineError(f"llama.cpp gives no context of {capacity} ids.")
        self._memory = self._library.llama_get_memory(self._context)
        self._library.llama_set_n_threads(self._context, threads, threads)
        if threads > 1:  # without one it starts its threads anew in each pass where it was compiled without OpenMP
            self._pool = self._library.ggml_threadpool_new(byref(self._library.ggml_threadpool_params_default(threads)))
            self._library.llama_attach_threadpool(self._context, self._pool, None)
        self._ids = (c_int32 * FIRST_IDS)(*range(FIRST_IDS))

    @property
    def length(self) -> int:
        """Ids in the cache."""
        return int(self._library.llama_memory_seq_pos_max(self._memory, 0)) + 1

    def read(self, ids: int) -> None:
        """One pass over 1 to FIRST_IDS ids after those in the cache, and the logits of the last. Raises EngineError."""
        if self._library.llama_decode(self._context, self._library.llama_batch_get_one(self._ids, ids)):
            raise EngineError(f"llama.cpp did not read {ids} ids after {self.length}.")
        self._library.llama_get_logits(self._context)  # waits for them

    def rewind(self, length: int) -> None:
        """Forget all but the first `length` ids. Raises EngineError if there are fewer."""
        self._library.llama_memory_seq_rm(self._memory, 0, length, -1)
        if self.length != length:
            raise EngineError(f"llama.cpp's cache was to hold {length} ids and holds {self.length}.")

    def fill(self, length: int) -> None:
        """Make the cache hold `length` ids without reading them all: FIRST_IDS are read, and what is there is doubled until it is enough.

        Raises:
            EngineError: the last doubling, and one id more, do not fit.
        """
        self.rewind(0)
        if length:
            self.read(FIRST_IDS)
            while self.length < length:
                self._double()
            self.read(1)  # turns the doubled keys to their places
            self.rewind(length)

    def _double(self) -> None:
        library, memory, length = self._library, self._memory, self.length
        size = library.llama_state_seq_get_size(self._context, 0)
        state = (c_uint8 * size)()
        library.llama_state_seq_get_data(self._context, state, size, 0)
        library.llama_state_seq_set_data(self._context, state, size, 1)
        library.llama_memory_seq_add(memory, 1, 0, -1, length)
        library.llama_memory_seq_cp(memory, 1, 0, -1, -1)
        library.llama_memory_seq_rm(memory, 1, -1, -1)
        if self.length != 2 * length:
            raise EngineError(f"llama.cpp's cache does not take {length} ids more.")

    def close(self) -> None:
        """Give the memory back; the file may be deleted then."""
        if self._context:
            self._library.llama_free(self._context)
        if self._pool:
            self._library.ggml_threadpool_free(self._pool)
        if self._model:
            self._library.llama_model_free(self._model)
        self._context = self._pool = self._model = None


@cache
def _library() -> ctypes.CDLL:
    try:
        import xllamacpp

        library = ctypes.CDLL(xllamacpp.xllamacpp.__file__)
        for name, result, arguments in _FUNCTIONS:
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
    except (ImportError, OSError, AttributeError) as error:
        raise EngineError(f"This build of xllamacpp does not offer llama.cpp's functions: {error}.") from None
    library.llama_log_set(_SILENCE, None)
    library.llama_backend_init()
    return library
