"""A quick look at a backbone in training: does an answer's text begin with the right words?"""

from collections import defaultdict
from collections.abc import Sequence

import torch

from parley_models.backbone.model import StepOmni
from parley_models.prompt import Message
from parley_models.tokens import SpeechTokens
from parley_training.backbone.examples import ExampleWriter, Question
from parley_training.text.recipe import LAYOUT

_START = LAYOUT.audio_start or 0


def first_words(model: StepOmni, writer: ExampleWriter, questions: Sequence[Question]) -> dict[str, float]:
    """Share of heard questions whose first ten text ids are all right, greedily decoded: over all, and by intent."""
    right: dict[str, list[bool]] = defaultdict(list)
    for question in questions:
        prompt = writer.prompt.conversation([Message("user", (SpeechTokens(question.codes),))])
        truth = writer.tokenizer.encode(question.exchange.answer)[: LAYOUT.text_per_block]
        hit = _greedy(model, [*prompt, _START], len(truth)) == truth
        right["all"].append(hit)
        right[question.exchange.intent].append(hit)
    return {intent: round(sum(hits) / len(hits), 3) for intent, hits in right.items()}


def _greedy(model: StepOmni, ids: list[int], count: int) -> list[int]:
    device = model.lm_head.weight.device
    context = list(ids)
    with torch.inference_mode():
        for _ in range(count):
            logits = model.logits(model(torch.tensor([context], device=device))[:, -1])
            context.append(int(logits.argmax()))
    return context[len(ids) :]
