"""Pairs of answers to one question, one to be preferred: sampled from the model itself, judged, and kept line by line."""

import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from parley_training.preference.judging import Verdict
from parley_training.text.recipe import LAYOUT

Ids = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two answers to the same prompt. Both end with `<|EOT|>` if they came to it."""

    prompt: Ids
    chosen: Ids
    rejected: Ids


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of one question."""

    number: int
    kind: str
    intent: str
    good: int
    """Answers that were good."""

    answers: int
    pair: Pair | None = None


def told(answer: Sequence[int]) -> Ids:
    """The ids of an answer that count: all but audio, as in the paper (§3.3)."""
    return tuple(token for token in answer if not LAYOUT.is_audio(token))


def paired(prompt: Sequence[int], answers: Sequence[tuple[Ids, Verdict]], *, sound: bool) -> Pair | None:
    """The good answer and the bad one that were given most often; None if there are no two that differ in more than audio."""
    good = [ids for ids, verdict in answers if verdict.good(sound=sound)]
    bad = [ids for ids, verdict in answers if not verdict.good(sound=sound)]
    preferable = {told(ids) for ids in good}
    bad = [ids for ids in bad if told(ids) not in preferable]
    if not good or not bad:
        return None
    return Pair(tuple(prompt), _commonest(good), _commonest(bad))


def _commonest(answers: Sequence[Ids]) -> Ids:
    counts = Counter(told(ids) for ids in answers)
    return max(answers, key=lambda ids: counts[told(ids)])


class PairBook:
    """The pairs on disk, a line a question."""

    def __init__(self, path: Path) -> None:
        """Open or begin; a line that a kill left unfinished is dropped."""
        self._path = path
        lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
        if lines and not lines[-1].endswith(b"\n"):
            unfinished = lines.pop()
            os.truncate(path, path.stat().st_size - len(unfinished))  # written anew, a second kill would take all of them
        self.asked: list[Asked] = [_asked(json.loads(line)) for line in lines]

    def add(self, asked: Asked) -> None:
        """One more question."""
        with self._path.open("a", encoding="utf-8") as book:
            book.write(json.dumps(asdict(asked)) + "\n")
        self.asked.append(asked)


def _asked(line: dict[str, Any]) -> Asked:
    pair = line.pop("pair")
    return Asked(**line, pair=Pair(**{name: tuple(ids) for name, ids in pair.items()}) if pair else None)
