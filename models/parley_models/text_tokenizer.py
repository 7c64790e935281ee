"""Text and its ids: a SentencePiece model, and decoding that gives text out as soon as it is sure."""

import re
from collections.abc import Iterable
from pathlib import Path

import sentencepiece

from parley_models.errors import BundleCorrupt, BundleMissing
from parley_models.tokens import TokenLayout

_MARKER = re.compile(r"<[^<>\s]+>")  # <|EOT|>, <audio_7>, <s>: pieces that steer the model and spell no text
_UNFINISHED = "\N{REPLACEMENT CHARACTER}"


class TextTokenizer:
    """A bundle's `text.model`."""

    def __init__(self, path: Path) -> None:
        """Open a SentencePiece model. Raises BundleMissing or BundleCorrupt."""
        if not path.is_file():
            raise BundleMissing(f"The text tokenizer {path} is not there.")
        try:
            self._pieces = sentencepiece.SentencePieceProcessor(model_proto=path.read_bytes())
        except (RuntimeError, ValueError):
            raise BundleCorrupt(f"{path} is no SentencePiece model.") from None
        self._markers = frozenset(token_id for token_id in range(len(self._pieces)) if self._is_marker(token_id))

    def __len__(self) -> int:
        return int(self._pieces.get_piece_size())

    def _is_marker(self, token_id: int) -> bool:
        return not self._pieces.is_byte(token_id) and _MARKER.fullmatch(self._pieces.id_to_piece(token_id)) is not None

    @property
    def markers(self) -> frozenset[int]:
        """Ids of the pieces that steer the model instead of spelling text."""
        return self._markers

    def marker(self, piece: str) -> int:
        """The id of a marker, by its piece. Raises BundleCorrupt if the model has none such."""
        token_id = self.find(piece)
        if token_id is None:
            raise BundleCorrupt(f"The text tokenizer has no piece {piece}.")
        return token_id

    def find(self, piece: str) -> int | None:
        """The id of a piece, or None."""
        token_id = int(self._pieces.piece_to_id(piece))
        return token_id if self._pieces.id_to_piece(token_id) == piece else None

    def encode(self, text: str, *, markers: bool = False) -> list[int]:
        """Ids of a text. Unless asked for, markers spelled out in it are left out: what a user types can't end his turn."""
        ids: list[int] = self._pieces.encode(text)
        return ids if markers else [token_id for token_id in ids if token_id not in self._markers]

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ids; bytes that form no character become U+FFFD."""
        return str(self._pieces.decode([int(token_id) for token_id in ids]))


class TextStream:
    """Decodes ids as they come: `feed` returns what each adds, and a character of several ids comes with its last one."""

    def __init__(self, tokenizer: TextTokenizer) -> None:
        self._tokenizer = tokenizer
        self._ids: list[int] = []
        self._said = 0

    def feed(self, token_id: int) -> str:
        """The text that became sure with this id; often empty in the middle of a character, and for a marker."""
        if token_id in self._tokenizer.markers:
            return ""
        self._ids.append(token_id)
        return self._news(self._tokenizer.decode(self._ids).rstrip(_UNFINISHED))

    def finish(self) -> str:
        """What is left, broken characters included."""
        return self._news(self._tokenizer.decode(self._ids))

    def _news(self, text: str) -> str:
        news = text[self._said :]
        self._said = max(self._said, len(text))
        return news


def read_layout(tokenizer: TextTokenizer, *, stops: Iterable[int] = ()) -> TokenLayout:
    """The layout of a Step-Audio checkpoint, every marker looked up by its piece. Raises BundleCorrupt if one is missing.

    `stops` are further ids that end an answer, as in the checkpoint's `eos_token_id`.
    """
    eot = tokenizer.marker("<|EOT|>")
    return TokenLayout(
        vocab_size=len(tokenizer),
        audio_offset=tokenizer.marker("<audio_0>"),
        bos=tokenizer.marker("<s>"),
        bot=tokenizer.marker("<|BOT|>"),
        eot=eot,
        stops=tuple(dict.fromkeys([eot, tokenizer.marker("</s>"), *stops])),  # mmgpt_step1_v2 ends with 2 or 3
        audio_start=tokenizer.find("<audio_start>"),
        audio_end=tokenizer.find("<audio_end>"),
    )
