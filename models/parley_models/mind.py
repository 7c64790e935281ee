"""What a question is heard and answered with, and how."""

from collections.abc import Collection, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

from parley_models.context import Context
from parley_models.manifest import Manifest
from parley_models.parts import Ears, Voice
from parley_models.prebuffer import Expectation
from parley_models.prompt import Prompt
from parley_models.style import Style
from parley_models.text_tokenizer import TextTokenizer


class Experience:
    """What the answers so far have taught."""

    def __init__(self) -> None:
        self.expected = Expectation()
        """How long an answer will be."""

    def learn(self, text_ids: int, seconds: float) -> None:
        """After an answer of so many text ids and, at rate 1, so many seconds."""
        self.expected = self.expected.learn(text_ids, seconds)


@dataclass(frozen=True, slots=True)
class Mind:
    """What a question is heard and answered with."""

    manifest: Manifest
    tokenizer: TextTokenizer
    prompt: Prompt
    ears: Ears
    voice: Voice
    context: Context
    experience: Experience
    workshop: Executor
    """Where sound is made."""

    @property
    def answer_opening(self) -> list[int]:
        """Ids between a question and its answer."""
        return [self.manifest.tokens.eot, *self.prompt.opening("assistant")]

    def words_of(self, ids: Sequence[int]) -> str:
        """The words among some ids of a turn: typed ones, those written along, those of an answer."""
        layout, markers = self.manifest.tokens, self.tokenizer.markers
        return self.tokenizer.decode(each for each in ids if not layout.is_audio(each) and each not in markers).strip()


@dataclass(frozen=True, slots=True)
class Manner:
    """How a question is to be answered."""

    style: Style
    voice: str
    """The voice's name."""

    seed: int
    system: Sequence[int]
    """Ids before the first turn."""

    tools: Collection[str] = ()
    silent: bool = False
    """In writing only."""

    longest: int | None = None
    """Ids of the answer at most; None = the bundle's own limit."""

    in_role: bool = False
    """It answers as somebody else, who has many ways to begin."""
