"""Words for what bundles and engines call by short names."""

from types import MappingProxyType

from parley_models.style import Style

CONTROLS = MappingProxyType(
    {
        "emotion": "Emotion",
        "intensity": "Intensity",
        "rate": "Speed",
        "pitch": "Pitch",
        "manner": "Manner",
        "dialect": "Dialect",
        "voice": "Voice",
    }
)
"""Every field of `Style`, in the order of the panel."""

LEFT_TO_THE_VOICE = MappingProxyType({"emotion": "Natural", "manner": "Speaking", "dialect": "Standard"})
"""What a discrete control is called while it is left to the model."""

STAGES = MappingProxyType(
    {
        "endpoint": "sure that you had finished",
        "heard": "heard the rest of the question",
        "thought": "thought of the first words",
        "first_audio": "gave them a voice",
        "speaker": "reached the speaker",
    }
)
"""What was done until then, by `Stage.name`."""


def control_label(name: str) -> str:
    """A control's name as a word."""
    return CONTROLS.get(name, name.replace("_", " ").capitalize())


def level_label(name: str) -> str:
    """A level's name as a word; bundles write them small, some with underscores."""
    return name.replace("_", " ").replace("-", " ").capitalize()


def stage_label(name: str) -> str:
    """A stage of the wait as a word."""
    return STAGES.get(name, name.replace("_", " "))


def value_text(control: str, value: str | float | None) -> str:
    """A control's value with its unit."""
    if value is None:
        return "not measurable"
    if isinstance(value, str):
        return level_label(value)
    if control == "rate":
        return f"{value:.2f}×"
    if control == "pitch":
        return f"{value:+.1f} st".replace("-", "−") if round(value, 1) else "0 st"
    if control == "intensity":
        return f"{value:.0%}"
    return f"{value:.3g}"


def style_text(style: Style) -> str:
    """A style in a few words, empty for the neutral one."""
    neutral = Style().asked()
    return ", ".join(
        value_text(name, value) if name not in {"pitch", "rate"} else f"{control_label(name).lower()} {value_text(name, value)}"
        for name, value in style.asked().items()
        if neutral.get(name) != value and name != "voice"
    )


def duration_text(seconds: float) -> str:
    """Seconds as on a clock."""
    return f"{int(seconds // 60)}:{int(seconds % 60):02d}" if seconds >= 60 else f"{seconds:.1f} s"
