"""What is to be preferred: an answer whose text is right, and, where its sound counts, whose sound is whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from parley_models.backbone.decode import LOOPING_IDS
from parley_models.evaluation.questions import OUTSIDE, declines
from parley_models.evaluation.wide_questions import WideQuestion, is_right, mini1_questions
from parley_models.interleave import Splitter
from parley_models.text_tokenizer import TextTokenizer
from parley_training.corpus.exchange import Exchange
from parley_training.preference.score import spoken_and_called
from parley_training.text.recipe import LAYOUT

SHORTEST_LETTER_S = 0.03
"""Nobody speaks more than 33 letters a second: an answer whose sound is shorter has not been said to its end."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is good about an answer."""

    right: bool
    """Its text is right."""

    ended: bool
    """It came to its `<|EOT|>` by itself: neither too long nor in a circle."""

    whole: bool
    """All groups are complete and in order, and each segment of sound was closed."""

    long_enough: bool
    """There is so much sound that the text may have been said in it."""

    def good(self, *, sound: bool) -> bool:
        """Whether it may be preferred; `sound` = its sound counts."""
        return self.right and self.ended and (not sound or (self.whole and self.long_enough))


def judge(exchange: Exchange, answer: Sequence[int], tokenizer: TextTokenizer) -> Verdict:
    """Judge an answer, its last id `<|EOT|>` if it came to it."""
    splitter = Splitter(LAYOUT)
    segments = splitter.segments(answer)
    text, calls = spoken_and_called(" ".join(tokenizer.decode(segment.text) for segment in segments))
    question = WideQuestion(
        _categories().get(exchange.intent, ""),
        exchange.intent,
        exchange.question,
        exchange.answer,
        exchange.key,
        before=tuple((earlier.question, earlier.answer) for earlier in exchange.before),
        call=exchange.call,
    )
    right = declines(text) if exchange.intent == OUTSIDE else is_right(question, text, calls)
    opened, closed = answer.count(LAYOUT.audio_start), answer.count(LAYOUT.audio_end)
    ended = bool(answer) and answer[-1] in LAYOUT.stops
    letters = sum(letter.isalpha() for letter in text)
    seconds = sum(segment.speech.seconds for segment in segments)
    return Verdict(right, ended, splitter.dropped == 0 and opened == closed > 0, seconds >= letters * SHORTEST_LETTER_S)


def circles(answer: Sequence[int]) -> bool:
    """Whether one group is repeated for as long as makes the decoder stop."""
    same = 0
    for old, new in zip(answer, answer[LAYOUT.group_size :], strict=False):
        same = same + 1 if old == new else 0
        if same >= LOOPING_IDS - LAYOUT.group_size:
            return True
    return False


@cache
def _categories() -> dict[str, str]:
    """The curriculum's row of every intent that is examined."""
    return {question.intent: question.category for question in mini1_questions()}
