"""The ear of the examination: which of the possible answers is in the sound?

An independent recognizer, pocketsphinx (CMU Sphinx; Huggins-Daines et al. 2006) with its US English model, chooses among the
candidates. It shares nothing with the models it judges, and it must choose by sound alone.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from importlib.resources import files
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soxr

from parley_models.errors import EngineError
from parley_models.evaluation.questions import normalize
from parley_models.pcm import AudioChunk, Samples

if TYPE_CHECKING:
    from pocketsphinx import Decoder

RATE_HZ = 16_000
SILENCE_S = 0.4
"""Quiet put before and after: the recognizer expects speech to begin and end in it."""
PEAK = 0.5
DITHER = 1e-3
"""Amplitude of the noise under the quiet, -60 dBFS: digital silence gives the recognizer infinite log energies."""


class Judge:
    """Hears which candidate was spoken. Not for several threads at once.

    Raises:
        EngineError: pocketsphinx is not installed.
    """

    def __init__(self) -> None:
        try:
            from pocketsphinx import Decoder, get_model_path
        except ImportError as missing:
            raise EngineError("The judge of spoken answers needs pocketsphinx: pip install pocketsphinx.") from missing
        model = Path(get_model_path()) / "en-us"
        self._decoder: Decoder = Decoder(
            hmm=str(model / "en-us"), dict=str(model / "cmudict-en-us.dict"), lm=None, loglevel="FATAL", cmn="batch"
        )
        for word, phones in _pronunciations():
            self._add(word, phones)

    def hear(self, chunk: AudioChunk, candidates: Sequence[str]) -> str | None:
        """The candidate that sounds most like the chunk, as it stands in the list; None if none can be made out.

        Raises:
            EngineError: a candidate has a word that the recognizer can't pronounce.
        """
        spoken = {normalize(candidate): candidate for candidate in reversed(candidates)}
        if not spoken or not len(chunk.samples) or not np.isfinite(chunk.samples).all() or not np.any(chunk.samples):
            return None
        self._listen_for(list(spoken))
        self._decoder.start_utt()
        self._decoder.process_raw(_pcm(chunk), full_utt=True)
        self._decoder.end_utt()
        heard = self._decoder.hyp()
        return spoken.get(heard.hypstr) if heard is not None else None

    def pronounces(self, sentence: str) -> bool:
        """Whether it can be a candidate: its words are all known."""
        return all(self._decoder.lookup_word(word) is not None for word in normalize(sentence).split())

    def _listen_for(self, sentences: list[str]) -> None:
        unknown = sorted({word for sentence in sentences for word in sentence.split() if self._decoder.lookup_word(word) is None})
        if unknown:
            raise EngineError(f"The judge has no pronunciation for: {', '.join(unknown)}. Add them to pronunciations.tsv.")
        grammar = _grammar([tuple(sentence.split()) for sentence in sentences])
        self._decoder.add_jsgf_string("answers", f"#JSGF V1.0; grammar answers; public <answer> = {grammar};")
        self._decoder.activate_search("answers")

    def _add(self, word: str, phones: str) -> None:
        """Add a pronunciation; the second of a word is called word(2), the third word(3)."""
        name, count = word, 1
        while self._decoder.lookup_word(name) is not None:
            count += 1
            name = f"{word}({count})"
        self._decoder.add_word(name, phones, update=False)


def _grammar(sentences: list[tuple[str, ...]]) -> str:
    """The sentences as one JSGF expression in which common beginnings are shared: an eighth of the work of a plain list."""
    branches = []
    for word, group in groupby(sorted(filter(None, sentences)), key=lambda sentence: sentence[0]):
        rests = [sentence[1:] for sentence in group]
        rest = _grammar(rests)
        branches.append(f"{word} [{rest}]" if rest and () in rests else f"{word} {rest}".strip())
    return branches[0] if len(branches) == 1 else f"({' | '.join(branches)})" if branches else ""


def _pronunciations() -> Iterator[tuple[str, str]]:
    """Words of Mini's world that the recognizer's dictionary lacks or knows otherwise, as (word, ARPABET)."""
    table = (files(__package__) / "pronunciations.tsv").read_text(encoding="utf-8")
    for row in csv.DictReader(table.splitlines(), delimiter="\t"):
        yield row["word"], row["phones"]


def _pcm(chunk: AudioChunk) -> bytes:
    """16-bit mono at 16 kHz at a fixed peak, with quiet around it."""
    samples: Samples = soxr.resample(chunk.samples, chunk.rate_hz, RATE_HZ)
    samples = samples * (PEAK / max(float(np.abs(samples).max()), 1e-6))
    samples = np.pad(samples, round(SILENCE_S * RATE_HZ))
    dithered = samples + np.random.default_rng(0).normal(0, DITHER, len(samples))
    return np.round(np.clip(dithered, -1, 1) * 32767).astype(np.int16).tobytes()
