"""A quick look at a backbone in training, in the words that matter: does it write down what is said, and answer rightly?"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch

from parley_models.backbone.along import Along
from parley_models.backbone.backbone import Backbone
from parley_models.backbone.model import StepOmni
from parley_models.evaluation import questions as narrow
from parley_models.evaluation.wide_questions import WideQuestion, is_right, mini1_questions, word_errors
from parley_models.prompt import Message, system_text
from parley_models.tokens import SpeechTokens
from parley_training.backbone.examples import REPLY_IN_TEXT, ExampleWriter
from parley_training.backbone.listening import GROUPS_PER_BLOCK
from parley_training.backbone.questions import Question
from parley_training.corpus.dialogue import World
from parley_training.corpus.disturbance import plain
from parley_training.preference.score import spoken_and_called
from parley_training.text.recipe import LAYOUT

LONGEST_ANSWER = 120
"""Pieces; a story takes some sixty."""
CONTEXT = 2048
"""Four turns and a question heard for twenty seconds."""


def probe(model: StepOmni, writer: ExampleWriter, heard: Sequence[Question], count: int, world: World = "mini0") -> dict[str, float]:
    """Shares over up to `count` questions of each kind, greedily decoded.

    `typed`: the world's examination (wordings that the grammars can't write), answered in writing. `words`: words of heard
    questions that are written along right. `heard`: heard questions whose answer's first ten ids are right.
    """
    threads, training = torch.get_num_threads(), model.training
    backbone = Backbone(model.eval(), threads=threads, context=CONTEXT)
    rng, examination = random.Random(0), examined(world)
    asked = rng.sample(examination, min(count, len(examination)))
    typed = [answers_in_writing(backbone, writer, question) for question in asked]
    spoken = rng.sample(list(heard), min(count, len(heard)))
    words, answers = shares([look(backbone, writer, question) for question in spoken])
    model.train(training)
    return {"typed": round(sum(typed) / max(1, len(typed)), 3), "words": words, "heard": answers}


def examined(world: World) -> Sequence[narrow.Question]:
    """The examination's questions that can be typed: those of Mini 1 about the asker's voice can't."""
    return narrow.questions() if world == "mini0" else [question for question in mini1_questions() if not question.tone]


def answers_in_writing(backbone: Backbone, writer: ExampleWriter, asked: narrow.Question) -> bool:
    """Whether a typed question is answered rightly in writing, calls of tools included."""
    system, before = (asked.system, asked.before) if isinstance(asked, WideQuestion) else ("", ())
    turns = [*_turns(system_text(system, REPLY_IN_TEXT), before), Message("user", (plain(asked.question),))]
    ids = _greedy(backbone, writer.prompt.conversation(turns), LONGEST_ANSWER)
    answer, calls = spoken_and_called(writer.tokenizer.decode([token for token in ids if not LAYOUT.is_audio(token)]))
    return is_right(asked, answer, calls)


def _turns(system: str, before: Iterable[tuple[str, str]]) -> list[Message]:
    """The system turn, if there is one, and what was asked and answered before."""
    turns = [Message("system", (system,))] if system else []
    for question, answer in before:
        turns += [Message("user", (plain(question),)), Message("assistant", (answer,))]
    return turns


@dataclass(frozen=True, slots=True)
class Look:
    """What became of one heard question."""

    said: int
    """Words."""

    wrong: int
    """Words to insert, delete or replace in what was written along."""

    answered: bool
    """Whether the answer's first ten ids are right."""


def shares(looks: Sequence[Look]) -> tuple[float, float]:
    """Words right and answers right, 0…1."""
    said = max(1, sum(each.said for each in looks))
    words = 1 - sum(each.wrong for each in looks) / said
    return round(words, 3), round(sum(each.answered for each in looks) / max(1, len(looks)), 3)


def look(backbone: Backbone, writer: ExampleWriter, question: Question) -> Look:
    """Let the backbone hear one question."""
    words, answered = _listened(backbone, writer, question)
    return Look(len(question.words), word_errors(question.words, words), answered)


def _listened(backbone: Backbone, writer: ExampleWriter, question: Question) -> tuple[list[str], bool]:
    """The words written along for one question, and whether its answer begins rightly."""
    exchange = question.exchange
    begin = writer.prompt.conversation(_turns(exchange.system, [(earlier.question, earlier.answer) for earlier in exchange.before]))
    opening = writer.prompt.opening("assistant")
    backbone.prepare([*begin[: len(begin) - len(opening)], *writer.prompt.opening("user")])
    along = Along(backbone, LAYOUT, GROUPS_PER_BLOCK, ends_marked=True)
    written = [token for token in along.hear(SpeechTokens(question.hearings[0]).ids(LAYOUT), last=True) if not LAYOUT.is_audio(token)]
    prompt = [*backbone.ids, LAYOUT.eot, *opening, LAYOUT.audio_start or 0]
    truth = writer.tokenizer.encode(exchange.segments[0].text)[: LAYOUT.text_per_block]
    return writer.tokenizer.decode(written).split(), _greedy(backbone, prompt, len(truth)) == truth


def _greedy(backbone: Backbone, prompt: Sequence[int], limit: int) -> list[int]:
    logits, answer = backbone.prepare(prompt), list[int]()
    while len(answer) < limit and (token := int(logits.argmax())) not in LAYOUT.stops:
        answer.append(token)
        logits = backbone.step(token)
    return answer
