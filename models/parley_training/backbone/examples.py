"""What the backbone learns from, one example at a time: a prompt and the answer that should follow, in the bundle's chat format."""

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from parley_models.interleave import Segment, interleave
from parley_models.prompt import Message, Prompt
from parley_models.text_tokenizer import TextTokenizer
from parley_models.tokens import Codes, SpeechTokens
from parley_training.corpus.dialogue import write
from parley_training.corpus.exchange import Exchange
from parley_training.text.recipe import LAYOUT

RECOGNIZE = "Write down what you hear."
FOLLOW = "Write along."
FOLLOWED_GROUPS = 2
"""Groups heard between words that are written along: one block of the ears."""
READ_ALOUD = "Read this aloud."
REPLY_IN_TEXT = "Answer in writing."
TEXT_WEIGHT, AUDIO_WEIGHT = 1.0, 0.15
"""Audio ids are many and, given the text, easy: at full weight they drown the words."""
MISHEARD = 0.04
"""Share of heard codes that are replaced by random ones: other voices will be heard less well than these."""


@dataclass(frozen=True, slots=True)
class Question:
    """One heard question."""

    codes: Codes
    """(groups, 5)."""

    exchange: Exchange
    progress: npt.NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    """(groups,) share of its phones that have been said by the end of each group; empty = not known."""


@dataclass(frozen=True, slots=True)
class Example:
    """A prompt with its answer."""

    ids: list[int]
    answer_at: int
    """Where the answer begins among the ids; nothing before it is learned."""

    heard: frozenset[int] = frozenset()
    """Places behind `answer_at` that are heard, not said, and so not learned either."""


class ExampleWriter:
    """Writes examples of every task; a task without what it needs writes another."""

    def __init__(self, text_model: Path, questions: Sequence[Question], answers: Mapping[str, Codes], rng: random.Random) -> None:
        self.tokenizer = TextTokenizer(text_model)
        self.prompt = Prompt(self.tokenizer, LAYOUT)
        self._questions, self._answers, self._rng = questions, answers, rng
        self._answered = [question for question in questions if question.exchange.answer in answers]
        self._texts = list(answers)

    def example(self, messages: list[Message], answer: Segment) -> Example:
        """The ids of a conversation and the answer to it."""
        prompt = self.prompt.conversation(messages)
        return Example([*prompt, *interleave([answer], LAYOUT)], len(prompt))

    def text(self) -> Example:
        """Typed question, written answer."""
        exchange = write(self._rng)
        messages = [Message("system", (REPLY_IN_TEXT,)), Message("user", (self._typed(exchange.question),))]
        return self.example(messages, self._segment(exchange.answer, None))

    def typed(self) -> Example:
        """Typed question, spoken answer."""
        while (exchange := write(self._rng)).answer not in self._answers:
            pass
        return self.example([Message("user", (self._typed(exchange.question),))], self.spoken(exchange.answer))

    def heard(self) -> Example:
        """Heard question, spoken answer: what Parley is for."""
        question = self._rng.choice(self._answered)
        return self.example([Message("user", (self._hear(question.codes),))], self.spoken(question.exchange.answer))

    def recognized(self) -> Example:
        """Heard question, written down."""
        question = self._rng.choice(self._questions)
        messages = [Message("system", (RECOGNIZE,)), Message("user", (self._hear(question.codes),))]
        return self.example(messages, self._segment(plain(question.exchange.question), None))

    def followed(self) -> Example:
        """Heard question, written down word by word while it is heard.

        What to listen to lies near here; recognition of a whole question grows from that, and hardly without it.
        """
        question = self._rng.choice(self._questions)
        words = plain(question.exchange.question).split()
        said = np.cumsum([len(word) for word in words]) / max(1, sum(map(len, words)))
        groups = self._hear(question.codes).ids(LAYOUT)
        ids = self.prompt.conversation([Message("system", (FOLLOW,))])
        begin = ids[: len(ids) - len(self.prompt.opening("assistant"))] + self.prompt.opening("user")
        ids, heard, written = list(begin), set[int](), 0
        for group in range(0, len(question.codes), FOLLOWED_GROUPS):
            block = groups[group * LAYOUT.group_size : (group + FOLLOWED_GROUPS) * LAYOUT.group_size]
            heard.update(range(len(ids), len(ids) + len(block)))
            ids += block
            last = group + FOLLOWED_GROUPS >= len(question.codes)
            done = len(words) if last else int(np.searchsorted(said, question.progress[group], side="right"))
            ids += [token for word in words[written:done] for token in self.tokenizer.encode(word)]
            written = max(written, done)
        return Example([*ids, LAYOUT.eot], len(begin), frozenset(heard))

    def read_aloud(self) -> Example:
        """A sentence, spoken."""
        text = self._rng.choice(self._texts)
        return self.example([Message("system", (READ_ALOUD,)), Message("user", (text,))], self.spoken(text))

    def spoken(self, text: str) -> Segment:
        """A sentence in the answering voice."""
        return self._segment(text, self._answers[text])

    def _segment(self, text: str, codes: Codes | None) -> Segment:
        return Segment(tuple(self.tokenizer.encode(text)), SpeechTokens.empty() if codes is None else SpeechTokens(codes))

    def _typed(self, text: str) -> str:
        return plain(text) if self._rng.random() < 0.4 else text

    def _hear(self, codes: Codes) -> SpeechTokens:
        noise = np.random.default_rng(self._rng.getrandbits(32))
        wrong = noise.random(codes.shape) < MISHEARD * noise.random() * 2
        random_codes = noise.integers(0, [1024, 1024, 4080, 4080, 4080], codes.shape)
        return SpeechTokens(np.where(wrong, random_codes, codes).astype(np.uint16))


