"""Make Mini's text pieces from what is said in its world.

    python -m parley_training.text.recipe --out runs/text

Upstream's order of pieces: `<unk>`, `<s>`, `</s>`, `<|EOT|>`, `<|BOT|>`, then the markers, then bytes and text. The audio codes are no
pieces of Mini's model; the bundle's layout puts them right behind it.
"""

import argparse
import random
from pathlib import Path

import sentencepiece

from parley_models.tokens import TokenLayout
from parley_training.corpus.dialogue import write

PIECES = 1536
LAYOUT = TokenLayout(vocab_size=PIECES + 5120, audio_offset=PIECES, bos=1, bot=4, eot=3, stops=(3, 2), audio_start=5, audio_end=6)
EXCHANGES = 60_000


def main() -> None:
    """Write `text.model`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("runs/text"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    rng = random.Random(7)
    exchanges = [write(rng) for _ in range(EXCHANGES)]
    # Words are seen with and without a capital: recognized speech comes without.
    sentences = [text for each in exchanges for text in (each.question, each.question.lower(), each.answer)]
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(sentences),
        model_prefix=str(options.out / "text"),
        model_type="bpe",
        vocab_size=PIECES,
        byte_fallback=True,
        normalization_rule_name="identity",
        user_defined_symbols=["<|EOT|>", "<|BOT|>", "<audio_start>", "<audio_end>"],
        hard_vocab_limit=True,
        minloglevel=2,
    )


if __name__ == "__main__":
    main()
