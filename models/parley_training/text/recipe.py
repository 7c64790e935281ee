"""Make Mini's text pieces from what is said in its world.

    python -m parley_training.text.recipe
    python -m parley_training.text.recipe --world mini1

Upstream's order of pieces: `<unk>`, `<s>`, `</s>`, `<|EOT|>`, `<|BOT|>`, then the markers, then bytes and text. The audio codes are no
pieces of Mini's model; the bundle's layout puts them right behind it. Mini 1's world has as many pieces, every Han character that is
written in it among them, and its system turns and calls of tools are text as well.
"""

import argparse
import random
from collections.abc import Iterator
from pathlib import Path

import sentencepiece

from parley_models.tokens import TokenLayout
from parley_training.corpus.dialogue import World, write
from parley_training.corpus.exchange import Exchange
from parley_training.homes import add_folders, at_home

PIECES = 1536
LAYOUT = TokenLayout(vocab_size=PIECES + 5120, audio_offset=PIECES, bos=1, bot=4, eot=3, stops=(3, 2), audio_start=5, audio_end=6)
EXCHANGES = 60_000


def sentences(exchange: Exchange) -> Iterator[str]:
    """Every text of an exchange. Words are seen with and without a capital: recognized speech comes without."""
    yield from (exchange.question, exchange.question.lower(), exchange.answer)
    yield from filter(None, (exchange.system, exchange.call))


def han(texts: list[str]) -> str:
    """The Han characters in these texts, each once, in order of their numbers."""
    return "".join(sorted({mark for text in texts for mark in text if "\u4e00" <= mark <= "\u9fff"}))


def make_pieces(out: Path, world: World, exchanges: int = EXCHANGES, pieces: int = PIECES) -> None:
    """Write `text.model` from so many exchanges."""
    out.mkdir(parents=True, exist_ok=True)
    rng = random.Random(7)
    texts = [text for _ in range(exchanges) for text in sentences(write(rng, world=world))]
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(texts),
        model_prefix=str(out / "text"),
        model_type="bpe",
        vocab_size=pieces,
        byte_fallback=True,
        normalization_rule_name="identity",
        user_defined_symbols=["<|EOT|>", "<|BOT|>", "<audio_start>", "<audio_end>"],
        required_chars=han(texts),
        hard_vocab_limit=True,
        minloglevel=2,
    )


def main() -> None:
    """Write `text.model`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_folders(parser, out="text")
    options = at_home(parser.parse_args())
    make_pieces(options.out, options.world)


if __name__ == "__main__":
    main()
