"""The trained tokenizers over whole utterances: the same codes as the streaming ones, all blocks at once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soxr
import torch
from torch import Tensor

from parley_models.networks.sanm import SanmEncoder
from parley_models.networks.semantic import DETAIL_LEVELS, SemanticEncoder
from parley_models.networks.stored import MOST, SMALLEST
from parley_models.pcm import Samples
from parley_models.tokenizers.fbank import fbank
from parley_models.tokenizers.lfr import stack
from parley_models.tokenizers.logmel import block_logmel, silence
from parley_models.tokens import Codes, merge
from parley_training.corpus.answers import ANSWER_RATE_HZ
from parley_training.corpus.speech import RATE_HZ
from parley_training.kmeans import nearest
from parley_training.linguistic.depth import layers_of
from parley_training.linguistic.features import LOG_FLOOR, whole_blocks, with_silence_behind
from parley_training.linguistic.recipe import CONFIG as LINGUISTIC
from parley_training.semantic.recipe import CONFIG as SEMANTIC

SAMPLES_PER_GROUP = 2880
"""Of an answer: 0.12 s."""


@dataclass(frozen=True, slots=True)
class TrainedEars:
    """Both tokenizers, as torch networks."""

    sanm: SanmEncoder
    book: Tensor
    cmvn: npt.NDArray[np.float32]
    listener: SemanticEncoder

    @staticmethod
    @cache
    def open(linguistic: Path, semantic: Path) -> "TrainedEars":
        """Read both recipes' checkpoints; one thread, for one process of several."""
        torch.set_num_threads(1)
        saved = torch.load(linguistic / "checkpoint.pt", weights_only=True)
        shape = replace(LINGUISTIC, lookahead=saved.get("lookahead", 0), layers=layers_of(saved["reader"]))
        sanm, listener = SanmEncoder(shape), SemanticEncoder(SEMANTIC)
        learned = {key.removeprefix("encoder."): value for key, value in saved["reader"].items() if key.startswith("encoder.")}
        # A bundle keeps these in half precision: with our own, 5 of 4,000 codes would be others than it hears.
        sanm.inverse_timescales.copy_(learned.pop("inverse_timescales", sanm.inverse_timescales))
        sanm.load_state_dict(learned)
        round_as_stored(sanm)
        listener.load_state_dict(torch.load(semantic / "checkpoint.pt", weights_only=True)["encoder"])
        book = torch.from_numpy(np.load(linguistic / "codebook.npy"))
        return TrainedEars(sanm.eval(), book, np.load(linguistic / "cmvn.npy"), listener.eval())

    def hear(self, samples: Samples) -> Codes:
        """Groups (n, 5) of a sound at 16 kHz, zeros up to the whole block included."""
        return merge(self.linguistic(fbank(with_silence_behind(samples), floor=LOG_FLOOR)), self.semantic(whole_blocks(samples))).codes

    def hear_answer(self, samples: Samples) -> Codes:
        """Groups (n, 5) of an answer at 24 kHz: group g is 2,880 samples of it, the last one may reach past its end."""
        groups = -(-len(samples) // SAMPLES_PER_GROUP)
        return self.hear(soxr.resample(samples, ANSWER_RATE_HZ, RATE_HZ))[:groups]

    def linguistic(self, banks: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
        """Codes (4 c,) of filter banks (24 c + 22, 80): c blocks, and the silent one behind them."""
        (codes,) = self.linguistic_each([banks])
        return codes

    def linguistic_each(self, hearings: Sequence[npt.NDArray[np.float32]]) -> npt.NDArray[np.int64]:
        """The same of several of one length (n, 4 c): together they take two thirds of the time."""
        stacked = np.stack([stack(banks)[: (len(banks) + 2) // 6] for banks in hearings])
        with torch.inference_mode():
            frames = self.sanm.in_time(torch.from_numpy((stacked + self.cmvn[0]) * self.cmvn[1]))
            return nearest(frames.flatten(0, 1), self.book).view(frames.shape[:2]).numpy()

    def semantic(self, sound: Samples) -> npt.NDArray[np.int64]:
        """Codes (6 c,) of c whole blocks of sound."""
        mel = block_logmel(sound)
        quiet = np.full((SEMANTIC.context_frames, mel.shape[1]), silence(), mel.dtype)
        windows = np.lib.stride_tricks.sliding_window_view(np.concatenate([quiet, mel]), SEMANTIC.window_frames, axis=0)
        with torch.inference_mode():
            f0, detail = self.listener(torch.from_numpy(windows[:: SEMANTIC.block_frames].copy()))
        codes = f0.argmax(-1) * DETAIL_LEVELS + detail.argmax(-1)
        return codes[:, -SEMANTIC.block_codes :].reshape(-1).numpy()


def round_as_stored(sanm: SanmEncoder) -> None:
    """Make the weights those that a bundle will keep (`networks.stored.quarter`): what is learned from must be what will be heard."""
    with torch.no_grad():
        for weight in (each for each in sanm.parameters() if each.numel() >= SMALLEST):
            if weight.ndim == 2:  # the exporter turns it round: a row here is a column there
                scale = weight.abs().amax(1, keepdim=True).clamp(min=torch.finfo(torch.float32).tiny) / MOST
                weight.copy_((weight / scale).round() * scale)
            else:
                weight.copy_(weight.half().float())
