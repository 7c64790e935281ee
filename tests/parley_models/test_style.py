"""The style a user types is either what the bundle offers, or one sentence that says what it offers."""

import pytest

from parley_models.errors import UsageError
from parley_models.prosody import PLAIN, Prosody
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


SAD, LOUD = Prosody(rate=0.8, pitch=-2.0, span=0.5, level_db=-6.0, tilt_db=-2.0), Prosody(pitch=1.0, span=1.2, climb=3.0, level_db=6.0)
PERFORMING = ControlTable(
    "Mini",
    (
        *TABLE.rows[1:3],
        Control("emotion", "discrete", (Level("neutral"), Level("sad", prosody=SAD), Level("told", "Be told."))),
        Control("intensity", "continuous", minimum=0.0, maximum=1.0, default=1.0),
        Control(
            "manner",
            "discrete",
            (Level("loud", prosody=LOUD), Level("whisper", prosody=Prosody(whispered=True)), Level("high", prosody=Prosody(2.0, 11.0))),
        ),
    ),
)


def test_what_the_voice_performs_adds_up_with_the_sliders() -> None:
    both = PERFORMING.prosody(Style(emotion="sad", manner="loud", rate=1.5, pitch=2.0))
    assert both == Prosody(rate=pytest.approx(1.2), pitch=1.0, span=pytest.approx(0.6), climb=3.0, level_db=0.0, tilt_db=-2.0)  # type: ignore[arg-type]
    assert PERFORMING.prosody(Style(manner="whisper", pitch=2.0)) == Prosody(pitch=2.0, whispered=True)
    assert PERFORMING.prosody(Style(rate=1.5, pitch=-3.0)) == Prosody(rate=1.5, pitch=-3.0)


@pytest.mark.parametrize("style", [Style(), Style(emotion="neutral"), Style(emotion="told"), Style(emotion="sad", intensity=0.0)])
def test_a_style_that_is_not_the_voices_affair_is_spoken_plainly(style: Style) -> None:
    assert PERFORMING.prosody(style) == PLAIN


def test_intensity_is_how_much_of_an_emotion_and_leaves_the_manner_alone() -> None:
    half = PERFORMING.prosody(Style(emotion="sad", intensity=0.5))
    assert half == Prosody(rate=pytest.approx(0.8**0.5), pitch=-1.0, span=pytest.approx(0.5**0.5), level_db=-3.0, tilt_db=-1.0)  # type: ignore[arg-type]
    assert PERFORMING.prosody(Style(emotion="sad")) == PERFORMING.prosody(Style(emotion="sad", intensity=1.0)) == SAD
    assert PERFORMING.prosody(Style(manner="loud", intensity=0.2)) == LOUD
    assert PERFORMING.prosody(Style(manner="whisper", intensity=0.0)).whispered


@pytest.mark.parametrize(
    ("style", "rate", "pitch"),
    [
        (Style(manner="high", rate=1.5, pitch=6.0), 2.0, 12.0),
        (Style(emotion="sad", rate=0.5, pitch=-11.0), 0.5, -12.0),
        (Style(rate=2.8, pitch=13.0), 2.0, 12.0),  # a label's, on top of the user's
        (Style(rate=0.35, pitch=-13.0), 0.5, -12.0),
    ],
)
def test_whatever_adds_up_no_voice_is_asked_for_more_than_it_can(style: Style, rate: float, pitch: float) -> None:
    performed = PERFORMING.prosody(style)
    assert (performed.rate, performed.pitch) == (rate, pitch)
