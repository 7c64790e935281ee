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
        for reason, known in (("it offers no {}", _offered(manifest)), ("nobody can ask it for {} in words", _understood(manifest))):
            if missing := sorted(wanted - known):
                return reason.format(missing[0])
    return None


def _offered(manifest: Manifest) -> set[str]:
    return {control.name for control in manifest.controls}


def _understood(manifest: Manifest) -> set[str]:
    """What the model itself can choose: what only the voice performs it can choose by a label."""
    performed = {control.name for control in manifest.controls if any(level.prosody for level in control.levels)}
    return _offered(manifest) - (set() if manifest.labels else performed)


def styles_wanted(question: WideQuestion) -> list[tuple[str, str]]:
    """(control, value) of each segment's style, in order; none = the answer may sound any way."""
    pairs = (each.partition("=") for each in question.style.split(" then ") if each)
    return [(control, value) for control, _, value in pairs]
