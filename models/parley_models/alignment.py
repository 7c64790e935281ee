"""Which words of an answer belong to the part of its sound that was heard (DESIGN §2.4). An estimate, and called one.

The words' syllables are laid along the groups in which something sounds: phrase by phrase where the answer pauses as often as its
text does, else over the whole segment.
"""

import itertools
import re
from collections.abc import Sequence
from types import MappingProxyType

import numpy as np

from parley_models.interleave import Segment, Splitter, interleave_segment
from parley_models.labels import Labels, read_label
from parley_models.pcm import Samples
from parley_models.text_tokenizer import TextTokenizer
from parley_models.tokens import GROUP_SECONDS, SpeechTokens, TokenLayout

SOUNDING_BELOW_PEAK = 0.1
"""A group sounds if its RMS is at least this share of the loudest group's (−20 dB)."""

_VOWELS = re.compile(r"[aeiouyäöüáéíóúàèìòùâêîôûå]+", re.IGNORECASE)
_SILENT_E = re.compile(r"(?<=[^aeiouylAEIOUYL])e$")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_PHRASE = re.compile(r"[^.,;:!?…。，；：！？、]+[.,;:!?…。，；：！？、]*\s*")


class GroupLevels:
    """How loud each group of an answer came out, from its sound as it passes."""

    def __init__(self, rate_hz: int, rate: float) -> None:
        """`rate` is the style's: a group lasts 0.12 s divided by it."""
        self._per_group = GROUP_SECONDS / rate * rate_hz
        self._rest: Samples = np.zeros(0, np.float32)
        self._levels: list[float] = []

    def feed(self, samples: Samples) -> None:
        """Take the next sound."""
        sound = np.concatenate([self._rest, samples])
        begun = 0
        while (end := self._bound(len(self._levels) + 1) - self._bound(len(self._levels)) + begun) <= len(sound):
            self._levels.append(_rms(sound[begun:end]))
            begun = end
        self._rest = sound[begun:]

    def finish(self, groups: int) -> None:
        """The sound is over, of so many groups: the last one may have been rounded off by a few samples."""
        if len(self._levels) < groups:
            self._levels.append(_rms(self._rest))

    def _bound(self, group: int) -> int:
        return round(group * self._per_group)

    @property
    def levels(self) -> tuple[float, ...]:
        """RMS of every complete group so far."""
        return tuple(self._levels)


def _rms(samples: Samples) -> float:
    return float(np.sqrt(np.square(samples, dtype=np.float64).mean())) if len(samples) else 0.0


def syllables(text: str) -> int:
    """About how many syllables a text has: groups of vowels, at least one a word; a CJK character is one."""
    latin = _CJK.sub(" ", text)
    return len(_CJK.findall(text)) + sum(
        max(1, len(_VOWELS.findall(_SILENT_E.sub("", word)))) for word in re.findall(r"[^\W_]+(?:'[^\W_]+)*", latin)
    )


def cut(
    tokens: Sequence[int],
    groups: int,
    levels: Sequence[float],
    *,
    complete: bool,
    syllables_per_s: float,
    tokenizer: TextTokenizer,
    layout: TokenLayout,
    labels: Labels = MappingProxyType({}),
) -> list[int]:
    """An answer as if it had been only so long.

    Args:
        tokens: the whole answer, without its `<|EOT|>`.
        groups: how many groups of its sound were heard.
        levels: how loud each group was; groups beyond count as sounding.
        complete: whether the answer had been thought to its end; if not, its last text runs ahead of sound that does not exist.
        syllables_per_s: of the voice, for that case.
        tokenizer: spells the text.
        layout: of the ids.
        labels: what may stand before a segment's words; it is not said, and stays whole.

    Returns:
        The ids of the heard groups with the heard words, interleaved anew.
    """
    segments = Splitter(layout).segments(tokens)
    floor = SOUNDING_BELOW_PEAK * max(levels, default=0.0)
    sounding = [level > floor for level in levels]
    ids: list[int] = []
    begun = 0
    for place, segment in enumerate(segments):
        size = len(segment.speech)
        heard = min(size, groups - begun)
        if heard <= 0:
            break
        if heard == size and (complete or place + 1 < len(segments)):
            text = segment.text
        else:
            places = [sounding[at] if at < len(sounding) else True for at in range(begun, begun + size)]
            last_and_open = not complete and place + 1 == len(segments)
            text = _heard_text(segment.text, places, heard, syllables_per_s if last_and_open else None, tokenizer, labels)
        ids += interleave_segment(Segment(text, SpeechTokens(segment.speech.codes[:heard])), layout)
        begun += size
    return ids


def _heard_text(
    ids: tuple[int, ...],
    sounding: Sequence[bool],
    heard: int,
    syllables_per_s: float | None,
    tokenizer: TextTokenizer,
    labels: Labels,
) -> tuple[int, ...]:
    """The ids of the label and of the words that were said in the first `heard` groups."""
    text = tokenizer.decode(ids)
    _, words = read_label(text, labels)
    label = text[: len(text) - len(words)]
    if syllables_per_s is not None:
        said = sum(sounding[:heard]) * GROUP_SECONDS * syllables_per_s
    else:
        said = _syllables_said(words, sounding, heard)
    best = 0
    for count in range(1, len(ids) + 1):
        begin = tokenizer.decode(ids[:count])
        whole = len(begin) >= len(label.rstrip()) and _ends_a_word(begin, text)
        if whole and syllables(begin[len(label) :]) <= said + 0.5:
            best = count
    return ids[:best]


def _syllables_said(text: str, sounding: Sequence[bool], heard: int) -> float:
    stretches = [(key, len(list(run))) for key, run in itertools.groupby(sounding)]
    voiced = [size for key, size in stretches if key]
    phrases = [syllables(phrase) for phrase in _PHRASE.findall(text) if syllables(phrase)]
    if len(voiced) != len(phrases):
        return sum(phrases) * sum(sounding[:heard]) / max(1, sum(sounding))
    said, left, waiting = 0.0, heard, list(phrases)
    for key, size in stretches:
        if left <= 0:
            break
        if key:
            said += waiting.pop(0) * min(1.0, left / size)
        left -= size
    return said


def _ends_a_word(begin: str, text: str) -> bool:
    if not text.startswith(begin) or begin[-1:].isspace():  # in the middle of a character, or already at the next word
        return False
    rest = text[len(begin) :]
    return not rest or not rest[0].isalnum() or not begin[-1:].isalnum() or _CJK.match(rest) is not None
