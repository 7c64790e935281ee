"""Labels: the style of a stretch of an answer, written before its words by the model itself, "(happy) Good morning!".

Upstream's models are told to do the same: "begin with （快速） when you should speak fast" (stepfun-ai/Step-Audio, issue 128). Which
labels there are, and which style each stands for, a bundle says; what is none of them is text.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from parley_models.prosody import Prosody
from parley_models.style import Style

_LABEL = re.compile(r"\s*\(([^()\n]{1,24})\)\s*")
_OPEN = re.compile(r"\s*(\([^()\n]{0,24}\)?\s*)?")
"""What may still become a label, or is one and may be followed by blanks."""

Labels = Mapping[str, Style]


def read_label(text: str, labels: Labels) -> tuple[Style, str]:
    """The style that a stretch of an answer is labelled with, and its words; a stretch without a label has the style that was asked for."""
    found = _LABEL.match(text)
    if found is None or found[1] not in labels:
        return Style(), text
    return labels[found[1]], text[found.end() :]


def labelled(asked: Style, label: Style) -> Style:
    """What a stretch is spoken in: the user's choice where there is one, the label's where it was left to the model; rates and pitches add
    up, as far as any voice goes.
    """
    both = Prosody(rate=asked.rate, pitch=asked.pitch) + Prosody(rate=label.rate, pitch=label.pitch)
    return replace(
        asked,
        emotion=asked.emotion or label.emotion,
        manner=asked.manner or label.manner,
        rate=both.rate,
        pitch=both.pitch,
    )


class LabelReader:
    """Takes a stretch's text as it comes and keeps a label back."""

    def __init__(self, labels: Labels) -> None:
        self._labels = labels
        self._held = ""
        self._passed = not labels
        self.style = Style()
        """What the label says; the plain style before it is read, or where there is none."""

    def feed(self, text: str) -> str:
        """What of more text is to be shown."""
        if self._passed:
            return text
        self._held += text
        return "" if _OPEN.fullmatch(self._held) else self.finish()

    def finish(self) -> str:
        """The label is over, or none comes any more: what was held and belongs to no label."""
        if self._passed:
            return ""
        self._passed = True
        self.style, shown = read_label(self._held, self._labels)
        return shown
