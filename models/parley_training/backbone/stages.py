"""The stages of a training, as tables that the recipe follows by the clock.

`THREE` is how Mini 0 was made. `WIDER` is for a backbone that has learned another world already, out of a bundle (`restoration`): it hears
all along, so as not to forget how. `SPOKEN` is for one that answers rightly and is not understood: it practises what is said aloud, then
everything, and what it was at the end of either is averaged (RESULTS.md, "Mini 0.17"). `PAPER` has the stages of arXiv 2506.08967 §3 at
Mini's size; tasks are rows of `examples.TASKS` and `scenes.SCENE_TASKS`:

text          what the paper's model could before: conversations in writing. Mini begins from nothing.
audio         audio embeddings and head only, the rest held still: interleaved text and speech, speech written along, speech read aloud
interleaved   everything learns: mostly interleaved, beside text so that it is not forgotten
pairs         recognition (written along) and synthesis (read aloud)
sft1          AQTA and AQTAA: heard questions answered in writing and in sound, multi-style answers among them
sft2          the format of a real conversation: spoken answers alone, and several in one with all their markers
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Learns = Literal["everything", "audio"]


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage."""

    name: str
    until: float
    """The fraction of the run at which it ends."""

    tasks: Mapping[str, float]
    """How often each task comes, by count of examples."""

    learns: Learns = "everything"
    """`audio`: the embeddings of audio ids and the head."""

    kept: bool = False
    """Whether what was learned is written to a folder of its own at the stage's end: merging and DPO begin from it."""


THREE: tuple[Stage, ...] = (
    Stage("text", 0.28, {"text": 1.0}),
    Stage("along", 0.62, {"text": 0.20, "read_aloud": 0.06, "typed": 0.10, "followed": 0.42, "heard_in_writing": 0.10, "heard": 0.12}),
    Stage(
        "answers",
        1.0,
        {"text": 0.13, "read_aloud": 0.02, "recited": 0.03, "typed": 0.16, "followed": 0.22, "heard_in_writing": 0.22, "heard": 0.22},
    ),
)

PAPER: tuple[Stage, ...] = (
    Stage("text", 0.30, {"text": 0.3, "scene_text": 0.7}),
    Stage("audio", 0.36, {"interleaved": 0.4, "followed": 0.4, "read_aloud": 0.2}, learns="audio"),
    Stage("interleaved", 0.46, {"interleaved": 0.5, "followed": 0.2, "scene_text": 0.3}),
    Stage("pairs", 0.62, {"followed": 0.6, "read_aloud": 0.15, "scene_text": 0.25}),
    Stage(
        "sft1",
        0.86,
        {"scene_text": 0.25, "followed": 0.25, "scene_heard_in_writing": 0.2, "scene_typed": 0.1, "scene_heard": 0.2},
        kept=True,
    ),
    Stage("sft2", 1.0, {"scene_text": 0.15, "followed": 0.2, "scene_typed": 0.1, "scene_heard": 0.4, "concatenated": 0.15}, kept=True),
)

WIDER: tuple[Stage, ...] = (
    Stage("text", 0.57, {"text": 0.15, "scene_text": 0.4, "followed": 0.15, "scene_typed": 0.15, "scene_heard": 0.15}),
    Stage(
        "sft1",
        0.85,
        {
            "text": 0.06,
            "scene_text": 0.12,
            "followed": 0.2,
            "scene_heard_in_writing": 0.2,
            "scene_typed": 0.16,
            "scene_heard": 0.26,
        },
        kept=True,
    ),
    Stage(
        "sft2",
        1.0,
        {
            "text": 0.05,
            "scene_text": 0.1,
            "followed": 0.16,
            "scene_heard_in_writing": 0.17,
            "scene_typed": 0.12,
            "scene_heard": 0.37,
            "concatenated": 0.03,
        },
        kept=True,
    ),
)

SPOKEN: tuple[Stage, ...] = (
    Stage(
        "spoken",
        0.58,
        {"text": 0.06, "read_aloud": 0.08, "recited": 0.02, "typed": 0.48, "followed": 0.13, "heard_in_writing": 0.07, "heard": 0.16},
        kept=True,
    ),
    Stage(
        "answers",
        1.0,
        {"text": 0.15, "read_aloud": 0.04, "recited": 0.02, "typed": 0.26, "followed": 0.16, "heard_in_writing": 0.16, "heard": 0.21},
    ),
)

TABLES: dict[str, tuple[Stage, ...]] = {"three": THREE, "paper": PAPER, "wider": WIDER, "spoken": SPOKEN}


def stage_at(stages: Sequence[Stage], fraction: float) -> Stage:
    """The stage that a run is in."""
    return next((stage for stage in stages if fraction <= stage.until), stages[-1])
