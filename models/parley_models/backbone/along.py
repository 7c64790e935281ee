"""Writing along: a backbone that puts the words it understands between the groups it hears (docs/architecture/mini.md, "Writing along")."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from parley_models.backbone.sampling import Logits
from parley_models.errors import BundleCorrupt
from parley_models.tokens import TokenLayout

MOST_PIECES = 24
"""Pieces between two blocks at most: who talks himself into a circle is cut short."""


class Listener(Protocol):
    """What writing along needs of a backbone."""

    def prefill(self, ids: Sequence[int]) -> Logits:
        """Read more ids; logits for the next."""
        ...

    def step(self, token_id: int) -> Logits:
        """Read one more id; logits for the next."""
        ...


class Along:
    """One question being heard: after every block the model writes the words that became clear, or listens on.

    Which it does is its own likeliest id: a text piece, or `<audio_start>` for listening on, or `<|EOT|>` when the question is
    whole; the two last are never read back. At the sound's end it can't listen on: it writes what is owed.
    """

    def __init__(
        self, backbone: Listener, layout: TokenLayout, groups_per_block: int, logits: Logits | None = None, *, ends_marked: bool = False
    ) -> None:
        """Begin, or go on where `logits` are what the backbone expects next.

        Args:
            backbone: what hears and writes.
            layout: its ids.
            groups_per_block: after so many groups words may be written.
            logits: for the next id, None = not known.
            ends_marked: the model is told by `<audio_end>` that nothing follows, and only then whether the question is whole.

        Raises:
            BundleCorrupt: the layout has no `<audio_start>`, or none of `<audio_end>` where ends are marked.
        """
        if layout.audio_start is None:
            raise BundleCorrupt("This bundle is said to write along, but it has no <audio_start>.")
        if ends_marked and layout.audio_end is None:
            raise BundleCorrupt("This bundle is said to mark where speech ends, but it has no <audio_end>.")
        self._end = layout.audio_end if ends_marked else None
        self._backbone = backbone
        self._listen, self._eot = layout.audio_start, layout.eot
        self._block = groups_per_block * layout.group_size
        self._text = np.zeros(layout.vocab_size, bool)
        self._text[: layout.audio_offset] = True
        reserved = [layout.bos, layout.bot, layout.audio_end, *layout.stops, self._listen]
        self._text[[token for token in reserved if token is not None]] = False
        self._logits = logits
        self.complete: float | None = None
        """How likely what was heard so far is a whole question, 0…1; None if that was not asked: nothing was heard, or more follows."""

    def hear(self, ids: Sequence[int], *, last: bool = False) -> list[int]:
        """Read heard groups; give them back with what was put between and behind them. `last`: nothing follows."""
        context: list[int] = []
        for start in range(0, len(ids), self._block):
            block = ids[start : start + self._block]
            context += block
            self._logits = self._backbone.prefill(block)
            context += self._write(self._logits, last=False)
        if last and self._end is not None:
            self._logits = self._backbone.step(self._end)
            context.append(self._end)
        if last and self._logits is not None:
            context += self._write(self._logits, last=True)
        return context

    def _write(self, logits: Logits, *, last: bool) -> list[int]:
        pieces: list[int] = []
        while len(pieces) < MOST_PIECES:
            piece = int(np.where(self._text, logits[: len(self._text)], -np.inf).argmax())
            if logits[piece] <= logits[self._eot] or (not last and logits[piece] <= logits[self._listen]):
                break
            pieces.append(piece)
            logits = self._backbone.step(piece)
        self._logits = logits
        self.complete = self._whole(logits) if last or self._end is None else None
        return pieces

    def _whole(self, logits: Logits) -> float:
        """The share of `<|EOT|>` among all that may follow: text, `<|EOT|>` and `<audio_start>`."""
        allowed = np.append(logits[: len(self._text)][self._text], (logits[self._eot], logits[self._listen]))
        return float(np.exp(logits[self._eot] - allowed.max()) / np.exp(allowed - allowed.max()).sum())
