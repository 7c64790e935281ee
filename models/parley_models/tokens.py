"""Speech between ears and voice: dual-codebook tokens, their ids and their groups.

Facts: Step-Audio merges a linguistic stream (16.67 Hz, 1,024 codes) and a semantic stream (25 Hz, 4,096 codes) 2:3
into groups [L L S S S] of 120 ms (stepfun-ai/Step-Audio tokenizer.py:74-80,187-197).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.uint16]
GROUP_SECONDS = 0.12
SEMANTIC_HZ = 25.0
"""Semantic codes of a second, three a group."""


@dataclass(frozen=True, slots=True)
class TokenLayout:
    """Where text, markers and audio codes lie among a bundle's ids, and how they are mixed."""

    vocab_size: int
    audio_offset: int
    """Id of `<audio_0>`."""

    bos: int
    bot: int
    eot: int
    stops: tuple[int, ...]
    """Ids that end an answer; `eot` is one of them."""

    audio_start: int | None = None
    audio_end: int | None = None
    linguistic_size: int = 1024
    semantic_size: int = 4096
    linguistic_per_group: int = 2
    semantic_per_group: int = 3
    text_per_block: int = 10
    audio_per_block: int = 15

    @property
    def group_size(self) -> int:
        """Audio ids in one group."""
        return self.linguistic_per_group + self.semantic_per_group

    @property
    def semantic_offset(self) -> int:
        """Id of the first semantic code."""
        return self.audio_offset + self.linguistic_size

    @property
    def audio_stop(self) -> int:
        """One past the last audio id."""
        return self.semantic_offset + self.semantic_size

    def is_audio(self, token_id: int) -> bool:
        """Whether an id is an audio code of either book."""
        return self.audio_offset <= token_id < self.audio_stop


@dataclass(frozen=True, slots=True)
class SpeechTokens:
    """Complete groups of codes."""

    codes: Codes
    """uint16 (groups, 5): columns 0-1 linguistic, 2-4 semantic, each counted from 0 in its own book."""

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def seconds(self) -> float:
        """How much sound the groups stand for at rate 1."""
        return len(self.codes) * GROUP_SECONDS

    @property
    def linguistic(self) -> Codes:
        """The linguistic stream, (2 groups,)."""
        return self.codes[:, :2].reshape(-1)

    @property
    def semantic(self) -> Codes:
        """The semantic stream, (3 groups,)."""
        return self.codes[:, 2:].reshape(-1)

    def ids(self, layout: TokenLayout) -> list[int]:
        """The groups as a flat list of LLM ids."""
        offsets = np.array([layout.audio_offset] * 2 + [layout.semantic_offset] * 3)
        return [int(token) for token in (self.codes.astype(np.int64) + offsets).reshape(-1)]

    @staticmethod
    def empty() -> "SpeechTokens":
        """No groups at all."""
        return SpeechTokens(np.zeros((0, 5), np.uint16))


def merge(linguistic: npt.NDArray[np.integer], semantic: npt.NDArray[np.integer]) -> SpeechTokens:
    """Merge two streams of codes 2:3; what does not fill a whole group is left out, never padded."""
    groups = min(len(linguistic) // 2, len(semantic) // 3)
    pairs = np.asarray(linguistic[: groups * 2]).reshape(groups, 2)
    triples = np.asarray(semantic[: groups * 3]).reshape(groups, 3)
    return SpeechTokens(np.concatenate([pairs, triples], axis=1).astype(np.uint16))
