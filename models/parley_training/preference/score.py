"""How many of the examination's questions a backbone answers rightly in writing: one figure for checkpoints that are to be compared."""

import random
from collections.abc import Sequence
from pathlib import Path

from parley_models.backbone.backbone import Backbone
from parley_models.calls import read_call
from parley_models.evaluation.questions import OUTSIDE, declines, questions
from parley_models.evaluation.wide_questions import WideQuestion, is_right, mini1_questions
from parley_models.prompt import Message, Prompt, system_text
from parley_models.text_tokenizer import TextTokenizer
from parley_training.backbone.examples import REPLY_IN_TEXT
from parley_training.corpus.dialogue import World
from parley_training.corpus.disturbance import plain
from parley_training.text.recipe import LAYOUT

LONGEST_ANSWER = 60
CONTEXT = 1024


def typed_score(folder: Path, text_model: Path, count: int, world: World = "mini0") -> float:
    """The share, 0…1, of `count` questions, the same for every checkpoint; greedily decoded."""
    backbone, tokenizer = Backbone.load(folder, context=CONTEXT), TextTokenizer(text_model)
    prompt = Prompt(tokenizer, LAYOUT)
    every = [WideQuestion(each.category, each.intent, each.question, each.answer, each.key) for each in questions()]
    asked: Sequence[WideQuestion] = every if world == "mini0" else mini1_questions()
    chosen = random.Random(0).sample(asked, min(count, len(asked)))
    right = 0
    for question in chosen:
        before = [Message(role, (text,)) for turn in question.before for role, text in zip(("user", "assistant"), turn, strict=True)]
        system = Message("system", (system_text(question.system, REPLY_IN_TEXT),))
        ids = greedy(backbone, prompt.conversation([system, *before, Message("user", (plain(question.question),))]))
        text, calls = spoken_and_called(tokenizer.decode(ids))
        right += declines(text) if question.intent == OUTSIDE else is_right(question, text, calls)
    return right / max(1, len(chosen))


def greedy(backbone: Backbone, prompt: Sequence[int]) -> list[int]:
    """The likeliest ids of an answer, `<|EOT|>` and audio not among them."""
    logits, answer = backbone.prepare(prompt), list[int]()
    while len(answer) < LONGEST_ANSWER and (token := int(logits.argmax())) not in LAYOUT.stops:
        answer.append(token)
        logits = backbone.step(token)
    return [token for token in answer if not LAYOUT.is_audio(token)]


def spoken_and_called(text: str) -> tuple[str, list[str]]:
    """An answer's text without the lines that call tools, and those lines."""
    lines = text.splitlines()
    calls = [line.strip() for line in lines if read_call(line) is not None]
    return "\n".join(line for line in lines if read_call(line) is None), calls
