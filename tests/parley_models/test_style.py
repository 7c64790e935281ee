"""The style a user types is either what the bundle offers, or one sentence that says what it offers."""

import pytest

from parley_models.errors import UsageError
from parley_models.style import Control, ControlTable, Level, Style

TABLE = ControlTable(
    "Mini",
    (
        Control("emotion", "discrete", (Level("neutral"), Level("happy", "Speak happily.")), default="neutral"),
        Control("rate", "continuous", minimum=0.5, maximum=2.0, default=1.0),
        Control("pitch", "continuous", minimum=-6, maximum=6, default=0.0),
        Control(
            "intensity",
            "continuous",
            (Level("some", "A little.", at_least=0.3), Level("strong", "Very much.", at_least=0.7)),
            minimum=0,
            maximum=1,
        ),
    ),
)


def test_controls_are_read_by_name() -> None:
    assert Style.parse("emotion=happy, rate=1.2,pitch=-2", TABLE) == Style(emotion="happy", rate=1.2, pitch=-2.0)
    assert Style.parse("", TABLE) == Style()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("loudness=3", "rate (from 0.5 to 2)"),
        ("dialect=cockney", "Mini does not offer the control “dialect”"),
        ("emotion=bored", "neutral, happy"),
        ("rate=2.01", "from 0.5 to 2"),
        ("rate=nan", "out of range"),
        ("rate=inf", "out of range"),
        ("pitch=-7", "from -6 to 6"),
        ("rate=fast", "must be a number"),
        ("rate", "control=value"),
        ("=3", "control=value"),
        ("rate=", "control=value"),
        ("rate=1,rate=2", "twice"),
        ("__class__=x", "knows no style control"),
    ],
)
def test_what_is_not_offered_is_refused_with_what_is(text: str, says: str) -> None:
    with pytest.raises(UsageError) as refusal:
        Style.parse(text, TABLE)
    assert says in str(refusal.value)
    assert str(refusal.value).endswith(".")


def test_instructions_come_from_the_rows() -> None:
    assert TABLE.instructions(Style(emotion="happy")) == ["Speak happily."]
    assert TABLE.instructions(Style(emotion="happy", intensity=0.9)) == ["Speak happily.", "Very much."]
    assert TABLE.instructions(Style(intensity=0.4)) == ["A little."]


def test_rate_and_pitch_never_reach_the_prompt() -> None:
    assert TABLE.instructions(Style(rate=1.7, pitch=5.0)) == []


def test_a_style_made_in_code_is_checked_too() -> None:
    TABLE.check(Style(emotion="happy", rate=2.0))
    with pytest.raises(UsageError, match="out of range"):
        TABLE.check(Style(rate=3.0))
    with pytest.raises(UsageError, match="does not offer the control “manner”"):
        TABLE.check(Style(manner="whisper"))
