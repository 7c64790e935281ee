"""A character to play: who speaks, how, and in which voice."""

from dataclasses import dataclass

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

    @property
    def role(self) -> str:
        """What the model is told about who it is: one text, the card's names filled in."""
        parts = (self.instructions, self.description, self.personality, self.scenario)
        return "\n".join(part.strip() for part in parts if part.strip()).replace("{{char}}", self.name).replace("{{user}}", "you")
