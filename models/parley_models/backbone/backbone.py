"""The way in: a loaded model and the conversation it has in mind."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch

from parley_models.backbone.cache import MOST_IDS, KvCache
from parley_models.backbone.cache_forms import BFLOAT16, FLOAT32, FORMS, bytes_per_id, fitting
from parley_models.backbone.config import BackboneConfig
from parley_models.backbone.loading import load_model
from parley_models.backbone.memory import free_memory_bytes
from parley_models.backbone.model import FEW_IDS, StepOmni
from parley_models.backbone.quantize import Quantization
from parley_models.backbone.written_out import WrittenOut
from parley_models.device import BESIDE_BYTES
from parley_models.errors import DeviceError, EngineError

if TYPE_CHECKING:
    from parley_models.backbone.card_steps import RecordedSteps

logger = logging.getLogger(__name__)
Logits = npt.NDArray[np.float32]


def caching(model: StepOmni, capacity: int, form: str) -> "tuple[KvCache, RecordedSteps | None]":
    """A cache where the model lies; on a card with recordings of steps, if its kernels run there. Raises UsageError for an unknown form."""
    device = model.slopes.device
    if device.type == "cuda" and form != FLOAT32 and find_spec("triton"):
        from parley_models.backbone.card_cache import CardCache, attention_is_right
        from parley_models.backbone.card_steps import RecordedSteps

        if attention_is_right(model.config, form, device):
            cache = CardCache(model.config, capacity, form, device)
            return cache, RecordedSteps(model, cache)
    with torch.device(device):
        return KvCache(model.config, capacity, form), None


def cache_that_fits(config: BackboneConfig, wanted: int, device: str) -> tuple[str, int]:
    """The form of the cache and the ids that it can have. Raises DeviceError if a card has room for none."""
    if device == "cpu":
        form = fitting(config, wanted, free_memory_bytes())
        if form != FLOAT32:
            logger.info("the context is kept as %s: as %s it would not leave enough memory free", form, FLOAT32)
        return form, wanted
    room = torch.cuda.mem_get_info(device)[0] - BESIDE_BYTES
    narrow = FORMS[FORMS.index(BFLOAT16) :]
    form = next((each for each in narrow if wanted * bytes_per_id(config, each) <= room), narrow[-1])
    fits = min(wanted, int(room // bytes_per_id(config, form)))
    if fits < 1:
        raise DeviceError(f"The card {device} holds the backbone, but leaves no room for a conversation: take it in fewer bits.")
    if fits < wanted:
        logger.warning("the card has room for a context of %d ids of %d", fits, wanted)
    return form, fits


def _told(logits: torch.Tensor) -> Logits:
    """Logits (ids, vocab) as the host has them. Raises EngineError for what is no number: the likeliest of such is always the first id."""
    found: Logits = logits.float().cpu().numpy()
    if not np.isfinite(found.max()) or not np.isfinite(found.min()):
        raise EngineError("The backbone gives what is no number: its weights are damaged, or the card fails.")
    return found


class Backbone:
    """A model and one context. Not thread-safe: one thread at a time owns it."""

    def __init__(self, model: StepOmni, *, threads: int = 1, context: int | None = None, cache: str = FLOAT32) -> None:
        self._model = model
        self._device = model.slopes.device
        self._pass = WrittenOut(model) if self._device.type == "cpu" else model
        limit = min(context or model.config.max_seq_len, model.config.max_seq_len)
        self._cache, self._recorded = caching(model, limit, cache)
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
        device: str = "cpu",
    ) -> "Backbone":
        """Load a folder with `config.json` and safetensors.

        Args:
            folder: `backbone/` of a bundle, or a public checkpoint.
            quantization: `int8` or `int4` to quantize a float checkpoint while it is read; a quantized one says for itself.
            threads: torch threads; a small model is fastest, and far steadier beside a busy neighbour, on one.
            context: ids the cache is made for, if fewer than the model's own limit.
            cache: how keys and values are kept, `float32`, `bfloat16` or `int8`; None = the most exact of these for which there is room.
            device: `cpu`, or a card as torch calls it: `cuda:0`. A card keeps a context as bfloat16 or int8, and as much of it as fits.

        Raises:
            BundleMissing: a file is not there.
            BundleCorrupt: a file or a tensor is not what the config says.
            UsageError: no such quantization, or the checkpoint already has another; or no such cache.
            DeviceError: the card can't hold it.
        """
        wanted = Quantization(quantization) if isinstance(quantization, str) else quantization
        try:
            if device != "cpu":
                torch.cuda.set_device(device)  # Triton starts its kernels where the thread is
            else:
                torch.set_num_threads(threads)  # kernels are chosen as they will run
            model = load_model(folder, wanted, device)
            limit = min(context or model.config.max_seq_len, model.config.max_seq_len)
            if cache is None:
                cache, limit = cache_that_fits(model.config, limit, device)
            return cls(model, threads=threads, context=limit, cache=cache)
        except torch.cuda.OutOfMemoryError:
            raise DeviceError(
                f"The card {device} has too little free memory for the backbone: `parley models plan` tells what fits."
            ) from None

    def twin(self) -> "Backbone":
        """The same weights with an empty cache of its own; the same thread owns both."""
        return Backbone(self._model, threads=self._threads, context=self.capacity, cache=self.cache_form)

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
    def device(self) -> str:
        """Where it computes, as torch calls it."""
        return str(self._device)

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
            EngineError: no ids, ids the model does not have, or more than fit; what the model gives is no number; a card's memory is full.
        """
        self._check(ids)
        self.forget()
        with self._computing():
            if self._recorded is not None and len(ids) <= FEW_IDS:
                logits = self._few(ids)[-1:]
            else:
                for start in range(0, len(ids), MOST_IDS):
                    piece = torch.tensor(ids[start : start + MOST_IDS], device=self._device)
                    hidden = self._pass.extend(piece, self._cache)
                logits = self._pass.logits(hidden[-1:])
            found = _told(logits)
            self._ids += ids
            return found[0]

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
        self.forget()
        with self._computing():
            found = _told(self._few(ids, as_steps=as_steps))
            self._ids += ids
            return found

    def glance(self, ids: Sequence[int], layers: int) -> Logits:
        """Read ids by the lowest layers only; the logits (ids, vocab) that the head makes of it. The next `forget` undoes it.

        Raises:
            EngineError: like `prefill`.
        """
        self._check(ids)
        with self._computing():
            return _told(self._few(ids, layers))

    def forget(self) -> None:
        """Take every `glance` out of the cache again, and what a pass left there that failed; costs nothing."""
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

    def _few(self, ids: Sequence[int], layers: int | None = None, *, as_steps: bool = False) -> torch.Tensor:
        """Logits (ids, vocab) after each of a few ids."""
        if self._recorded is not None:
            return self._recorded.logits(ids, layers, as_steps=as_steps)
        return self._pass.logits(self._pass.extend(torch.tensor(ids, device=self._device), self._cache, layers, as_steps=as_steps))

    @contextmanager
    def _computing(self) -> Iterator[None]:
        """With the settings of the calling thread, which are made where the work is. Raises EngineError if a card's memory is full."""
        if self._device.type == "cuda":
            torch.cuda.set_device(self._device)
        elif torch.get_num_threads() != self._threads:
            torch.set_num_threads(self._threads)
        try:
            with torch.inference_mode():
                yield
        except torch.cuda.OutOfMemoryError:
            raise EngineError(f"The card {self._device} has no memory left to go on with: other programs may have taken it.") from None
