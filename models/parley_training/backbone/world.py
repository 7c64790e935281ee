"""What the backbone learns of its world: the sounds of the answers there, and examples of every task, in the chat format.

Mini 0's world is typed and heard questions with one answer each, in the voice's own style. Mini 1's has system turns, turns before, styles
and calls (`scenes.py`), and labels name the styles of its answers (`styles.py`).
"""

import random
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from parley_models.style import Style
from parley_models.tokens import Codes
from parley_training.backbone.examples import TASKS, ExampleWriter, listener_of
from parley_training.backbone.mishearing import Mishearing
from parley_training.backbone.pool import HARD_OF_MINI_1, HARD_SHARE
from parley_training.backbone.questions import Question
from parley_training.backbone.scenes import SCENE_TASKS, SceneExamples, Sounds
from parley_training.backbone.stretch import Stretch
from parley_training.corpus.dialogue import World, write
from parley_training.corpus.exchange import Exchange
from parley_training.corpus.spoken import spoken_parts
from parley_training.corpus.wide.core import core_writer
from parley_training.styles import LABELS
from parley_training.tokens.recipe import codes_of


def sounds_of(corpus: Path, tokens: Path) -> dict[tuple[str, Style], Codes]:
    """What was spoken of the answers, plain or of a dialect: an older corpus has other styles, too, which are the voice's affair.

    Raises:
        ValueError: the codes are not those of this corpus.
    """
    spoken = zip(spoken_parts(corpus / "answers"), codes_of(tokens / "answers.npz"), strict=True)
    return {told: codes for told, codes in spoken if replace(told[1], dialect=None) == Style()}


def plain_answers(sounds: Sounds) -> dict[str, Codes]:
    """Those of the sounds that are in the voice's own style, by text."""
    return {text: codes for (text, style), codes in sounds.items() if style == Style()}


def writing(world: World, rng: random.Random, languages: Collection[str], *, core: bool = False) -> Callable[[], Exchange]:
    """Writes exchanges of the world in some languages; `core` = of Mini 1's only what is asked every day."""
    if core:
        return core_writer(rng)

    def another() -> Exchange:
        while (exchange := write(rng, world=world)).language not in languages:
            pass
        return exchange

    return another


def scenes_of(
    world: World,
    writer: ExampleWriter,
    questions: Sequence[Question],
    sounds: Sounds,
    mishear: Mishearing,
    another: Callable[[], Exchange],
) -> SceneExamples:
    """Examples of whole exchanges: typed ones, each from `another`, and those that were heard."""
    labels = {style: label for label, style in LABELS.items()} if world == "mini1" else {}
    listener = listener_of(questions, writer.tokenizer, writer.rng)
    return SceneExamples(writer.tokenizer, sounds, questions, mishear, another, writer.rng, labels, listener)


def tasks_of(world: World, writer: ExampleWriter, scenes: SceneExamples) -> Callable[[str], Stretch]:
    """Makes an example of any task, by its name in the tables of `stages.py`."""
    table: dict[str, Callable[[], Stretch]] = {name: partial(task, writer) for name, task in TASKS.items()}
    table |= {name: partial(task, scenes) for name, task in SCENE_TASKS.items()}
    if world == "mini1":  # Mini 0's writers decline the time and the products that Mini 1 knows
        table["text"] = partial(_practised, writer, scenes)
    return lambda name: table[name]()


def _practised(writer: ExampleWriter, scenes: SceneExamples) -> Stretch:
    """Typed question, written answer; more often than it comes, one whose answer has to be worked out."""
    if writer.rng.random() < HARD_SHARE:
        return scenes.in_writing(write(writer.rng, writer.rng.choice(HARD_OF_MINI_1), "mini1"))
    return scenes.text()
