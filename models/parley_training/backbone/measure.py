"""A quick look at a backbone in training, in the words that matter: does it write down what is said, and answer rightly?"""

import random
from collections.abc import Sequence

import torch

from parley_models.backbone.along import Along
from parley_models.backbone.backbone import Backbone
from parley_models.backbone.model import StepOmni
from parley_models.evaluation.questions import OUTSIDE, declines, is_right, questions
from parley_models.prompt import Message
from parley_models.tokens import SpeechTokens
from parley_training.backbone.examples import REPLY_IN_TEXT, ExampleWriter, Question, plain
from parley_training.backbone.listening import GROUPS_PER_BLOCK
from parley_training.text.recipe import LAYOUT

LONGEST_ANSWER = 40


def probe(model: StepOmni, writer: ExampleWriter, heard: Sequence[Question], count: int) -> dict[str, float]:
    """Shares over up to `count` questions of each kind, greedily decoded.

    `typed`: the examination's questions (wordings that the grammars can't write), answered in writing. `words`: words of heard
    questions that are written along right. `heard`: heard questions whose answer's first ten ids are right.
    """
    threads, training = torch.get_num_threads(), model.training
    backbone = Backbone(model.eval(), threads=threads, context=1024)
    rng = random.Random(0)
    asked = rng.sample(questions(), min(count, len(questions())))
    typed = []
    for examined in asked:
        messages = [Message("system", (REPLY_IN_TEXT,)), Message("user", (plain(examined.question),))]
        ids = _greedy(backbone, writer.prompt.conversation(messages), LONGEST_ANSWER)
        answer = writer.tokenizer.decode([token for token in ids if not LAYOUT.is_audio(token)])
        typed.append(declines(answer) if examined.intent == OUTSIDE else is_right(examined, answer))
    said = wrong = right = 0
    spoken = rng.sample(list(heard), min(count, len(heard)))
    for question in spoken:
        words, answered = _listened(backbone, writer, question)
        truth = plain(question.exchange.question).split()
        said, wrong = said + len(truth), wrong + _edits(truth, words)
        right += answered
    model.train(training)
    share = {"typed": sum(typed) / max(1, len(typed)), "words": 1 - wrong / max(1, said), "heard": right / max(1, len(spoken))}
    return {name: round(value, 3) for name, value in share.items()}


def _listened(backbone: Backbone, writer: ExampleWriter, question: Question) -> tuple[list[str], bool]:
    """The words written along for one question, and whether its answer begins rightly."""
    begin = writer.prompt.conversation([])
    opening = writer.prompt.opening("assistant")
    backbone.prepare([*begin[: len(begin) - len(opening)], *writer.prompt.opening("user")])
    along = Along(backbone, LAYOUT, GROUPS_PER_BLOCK)
    written = [token for token in along.hear(SpeechTokens(question.hearings[0]).ids(LAYOUT), last=True) if not LAYOUT.is_audio(token)]
    prompt = [*backbone.ids, LAYOUT.eot, *opening, LAYOUT.audio_start or 0]
    truth = writer.tokenizer.encode(question.exchange.answer)[: LAYOUT.text_per_block]
    return writer.tokenizer.decode(written).split(), _greedy(backbone, prompt, len(truth)) == truth


def _greedy(backbone: Backbone, prompt: Sequence[int], limit: int) -> list[int]:
    logits, answer = backbone.prepare(prompt), list[int]()
    while len(answer) < limit and (token := int(logits.argmax())) not in LAYOUT.stops:
        answer.append(token)
        logits = backbone.step(token)
    return answer


def _edits(truth: Sequence[str], words: Sequence[str]) -> int:
    """Words to insert, delete or replace."""
    row = list(range(len(words) + 1))
    for at, word in enumerate(truth, 1):
        before, row[0] = row[0], at
        for other in range(1, len(words) + 1):
            before, row[other] = row[other], min(row[other] + 1, row[other - 1] + 1, before + (word != words[other - 1]))
    return row[-1]
