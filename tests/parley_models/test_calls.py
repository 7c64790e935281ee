"""Calls in an answer's text: found however the text comes in pieces, and nothing else is taken for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_models.calls import CallReader, ToolCall, output_line, read_call


def read(text: str, size: int, names: tuple[str, ...] = ("set_timer", "stop")) -> tuple[str, list[ToolCall]]:
    reader = CallReader(names)
    shown = "".join(reader.feed(text[at : at + size]) for at in range(0, len(text), size))
    return shown + reader.finish(), reader.calls


@pytest.mark.parametrize("size", [1, 2, 7, 100])
def test_calls_are_sorted_out_of_the_text(size: int) -> None:
    shown, calls = read('One moment.\n@set_timer seconds=300 label="tea, please"\n@stop\nDone.', size)
    assert shown == "One moment.\nDone."
    assert calls == [ToolCall("set_timer", {"seconds": 300, "label": "tea, please"}), ToolCall("stop")]


def test_a_stretch_that_is_nothing_but_a_call_is_one_behind_words_too() -> None:
    reader = CallReader(("stop",))
    shown = [reader.feed(stretch) + reader.finish() for stretch in ("One moment.", "@stop", "Done.")]
    assert (shown, reader.calls) == (["One moment.", "", "Done."], [ToolCall("stop")])


@pytest.mark.parametrize("text", ["write to me@stop", "@nobody x=1", "@stop it now", "@", "@set_timer seconds=", ""])
def test_what_is_no_call_is_shown(text: str) -> None:
    assert read(text, 1) == (text, [])


def test_without_tools_everything_is_shown() -> None:
    assert read("@stop", 1, names=()) == ("@stop", [])


VALUES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20)


@given(st.dictionaries(st.from_regex(r"[a-z_]\w{0,8}", fullmatch=True).filter(str.isascii), VALUES, max_size=4))
def test_a_call_survives_being_written_as_a_line(arguments: dict[str, str | int | float | bool | None]) -> None:
    call = ToolCall("do_it", arguments)
    assert "\n" not in call.line
    assert read_call(call.line) == call


def test_an_output_is_one_line() -> None:
    assert output_line("stop", "all\nis  quiet") == "@stop: all is quiet"
