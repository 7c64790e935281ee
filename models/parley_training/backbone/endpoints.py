"""How well a backbone tells the end of a question from a pause inside it: what the thresholds of `HearingSettings` are chosen by.

    python -m parley_training.backbone.endpoints --backbone runs/backbone/backbone --tokens runs/tokens --linguistic runs/linguistic

Test voices' questions are heard up to the end of each of their words, then comes the silence with which the recording ends. After each of
them it is asked, as the engine asks at a pause, how likely the question is whole.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from parley_models.backbone.along import Along
from parley_models.backbone.backbone import Backbone
from parley_models.tokens import SpeechTokens
from parley_training.backbone.examples import ExampleWriter
from parley_training.backbone.listening import GROUPS_PER_BLOCK
from parley_training.backbone.questions import Question
from parley_training.backbone.trial import Trial
from parley_training.text.recipe import LAYOUT

SILENT_GROUPS = 2
"""240 ms: about what the engine has heard when it decides early."""

THRESHOLDS = (0.1, 0.3, 0.5, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99)


@dataclass(frozen=True, slots=True)
class Judgement:
    """How likely a question is whole, after one of its words."""

    at_end: bool
    complete: float


def judgements(backbone: Backbone, writer: ExampleWriter, question: Question) -> Iterator[Judgement]:
    """One after each word; none for a recording that ends without a silence."""
    heard, count = question.heard(0), len(question.words)
    silence = heard.pause(SILENT_GROUPS, last=True)
    if len(heard.codes) - len(heard.spoken.codes) < SILENT_GROUPS:
        return
    opening = writer.prompt.opening("assistant")
    begin = writer.prompt.conversation([])
    begin = [*begin[: len(begin) - len(opening)], *writer.prompt.opening("user")]
    for words in range(1, count + 1):
        part = heard.spoken if words == count else heard.part(0, words)
        backbone.prepare(begin)
        along = Along(backbone, LAYOUT, GROUPS_PER_BLOCK)
        along.hear(SpeechTokens(part.then(silence).codes).ids(LAYOUT), last=True)
        yield Judgement(words == count, along.complete)


def main() -> None:
    """Read the command line and print a table."""
    trial = Trial.of_command_line(__doc__, count=60)
    writer, asked = trial.questions("test", seed=1)
    made = [judgement for question in asked for judgement in judgements(trial.backbone, writer, question)]
    ends, inside = ([each.complete for each in made if each.at_end is wanted] for wanted in (True, False))
    print(f"at least | {len(ends)} ends | {len(inside)} words inside")
    for threshold in THRESHOLDS:
        print(f"{threshold:.2f} | {np.mean(np.array(ends) >= threshold):.0%} | {np.mean(np.array(inside) >= threshold):.0%}")


if __name__ == "__main__":
    main()