def plain(text: str) -> str:
    """Words alone, as a recognizer would write them."""
    return " ".join(re.sub(r"[^\w' ]+", " ", text.lower()).split())


TASKS: dict[str, Callable[[ExampleWriter], Example]] = {
    "text": ExampleWriter.text,
    "typed": ExampleWriter.typed,
    "heard": ExampleWriter.heard,
    "followed": ExampleWriter.followed,
    "recognized": ExampleWriter.recognized,
    "read_aloud": ExampleWriter.read_aloud,
}


@dataclass(frozen=True, slots=True)
class Batch:
    """Examples of like length, padded on the right."""

    ids: Tensor
    """int64 (B, T): what goes in."""

    at: Tensor
    """int64 (n,): flat positions of `ids` whose next id is learned."""

    following: Tensor
    """int64 (n,): those next ids."""

    weight: Tensor
    """float32 (n,)."""


def batches(writer: ExampleWriter, shares: Callable[[], Mapping[str, float]], tokens: int, rng: random.Random) -> Iterator[Batch]:
    """Batches without end of about `tokens` ids; `shares` says how often each task comes at present."""
    while True:
        current = shares()
        drawn = rng.choices(list(current), list(current.values()), k=512)
        pool = sorted((TASKS[task](writer) for task in drawn), key=lambda example: len(example.ids))
        groups: list[list[Example]] = [[]]
        for example in pool:
            if groups[-1] and (len(groups[-1]) + 1) * len(example.ids) > tokens:
                groups.append([])
            groups[-1].append(example)
        rng.shuffle(groups)
        yield from map(collate, groups)


def collate(examples: Sequence[Example]) -> Batch:
    """Pad to a multiple of 32, so that a compiled model meets few shapes."""
    longest = -(-max(len(example.ids) for example in examples) // 32) * 32
    ids = np.zeros((len(examples), longest), np.int64)
    learned = np.zeros((len(examples), longest), bool)
    for row, example in enumerate(examples):
        ids[row, : len(example.ids)] = example.ids
        learned[row, example.answer_at - 1 : len(example.ids) - 1] = True
        learned[row, [place - 1 for place in example.heard]] = False
    at = np.flatnonzero(learned)
    following: npt.NDArray[np.int64] = ids.reshape(-1)[at + 1]
    is_audio = following >= LAYOUT.audio_offset
    weight = np.where(is_audio, AUDIO_WEIGHT, TEXT_WEIGHT).astype(np.float32)
    return Batch(torch.from_numpy(ids), torch.from_numpy(at), torch.from_numpy(following), torch.from_numpy(weight))
