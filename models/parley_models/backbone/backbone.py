"""The way in: a loaded model and the conversation it has in mind."""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from parley_models.backbone.cache import MOST_IDS, KvCache
from parley_models.backbone.cache_forms import FLOAT32, fitting
from parley_models.backbone.loading import load_model
from parley_models.backbone.memory import free_memory_bytes
from parley_models.backbone.model import StepOmni
from parley_models.backbone.quantize import Quantization
from parley_models.errors import EngineError

logger = logging.getLogger(__name__)
Logits = npt.NDArray[np.float32]


class Backbone:
    """A model and one context. Not thread-safe: one thread at a time owns it."""

    def __init__(self, model: StepOmni, *, threads: int = 1, context: int | None = None, cache: str = FLOAT32) -> None:
        self._model = model
        self._cache = KvCache(model.config, min(context or model.config.max_seq_len, model.config.max_seq_len), cache)
        self._threads = threads
        self._ids: list[int] = []
        self.config = model.config

    @classmethod
    def load(
        cls,
        folder: Path,
        *,
        quantization: Quantization | str | None = None,
        threads: int = 1,
        context: int | None = None,
        cache: str | None = None,
    ) -> "Backbone":
        """Load a folder with `config.json` and safetensors.

        Args:
            folder: `backbone/` of a bundle, or a public checkpoint.
            quantization: `int8` or `int4` to quantize a float checkpoint while it is read; a quantized one says for itself.
            threads: torch threads; a small model is fastest, and far steadier beside a busy neighbour, on one.
            context: ids the cache is made for, if fewer than the model's own limit.
            cache: how keys and values are kept, `float32`, `bfloat16` or `int8`; None = the most exact of these for which there is room.

        Raises:
            BundleMissing: a file is not there.
            BundleCorrupt: a file or a tensor is not what the config says.
            UsageError: no such quantization, or the checkpoint already has another; or no such cache.
        """
        wanted = Quantization(quantization) if isinstance(quantization, str) else quantization
        model = load_model(folder, wanted)
        if cache is None:
            limit = model.config.max_seq_len
            cache = fitting(model.config, min(context or limit, limit), free_memory_bytes())
            if cache != FLOAT32:
                logger.info("the context is kept as %s: as %s it would not leave enough memory free", cache, FLOAT32)
        return cls(model, threads=threads, context=context, cache=cache)

    @property
    def ids(self) -> Sequence[int]:
        """What is in the cache."""
        return tuple(self._ids)

    @property
    def length(self) -> int:
        """How many ids are in the cache."""
        return len(self._ids)

    @property
    def capacity(self) -> int:
        """How many fit."""
        return self._cache.capacity

    @property
    def cache_form(self) -> str:
        """How keys and values are kept."""
        return self._cache.form

    def rewind(self, length: int) -> None:
        """Forget all but the first `length` ids; costs nothing. Raises EngineError if there are fewer."""
        self._cache.rewind(length)
        del self._ids[length:]

    def prefill(self, ids: Sequence[int]) -> Logits:
        """Read ids that follow what is in the cache; logits (vocab,) for what comes after the last.

        Raises:
            EngineError: no ids, ids the model does not have, or more than fit.
        """
        self._check(ids)
        self._use_threads()
        with torch.inference_mode():
            given = torch.tensor(ids)
            for piece in given.split(MOST_IDS):
                hidden = self._model.extend(piece, self._cache)
            self._ids += ids
            return self._logits(hidden)

    def step(self, token_id: int) -> Logits:
        """Read one id; logits (vocab,) for the next. Valid until the next call. Raises EngineError like `prefill`."""
        return self.prefill([token_id])

    def read(self, ids: Sequence[int], *, as_steps: bool = False) -> Logits:
        """Read a few ids that follow; logits (ids, vocab) for what comes after each of them.

        Args:
            ids: fewer than 16.
            as_steps: to the last bit what `step` would give for one after the other, if the weights are quantized; costs a little more.

        Raises:
            EngineError: like `prefill`.
        """
        self._check(ids)
        self._use_threads()
        with torch.inference_mode():
            hidden = self._model.extend(torch.tensor(ids), self._cache, as_steps=as_steps)
            self._ids += ids
            logits: Logits = self._model.logits(hidden).float().numpy()
            return logits

    def glance(self, ids: Sequence[int], layers: int) -> Logits:
        """Read ids by the lowest layers only; the logits (ids, vocab) that the head makes of it. The next `forget` undoes it.

        Raises:
            EngineError: like `prefill`.
        """
        self._check(ids)
        self._use_threads()
        with torch.inference_mode():
            logits: Logits = self._model.logits(self._model.extend(torch.tensor(ids), self._cache, layers)).float().numpy()
            return logits

    def forget(self) -> None:
        """Take every `glance` out of the cache again; costs nothing."""
        self._cache.rewind(len(self._ids))

    def prepare(self, ids: Sequence[int]) -> Logits:
        """Make the cache hold exactly these ids, reading only those after the part it already holds; logits for the next.

        Raises:
            EngineError: like `prefill`.
        """
        self._check(ids, after=0)
        common = next((at for at, (old, new) in enumerate(zip(self._ids, ids, strict=False)) if old != new), min(len(self._ids), len(ids)))
        common = min(common, len(ids) - 1)  # the last id is read again if need be: its logits are not kept
        self.rewind(common)
        return self.prefill(ids[common:])

    def _check(self, ids: Sequence[int], after: int | None = None) -> None:
        if not ids:
            raise EngineError("The backbone was given nothing to read.")
        if min(ids) < 0 or max(ids) >= self.config.vocab_size:
            raise EngineError(f"The backbone has {self.config.vocab_size} ids and was given {min(ids)} to {max(ids)}.")
        needed = (self.length if after is None else after) + len(ids)
        if needed > self.capacity:
            raise EngineError(f"The conversation needs {needed} tokens and the model holds {self.capacity}.")

    def _logits(self, hidden: torch.Tensor) -> Logits:
        logits: Logits = self._model.logits(hidden[-1:])[0].float().numpy()
        return logits

    def _use_threads(self) -> None:
        if torch.get_num_threads() != self._threads:  # a setting of the calling thread, so it is made where the work is
            torch.set_num_threads(self._threads)
