"""Mandarin and Cantonese: greetings, and sums and differences from 0 to 100. What is written is Han, what is sounded pinyin or jyutping.

The pairs held out are those of English, so that a held-out sum is new in every language.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

from parley_models.numbers import HIGHEST
from parley_models.style import Style
from parley_training.corpus.exchange import Exchange, Part
from parley_training.corpus.wide.scene import Derived
from parley_training.corpus.world import facts
from parley_training.corpus.writers import WRITERS
from parley_training.corpus.writers.arithmetic import EASY, difference_held_out, sum_held_out

LANGUAGES = {"cmn": "pinyin", "yue": "jyutping"}
"""The column of what is sounded, by language."""

DIALECTS = {"cmn": "mandarin", "yue": "cantonese"}
"""What `Style.dialect` calls them."""

DIALECT_SYSTEMS = {"mandarin": "Speak Mandarin.", "cantonese": "Speak Cantonese."}
"""What a bundle's control table puts into the system turn."""

SOCIAL = ("greeting", "how_are_you", "thanks", "goodbye", "who_are_you")
EASY_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Said:
    """Words as they are written and as they sound."""

    written: str
    sounded: str

    def __add__(self, other: Said) -> Said:
        """The one after the other."""
        return Said(self.written + other.written, f"{self.sounded} {other.sounded}".strip().replace(" ,", ","))

    def filled(self, **numbers: Said) -> Said:
        """With the numbers in their places."""
        return Said(
            self.written.format(**{name: said.written for name, said in numbers.items()}),
            self.sounded.format(**{name: said.sounded for name, said in numbers.items()}),
        )


_DIGITS = "零一二三四五六七八九"
_SOUNDS = {
    "cmn": "ling2 yi1 er4 san1 si4 wu3 liu4 qi1 ba1 jiu3 shi2 yi4|bai3".split(),
    "yue": "ling4 jat1 ji6 saam1 sei3 ng5 luk6 cat1 baat3 gau2 sap6 jat1|baak3".split(),
}
"""Zero to ten, and one hundred."""


def number(n: int, language: str) -> Said:
    """A number from 0 to 100: 四十二, `si4 shi2 er4`."""
    sounds = _SOUNDS[language]
    if n == HIGHEST:
        return Said("一百", sounds[11].replace("|", " "))
    tens, ones = divmod(n, 10)
    said = Said("", "")
    if tens:
        said = (Said(_DIGITS[tens], sounds[tens]) if tens > 1 else said) + Said("十", sounds[10])
    return said + Said(_DIGITS[ones], sounds[ones]) if ones or not tens else said


def _listed(intent: str, place: str, language: str) -> list[Said]:
    rows = (row for row in facts("chinese") if row["intent"] == intent and row["place"] == place)
    return [Said(row[language].replace("-", ""), row[LANGUAGES[language]].replace("-", "")) for row in rows]


def wordings(intent: str, language: str) -> Iterator[Said]:
    """Every wording of an intent, numbers unfilled."""
    manner = "social" if intent in SOCIAL else "ask"
    parts = (_listed(manner, "before", language), _listed(intent, "core", language), _listed(manner, "behind", language))
    for before, core, behind in product(*parts):
        yield before + core + behind


def _pair(operation: str, rng: random.Random) -> tuple[int, int, int]:
    """Two numbers that are not held out, and the result."""
    while True:
        most = EASY if rng.random() < EASY_SHARE else HIGHEST
        a, b = rng.randint(0, most), rng.randint(0, most)
        if operation == "sum" and a + b <= HIGHEST and not sum_held_out(a, b):
            return a, b, a + b
        if operation == "difference" and a >= b and not difference_held_out(a, b):
            return a, b, a - b


def write(intent: str, language: str, rng: random.Random, answered_in: str = "") -> Exchange:
    """One exchange; `intent` is the name of the English one, and the answer is in the question's language unless another is named."""
    spoken = answered_in or language
    asked, answer = rng.choice(_WORDINGS[intent, language]), _listed(intent, "answer", spoken)[0]
    key = answer.written
    mark = "。" if intent in {"greeting", "thanks", "goodbye"} else "？"
    if intent not in SOCIAL:
        numbers = dict(zip("abc", _pair(intent, rng), strict=True))
        asked = asked.filled(**{name: number(n, language) for name, n in numbers.items()})
        answer = answer.filled(**{name: number(n, spoken) for name, n in numbers.items()})
        key = number(numbers["c"], spoken).written
    return Exchange(
        f"{intent}_{spoken}",
        asked.written + mark,
        answer.written,
        key,
        parts=(_part(answer, spoken),),
        question_sound=asked.sounded + ("." if mark == "。" else "?"),
        language=language,
    )


def _part(answer: Said, language: str) -> Part:
    return Part(answer.written, Style(dialect=DIALECTS[language]), answer.sounded)


def _in_dialect(rng: random.Random) -> Exchange:
    """A question in one language under a system turn that asks for another; in English only what needs no numbers."""
    asked_in, answered_in = rng.choice((("en", "cmn"), ("en", "yue"), ("cmn", "yue"), ("yue", "cmn")))
    system = DIALECT_SYSTEMS[DIALECTS[answered_in]]
    if asked_in != "en":
        return replace(write(rng.choice((*SOCIAL, "sum", "difference")), asked_in, rng, answered_in), system=system)
    intent = rng.choice(SOCIAL)
    answer = _listed(intent, "answer", answered_in)[0]
    exchange = WRITERS[intent].write(rng)
    said = replace(exchange, answer=answer.written, key=answer.written, parts=(_part(answer, answered_in),))
    return replace(said, intent=f"{intent}_{answered_in}", system=system)


_WORDINGS = {(intent, language): tuple(wordings(intent, language)) for intent in (*SOCIAL, "sum", "difference") for language in LANGUAGES}


def _writer(intent: str, language: str) -> Derived:
    weight = 1.0 if intent in SOCIAL else 4.0
    return Derived(f"{intent}_{language}", "Language ability", lambda rng: write(intent, language, rng), weight)


chinese = {name: _writer(*name) for name in _WORDINGS}
in_dialect = Derived("in_dialect", "Language ability", _in_dialect, weight=6.0)
