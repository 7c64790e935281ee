"""What differs from one Mini to the next in its manifest: what it speaks, in which styles, and what it can be told."""

from dataclasses import dataclass, field, replace

from parley_models.manifest import ANY_TEXT, Attribution
from parley_models.situation import TOOLS_TEXT
from parley_models.style import Control, Style
from parley_training.corpus.dialogue import World
from parley_training.corpus.roles import ROLES
from parley_training.corpus.wide.surroundings import MOST_BEFORE
from parley_training.styles import DIALECT, LABELS, LANGUAGES, performed

ESPEAK = Attribution("espeak-ng", "GPL-3.0-or-later (the program; not part of this bundle)", "voices that asked while the ears learned")
ATTRIBUTIONS = (
    Attribution("CMU ARCTIC slt through flite (Carnegie Mellon University)", "BSD-style", "the recordings behind the voice that answers"),
    Attribution(
        "CMU ARCTIC rms through flite (Carnegie Mellon University)",
        "BSD-style",
        "the recordings behind the second voice; a voice that asked while the ears learned",
    ),
    Attribution("festival's ked_diphone and cmu_us_slt_arctic_hts", "BSD-style", "voices that asked while the ears learned"),
    Attribution("SVOX Pico's English voices (SVOX AG)", "Apache-2.0", "voices that read while the ears learned"),
    Attribution(
        "RHVoice's alan, bdl and clb (Olga Yakovleva and contributors)",
        "LGPL-2.1-or-later (not part of this bundle)",
        "voices that read while the ears learned",
    ),
    Attribution(
        "festival's British, Hindi, Italian, Finnish and Czech diphones",
        "free, as NOTICE says (not part of this bundle)",
        "voices that asked while the ears learned",
    ),
    Attribution("LibriSpeech (Vassil Panayotov)", "CC BY 4.0", "people whom the ears learned from"),
    Attribution("Speech Commands (Pete Warden, Google)", "CC BY 4.0", "people whom the ears learned from"),
    Attribution("Free Spoken Digit Dataset (Zohar Jackson and others)", "CC BY-SA 4.0", "people whom the ears learned from"),
    Attribution("Custom speech commands (Shawn Hymel)", "CC BY 4.0", "a person whom the ears learned from"),
    Attribution("Picovoice, MycroftAI, Philipp Matthes", "Apache-2.0 or public domain", "people whom the ears learned from"),
    ESPEAK,
)


@dataclass(frozen=True, slots=True)
class Release:
    """What a manifest says of one world; the fields are the manifest's."""

    version: str
    languages: tuple[str, ...] = ("en",)
    styles: tuple[Control, ...] = ()
    """Rows of the control table besides rate, pitch and voice."""

    labels: dict[str, Style] = field(default_factory=dict)

    roles: tuple[str, ...] = ()
    recites: tuple[str, ...] = ()
    tools: str = ""
    told_time: bool = False
    remembers_turns: bool = False
    remembered_questions: int = 0
    attributions: tuple[Attribution, ...] = ATTRIBUTIONS


def release_of(world: World, *, core: bool = False) -> Release:
    """What is said of a Mini that has learned this world; `core` = of Mini 1's what is asked every day, in English."""
    if world == "mini0":
        # two of the three merged into it recite greetings, their mean does not
        return Release("0.18.0", styles=performed(chooses=False), roles=ROLES)
    if core:
        english = Release("0.18.0", ("en",), performed(chooses=True), LABELS, ROLES, tools=TOOLS_TEXT, told_time=True)
        return replace(english, remembers_turns=True, remembered_questions=MOST_BEFORE)
    chinese = replace(ESPEAK, note="voices that asked while the ears learned; the voice of its Chinese answers")
    return Release(
        "1.0.0",
        tuple(LANGUAGES.values()),
        (*performed(chooses=True), DIALECT),
        LABELS,
        ROLES,
        recites=(ANY_TEXT,),
        tools=TOOLS_TEXT,
        told_time=True,
        remembers_turns=True,
        attributions=tuple(chinese if each is ESPEAK else each for each in ATTRIBUTIONS),
    )
