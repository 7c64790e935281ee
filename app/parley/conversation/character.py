"""A character to play: who speaks, how, and in which voice."""

from dataclasses import dataclass, replace

from parley.conversation.offer import Offer
from parley_models.errors import UsageError
from parley_models.manifest import ANY_ROLE
from parley_models.style import Style


@dataclass(frozen=True, slots=True)
class Character:
    """A role-play preset, as a SillyTavern V2 card with ours under `data.extensions.parley`."""

    name: str
    description: str = ""
    personality: str = ""
    scenario: str = ""
    greeting: str = ""
    """What the character says first; the card's `first_mes`."""

    instructions: str = ""
    """The card's own system prompt, where it has one."""

    example: str = ""
    """The card's `mes_example`."""

    creator: str = ""
    tags: tuple[str, ...] = ()
    style: Style = Style()
    """How it speaks, voice included."""

    kind: str = ""
    """The role in one word, `pirate`: a small model knows some roles by name, and no others."""

    languages: tuple[str, ...] = ()
    """It needs one of them; empty = any."""

    def role(self, offer: Offer | None = None, user: str = "the user") -> str:
        """What the model is told about who it is, the card's placeholders filled in; a model that knows roles by name is told the name."""
        if offer is not None and self.kind in offer.roles and ANY_ROLE not in offer.roles:
            return f"You are {'an' if self.kind[:1] in 'aeiou' else 'a'} {self.kind}."
        parts = (self.instructions, self.description, self.personality, self.scenario)
        return self.fill("\n".join(part.strip() for part in parts if part.strip()), user)

    def fill(self, text: str, user: str = "the user") -> str:
        """A text of the card with its placeholders filled in."""
        for mark, name in (("{{char}}", self.name), ("<BOT>", self.name), ("{{user}}", user), ("<USER>", user)):
            text = text.replace(mark, name).replace(mark.upper(), name)
        return text

    def unplayable(self, offer: Offer) -> str:
        """Why this engine can't play it, in one sentence; empty if it can. A style that it can't speak is no reason (`missing`)."""
        if self.languages and offer.languages and not set(self.languages) & set(offer.languages):
            return f"{offer.title} does not speak {' or '.join(self.languages)}."
        if not offer.roles:
            return f"{offer.title} is small and plays no roles yet: it answers as itself."
        if ANY_ROLE not in offer.roles and self.kind not in offer.roles:
            return f"{offer.title} is small and plays only these roles: {', '.join(offer.roles)}."
        return ""

    def missing(self, offer: Offer) -> tuple[str, ...]:
        """What of its style this engine can't speak, as a sentence each; it is played without."""
        return tuple(sentence for name in self.style.asked() if (sentence := _refusal(name, self.style, offer)))


def playable(style: Style, offer: Offer) -> Style:
    """What of a style the engine offers; the rest is left to it."""
    neutral = Style()
    off = {name: getattr(neutral, name) for name in style.asked() if _refusal(name, style, offer)}
    return replace(style, **off)


def _refusal(name: str, style: Style, offer: Offer) -> str:
    """Why one control of a style can't be used."""
    value = getattr(style, name)
    if value == getattr(Style(), name):
        return ""
    if name == "voice" and value in offer.voices:
        return ""
    try:
        offer.controls.read(name, str(value))
    except UsageError as error:
        return str(error)
    return ""
