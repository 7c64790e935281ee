"""Asking a model its own questions, several times each, so that it shows which answers it hesitates between."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from parley_models.backbone.along import Along
from parley_models.backbone.backbone import Backbone
from parley_models.backbone.decode import Decoder
from parley_models.interleave import Segment
from parley_models.manifest import Sampling
from parley_models.prompt import Message, Prompt, system_text
from parley_models.text_tokenizer import TextTokenizer
from parley_models.tokens import SpeechTokens
from parley_training.backbone.examples import PLAIN_SHARE, REPLY_IN_TEXT
from parley_training.backbone.listening import GROUPS_PER_BLOCK
from parley_training.backbone.questions import Question
from parley_training.corpus.disturbance import plain
from parley_training.corpus.exchange import Exchange
from parley_training.preference.judging import circles, judge
from parley_training.preference.pairs import Asked, paired
from parley_training.text.recipe import LAYOUT

WARM = Sampling(text_temperature=0.9, audio_temperature=0.7, top_p=0.95, repetition_window=0, max_tokens=600)
"""Text is drawn warmer than a user ever hears it: a model that always says the same shows no preference to correct."""

KINDS = {"typed": 0.4, "spoken": 0.1, "heard_in_writing": 0.3, "heard": 0.2}
"""How often a question is typed or heard, and answered in writing or in sound (`spoken`: typed, answered in sound)."""


@dataclass(frozen=True, slots=True)
class Inquiry:
    """Asks one model."""

    backbone: Backbone
    tokenizer: TextTokenizer
    write: Callable[[random.Random], Exchange]
    """Writes a typed question."""

    heard: Sequence[Question]
    """Questions that can be heard; none = all are typed."""

    answers: int = 6
    """To each question; the first is the likeliest."""

    sound: bool = True
    """Whether a spoken answer must be whole to be good."""

    def ask(self, number: int, seed: int) -> Asked:
        """Ask question number so and so; the same model, number and seed give the same."""
        rng = random.Random(f"{seed}/{number}")
        kinds = {kind: share for kind, share in KINDS.items() if self.heard or not kind.startswith("heard")}
        kind = rng.choices(list(kinds), list(kinds.values()))[0]
        exchange, prompt = self._hear(kind, rng) if kind.startswith("heard") else self._read(kind, rng)
        answers = []
        for place in range(self.answers):
            sampling = WARM if place else replace(WARM, text_temperature=0.0)
            ids = self._answer(prompt, sampling, rng.getrandbits(32))
            answers.append((ids, judge(exchange, ids, self.tokenizer)))
        sound = self.sound and kind in {"spoken", "heard"}
        good = sum(verdict.good(sound=sound) for _, verdict in answers)
        return Asked(number, kind, exchange.intent, good, len(answers), paired(prompt, answers, sound=sound))

    def _answer(self, prompt: Sequence[int], sampling: Sampling, seed: int) -> tuple[int, ...]:
        ids = tuple(Decoder(self.backbone, LAYOUT, sampling).answer(prompt, seed=seed))
        by_itself = len(ids) < sampling.max_tokens and len(prompt) + len(ids) < self.backbone.capacity and not circles(ids)
        return (*ids, LAYOUT.eot) if by_itself else ids

    def _read(self, kind: str, rng: random.Random) -> tuple[Exchange, list[int]]:
        """A typed question and its prompt."""
        while (exchange := self.write(rng)).tone is not None:  # "is my voice high?" can only be asked aloud
            pass
        shown = plain(exchange.question) if rng.random() < PLAIN_SHARE and exchange.language == "en" else exchange.question
        turns = [*self._before(kind, exchange), Message("user", (shown,))]
        return exchange, Prompt(self.tokenizer, LAYOUT).conversation(turns)

    def _hear(self, kind: str, rng: random.Random) -> tuple[Exchange, list[int]]:
        """A heard question and its prompt, with the words that the model itself wrote along."""
        question, prompt = rng.choice(self.heard), Prompt(self.tokenizer, LAYOUT)
        opening = prompt.opening("assistant")
        begin = prompt.conversation(self._before(kind, question.exchange))
        self.backbone.prepare([*begin[: len(begin) - len(opening)], *prompt.opening("user")])
        Along(self.backbone, LAYOUT, GROUPS_PER_BLOCK, ends_marked=True).hear(
            SpeechTokens(rng.choice(question.hearings)).ids(LAYOUT), last=True
        )
        return question.exchange, [*self.backbone.ids, LAYOUT.eot, *opening]

    def _before(self, kind: str, exchange: Exchange) -> list[Message]:
        """The system turn and the turns before."""
        system = system_text(exchange.system, REPLY_IN_TEXT if kind in {"typed", "heard_in_writing"} else "")
        turns = [Message("system", (system,))] if system else []
        for earlier in exchange.before:
            answered = Segment(tuple(self.tokenizer.encode(earlier.answer)), SpeechTokens.empty())
            turns += [Message("user", (plain(earlier.question),)), Message("assistant", (answered,))]
        return turns
