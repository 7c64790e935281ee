"""How well words explain a sound: phones are read from the ears' frames, and the words' phones are laid along them (N-best rescoring)."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from parley_models.errors import BundleCorrupt, BundleMissing
from parley_models.tokenizers.forced_alignment import align
from parley_models.tokenizers.spectrum import Frames
from parley_models.tokenizers.tables import read_table

SLOTS = 3
"""Of 20 ms in a frame of 60 ms."""

SILENCE = "pau"
STRANGE = 1.0
"""A word that the lexicon lacks may sound like anything: its slots are so much less likely than with the likeliest phone, each."""

_WORD = re.compile(r"[a-z']+")


class Lexicon:
    """How words are said."""

    def __init__(self, phones: Sequence[str], said: Mapping[str, str]) -> None:
        """`said`: words in small letters, and their phones with spaces between them."""
        self.phones, self._said = list(phones), said
        self._number = {phone: number for number, phone in enumerate(phones)}

    @staticmethod
    def read(path: Path) -> "Lexicon":
        """Read a file whose first line names the phones, and each further one a word and its phones.

        Raises:
            BundleMissing: no such file.
            BundleCorrupt: not such lines.
        """
        try:
            head, *lines = path.read_text(encoding="utf-8").splitlines()
            lexicon = Lexicon(head.split(), dict(line.split(" ", 1) for line in lines))
        except FileNotFoundError:
            raise BundleMissing(f"There is no file {path}.") from None
        except ValueError as error:  # no text, no line at all, or one of a word alone
            raise BundleCorrupt(f"{path} is damaged: it is no lexicon.") from error
        if SILENCE not in lexicon.phones:
            raise BundleCorrupt(f"{path} is damaged: {SILENCE} is not among its phones.")
        return lexicon

    def write(self, path: Path) -> None:
        """Write what `read` reads, in the words' alphabetical order."""
        path.write_text(
            "\n".join([" ".join(self.phones), *(f"{word} {self._said[word]}" for word in sorted(self._said))]) + "\n", encoding="utf-8"
        )

    def pronounced(self, word: str) -> list[int] | None:
        """The numbers of a word's phones; None if it is unknown, or said with phones that are."""
        try:
            return [self._number[phone] for phone in self._said[word].split()]
        except KeyError:
            return None


class AcousticModel:
    """What reads phones from the linguistic encoder's frames, and a lexicon (a hybrid acoustic model, Bourlard and Morgan 1994)."""

    def __init__(self, reader: npt.NDArray[np.floating], lexicon: Lexicon) -> None:
        """`reader`: (width + 1, 3 · phones), what a frame is multiplied by and, in the last row, what is added.

        Raises:
            BundleCorrupt: it does not read the lexicon's phones.
        """
        if reader.ndim != 2 or reader.shape[1] != SLOTS * len(lexicon.phones):
            raise BundleCorrupt(f"What reads phones has the shape {reader.shape}, which is not that of {len(lexicon.phones)} phones.")
        self._weights, self._bias = reader[:-1].astype(np.float32), reader[-1].astype(np.float32)
        self._lexicon = lexicon
        self._silence = lexicon.phones.index(SILENCE)

    @staticmethod
    def open(reader: Path, lexicon: Path) -> "AcousticModel":
        """Load both files.

        Raises:
            BundleMissing: one is not there.
            BundleCorrupt: one is not what it should be, or they don't fit together.
        """
        return AcousticModel(read_table(reader, "phones"), Lexicon.read(lexicon))

    def __deepcopy__(self, _memo: dict[int, object]) -> "AcousticModel":
        return self  # a copied stream hears on by itself, with the same weights

    def log_likelihoods(self, frames: Frames, texts: Sequence[str]) -> list[float]:
        """Log probability of the likeliest way in which each text explains frames (n, width); 0.0 for all if there are no frames."""
        if not len(frames):
            return [0.0 for _ in texts]
        emitted = self._emitted(frames)
        found = {text: self._log_likelihood(emitted, text) for text in set(texts)}
        return [found[text] for text in texts]

    def _emitted(self, frames: Frames) -> npt.NDArray[np.float64]:
        """Log probabilities (slots, phones + 1) of every slot's phones; the last is of a word that nobody knows."""
        logits = (frames @ self._weights + self._bias).reshape(len(frames) * SLOTS, -1).astype(np.float64)
        likeliest = logits.max(1, keepdims=True)
        certain = -np.log(np.exp(logits - likeliest).sum(1, keepdims=True))  # the likeliest one's own log probability
        return np.concatenate([logits - likeliest + certain, certain - STRANGE], axis=1)

    def _log_likelihood(self, emitted: npt.NDArray[np.float64], text: str) -> float:
        states = [self._silence]
        for word in _WORD.findall(text.lower()):
            said = self._lexicon.pronounced(word)
            states += [*([emitted.shape[1] - 1] if said is None else said), self._silence]
        path = np.array(states)
        return align(emitted[:, path], path == self._silence).log_likelihood
