"""Who speaks an answer, and how: the bundle's voices, each stretch in its own style."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace

from parley_models.alignment import GroupLevels
from parley_models.interleave import Splitter
from parley_models.labels import labelled, read_label
from parley_models.manifest import Manifest
from parley_models.parts import Speaking, Voice
from parley_models.pcm import AudioChunk
from parley_models.prosody import PLAIN, Prosody
from parley_models.style import Style
from parley_models.text_tokenizer import TextTokenizer
from parley_models.tokens import GROUP_SECONDS, SpeechTokens
from parley_models.workshop import AT_ONCE


@dataclass(frozen=True, slots=True)
class Performer:
    """Begins the sound of one answer's stretches."""

    voice: Voice
    manifest: Manifest
    named: str
    """Whose voice of the bundle's."""

    seed: int
    workshop: Executor = AT_ONCE
    """Does one piece of work after the other."""

    def begin(self, style: Style, at_s: float = 0.0) -> "Sounding":
        """A stretch in a style, which begins at `at_s` of the answer's sound; the same seed gives the same sound.

        Raises:
            BundleMissing: no such voice.
            UsageError: the voice can't do that.
        """
        prosody = self.manifest.control_table.prosody(style)
        return Sounding(self.voice.stream(self.named, prosody, self.seed), prosody.rate, at_s)

    def rate(self, style: Style) -> float:
        """How fast a style is spoken, with what it does to the pace itself."""
        return self.manifest.control_table.prosody(style).rate


class Sounding:
    """One stretch of an answer while it becomes sound."""

    def __init__(self, speaking: Speaking, rate: float, at_s: float) -> None:
        self._speaking, self._rate, self._at_s = speaking, rate, at_s
        self._levels: GroupLevels | None = None
        self._groups = 0
        self.ends_s = at_s
        """Where the sound ends that has been given."""

    def feed(self, groups: SpeechTokens) -> Sequence[AudioChunk]:
        """Take more groups; give the sound that became ready."""
        self._groups += len(groups)
        return [self._sounded(sound) for sound in self._speaking.feed(groups)]

    def finish(self) -> Sequence[AudioChunk]:
        """The sound that is left."""
        sounds = [self._sounded(sound) for sound in self._speaking.finish()]
        if self._levels is not None:
            self._levels.finish(self._groups)
        return sounds

    @property
    def levels(self) -> tuple[float, ...]:
        """How loud each group of the sound so far came out."""
        return () if self._levels is None else self._levels.levels

    def _sounded(self, sound: AudioChunk) -> AudioChunk:
        if self._levels is None:
            self._levels = GroupLevels(sound.rate_hz, self._rate)
        self._levels.feed(sound.samples)
        placed = replace(sound, start_s=self._at_s + sound.start_s)
        self.ends_s = placed.start_s + sound.seconds
        return placed


@dataclass(frozen=True, slots=True)
class Spoken:
    """A stretch of an answer that has been given."""

    text: str
    """Its words, without the label."""

    style: Style
    groups: int
    prosody: Prosody
    """How it was spoken: what was asked for, and what the style itself does."""

    @property
    def seconds(self) -> float:
        """How long it sounds."""
        return self.groups * GROUP_SECONDS / self.prosody.rate


def spoken(ids: Sequence[int], style: Style, tokenizer: TextTokenizer, manifest: Manifest) -> Iterator[Spoken]:
    """The stretches of an answer, from its ids and the style that was asked for."""
    table = manifest.control_table
    for segment in Splitter(manifest.tokens).segments(ids):
        label, words = read_label(tokenizer.decode(segment.text), manifest.labels)
        own = labelled(style, label)
        yield Spoken(words.strip(), own, len(segment.speech), table.prosody(own))


def groups_within(stretches: Sequence[Spoken], seconds: float) -> int:
    """How many groups of an answer had been heard after so many seconds of its sound."""
    groups = 0
    for stretch in stretches:
        groups += min(stretch.groups, int(seconds * stretch.prosody.rate / GROUP_SECONDS + 0.01))
        seconds -= stretch.seconds
        if seconds <= 0:
            break
    return groups


def own_manner(stretches: Sequence[Spoken], asked: Style) -> Prosody:
    """What styles did to an answer's rate and pitch besides what was asked for by the sliders; of several stretches the mean."""
    groups = sum(stretch.groups for stretch in stretches)
    if not groups:
        return PLAIN
    rate = groups * GROUP_SECONDS / sum(stretch.seconds for stretch in stretches)
    pitch = sum(stretch.prosody.pitch * stretch.groups for stretch in stretches) / groups
    return Prosody(rate=rate / asked.rate, pitch=pitch - asked.pitch)
