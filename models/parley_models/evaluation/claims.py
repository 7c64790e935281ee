"""What of the examination a bundle claims to be able to: the rest is not asked, and the table says so."""

from parley_models.evaluation.questions import Question
from parley_models.evaluation.wide_questions import WideQuestion
from parley_models.manifest import ANY_ROLE, Manifest

ROLE_BEGINS = "You are a"
STYLED = frozenset({"say_manner", "say_emotion", "two_styles", "in_style", "from_now_on"})
"""Intents that ask for nothing but a style."""

WORLDS = ("mini0", "mini1")


def world_of(manifest: Manifest) -> str:
    """The examination that a bundle sits unless another is named: Mini 1's, if it remembers turns and shows emotions or plays roles."""
    offers = {control.name for control in manifest.controls}
    wide = manifest.chat.remembers_turns and (manifest.roles or "emotion" in offers)
    return "mini1" if wide else "mini0"


def unclaimed(question: Question, manifest: Manifest) -> str | None:
    """Why a question is not asked: one clause for the table; None if it is."""
    if not isinstance(question, WideQuestion):
        return None
    if question.before and not manifest.chat.remembers_turns:
        return "it remembers no turns"
    role = question.system.split(".")[0].removeprefix(ROLE_BEGINS).removeprefix("n").strip()
    if question.system.startswith(ROLE_BEGINS) and not {role, ANY_ROLE} & set(manifest.roles):
        return "it plays no such role"
    if question.intent in STYLED:
        wanted = {control for control, _ in styles_wanted(question)}
        missing = sorted(wanted - {control.name for control in manifest.controls})
        if missing:
            return f"it offers no {missing[0]}"
        performed = {control.name for control in manifest.controls if any(level.prosody for level in control.levels)}
        if wanted & performed and not manifest.labels:  # its voice can, but the model that is asked can't tell it to
            return f"it chooses no {min(wanted & performed)} itself"
    return None


def styles_wanted(question: WideQuestion) -> list[tuple[str, str]]:
    """(control, value) of each segment's style, in order; none = the answer may sound any way."""
    pairs = (each.partition("=") for each in question.style.split(" then ") if each)
    return [(control, value) for control, _, value in pairs]
