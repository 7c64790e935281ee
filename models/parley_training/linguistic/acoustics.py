"""What a bundle compares hearings by (`parley_models.tokenizers.acoustic_model`): the head that reads phones, and how words are said.

    python -m parley_training.linguistic.acoustics --corpus runs/corpus --linguistic runs/linguistic

Writes `phones.npy` and `lexicon.txt` beside the encoder. The lexicon has the words of the corpus and the commonest of the language.
"""

import argparse
import json
import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch

from parley_models.tokenizers.acoustic_model import Lexicon
from parley_training.corpus.phones import PHONES
from parley_training.corpus.pronunciation import pronounced
from parley_training.corpus.vocabulary import common

COMMON = 20_000
"""Words of the language, the commonest, that are known besides the corpus's."""


def words_of(corpus: Path) -> set[str]:
    """Every word that is said in a corpus' questions."""
    lines = (line for path in corpus.glob("*/shard_*/lines.jsonl") for line in path.read_text(encoding="utf-8").splitlines())
    return {word for line in lines for word in re.findall(r"[a-z']+", json.loads(line)["question"].lower())}


def lexicon_of(words: Iterable[str]) -> Lexicon:
    """How they are said; what has no sound, a lone apostrophe say, is left out."""
    said = {word: " ".join(PHONES[number] for number in pronounced(word)) for word in words}
    return Lexicon(PHONES, {word: phones for word, phones in said.items() if phones})


def write_reader(linguistic: Path) -> None:
    """Write the head of a run's checkpoint that reads phones from single frames, as halves: (width + 1, slots · phones)."""
    reader = torch.load(linguistic / "checkpoint.pt", weights_only=True)["reader"]
    head = torch.cat([reader["phones.weight"].T, reader["phones.bias"][None]])
    np.save(linguistic / "phones.npy", head.numpy().astype(np.float16))


def main() -> None:
    """Read the command line and write both files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=Path("runs/corpus"))
    parser.add_argument("--linguistic", type=Path, default=Path("runs/linguistic"))
    options = parser.parse_args()
    write_reader(options.linguistic)
    lexicon_of(words_of(options.corpus) | set(common(COMMON))).write(options.linguistic / "lexicon.txt")


if __name__ == "__main__":
    main()
