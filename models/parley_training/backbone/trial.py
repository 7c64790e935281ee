"""What a measurement of a trained backbone takes: paths from the command line, and the spoken questions that lie there."""

import argparse
import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from parley_models.backbone.backbone import Backbone
from parley_training.backbone.examples import ExampleWriter
from parley_training.backbone.mishearing import Mishearing
from parley_training.backbone.questions import Question, questions_of
from parley_training.homes import add_folders, at_home


@dataclass(frozen=True, slots=True)
class Trial:
    """A backbone, and where its questions are."""

    options: argparse.Namespace
    backbone: Backbone

    @staticmethod
    def of_command_line(description: str | None, count: int) -> "Trial":
        """Read the command line; `count` questions of a set unless it says otherwise."""
        parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
        add_folders(parser, corpus="corpus", tokens="tokens", text="text", backbone="backbone/backbone")
        parser.add_argument("--linguistic", type=Path, default=Path("runs/linguistic"))
        parser.add_argument("--count", type=int, default=count, help="questions of a set")
        options = at_home(parser.parse_args())
        return Trial(options, Backbone.load(options.backbone, context=1024))

    def questions(self, name: str, seed: int) -> tuple[ExampleWriter, list[Question]]:
        """Some of a set's answered questions (`questions` or `test`), the same for a seed, and what writes them for the backbone."""
        options = self.options
        heard = [each for each in questions_of(options.corpus / name, options.tokens / name) if each.exchange.answer]
        mishear = Mishearing(np.load(options.linguistic / "codebook.npy"))
        writer = ExampleWriter(options.text / "text.model", heard, {}, mishear, random.Random(0))
        return writer, random.Random(seed).sample(heard, min(options.count, len(heard)))
