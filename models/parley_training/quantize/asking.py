"""What a model says when it is asked something: ids to look at, and others to calibrate with."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from parley_models.backbone.backbone import Backbone
from parley_models.bundle import Bundle
from parley_models.prompt import Message, Prompt
from parley_models.text_tokenizer import TextTokenizer

SAID_IDS = 120
"""Of each answer, at most."""

ASKED = (
    "What is two plus two?", "What colour is the sky?", "What is the capital of France?", "How many legs has a spider?",
    "What does a cow say?", "What is the opposite of hot?", "Which day comes after Monday?", "Count from one to five.",
)  # fmt: skip
CALIBRATING = (
    "What is three plus five?", "What colour is a banana?", "What is the capital of Spain?", "How many legs has a dog?",
    "What does a cat say?", "What is the opposite of big?", "Which day comes before Friday?", "Count from three to seven.",
    "What is seven minus two?", "Which month comes after May?", "Hello!", "Where does a bee live?",
)  # fmt: skip
"""None of those that are looked at."""

Ids = Sequence[Sequence[int]]
Numbers = npt.NDArray[np.float64]


def answers(folder: Path, prompts: Ids, seed: int, most: int = SAID_IDS) -> list[list[int]]:
    """What the float model goes on with after each prompt, prompts included; drawn at temperature 1."""
    backbone, draw = Backbone.load(folder), np.random.default_rng(seed)
    most = min(most, backbone.capacity - max(map(len, prompts)))
    found = []
    for prompt in prompts:
        ids, logits = list(prompt), backbone.prepare(prompt)
        for _ in range(most):
            shares = np.exp(log_shares(logits[None])[0])
            ids.append(int(draw.choice(len(shares), p=shares / shares.sum())))
            logits = backbone.step(ids[-1])
        found.append(ids)
    return found


def mini_prompts(questions: Sequence[str], bundle: Bundle) -> list[list[int]]:
    """Typed questions, as Mini is asked them."""
    prompt = Prompt(TextTokenizer(bundle.path("text.model")), bundle.manifest.tokens, bundle.manifest.chat)
    return [prompt.conversation([Message("user", (question,))]) for question in questions]


def log_shares(logits: npt.NDArray[np.float32]) -> Numbers:
    """Logits (rows, ids) as logarithms of shares."""
    wide = logits.astype(np.float64)
    shifted = wide - wide.max(1, keepdims=True)
    normal: Numbers = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    return normal
