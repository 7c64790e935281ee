"""How well a backbone hears each voice: words written along and answers begun rightly, on voices trained on and test voices.

python -m parley_training.backbone.by_voice --backbone runs/backbone/backbone --tokens runs/tokens --linguistic runs/linguistic
"""

import argparse
import random
from collections import defaultdict
from pathlib import Path

import numpy as np

from parley_models.backbone.backbone import Backbone
from parley_training.backbone.examples import ExampleWriter
from parley_training.backbone.measure import Look, look, shares
from parley_training.backbone.mishearing import Mishearing
from parley_training.backbone.questions import questions_of


def voice_name(speaker: str) -> str:
    """The synthesizer's voice; of espeak-ng's, the variant whatever its accent."""
    return speaker.rpartition("+")[2] or speaker


def main() -> None:
    """Read the command line and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=Path("runs/corpus"))
    parser.add_argument("--tokens", type=Path, default=Path("runs/tokens"))
    parser.add_argument("--text", type=Path, default=Path("runs/text"))
    parser.add_argument("--linguistic", type=Path, default=Path("runs/linguistic"))
    parser.add_argument("--backbone", type=Path, default=Path("runs/backbone/backbone"))
    parser.add_argument("--count", type=int, default=150, help="questions of each set")
    options = parser.parse_args()
    backbone = Backbone.load(options.backbone, context=1024)
    for name in ("questions", "test"):
        heard = [each for each in questions_of(options.corpus / name, options.tokens / name) if each.exchange.answer]
        mishear = Mishearing(np.load(options.linguistic / "codebook.npy"))
        writer = ExampleWriter(options.text / "text.model", heard, {}, mishear, random.Random(0))
        looks = defaultdict[str, list[Look]](list)
        for question in random.Random(0).sample(heard, min(options.count, len(heard))):
            looks[voice_name(question.voice) if name == "test" else ""].append(look(backbone, writer, question))
        everything = [each for voice in looks.values() for each in voice]
        print(f"{name}: words {shares(everything)[0]:.0%}, answers {shares(everything)[1]:.0%} of {len(everything)}")
        for voice in sorted(filter(None, looks)):
            print(f"  {voice}: words {shares(looks[voice])[0]:.0%}, answers {shares(looks[voice])[1]:.0%} of {len(looks[voice])}")


if __name__ == "__main__":
    main()
