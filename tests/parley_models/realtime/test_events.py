"""The events as values: light to import, written so that the official client reads them, and read whatever others write."""

import contextlib
import json
import subprocess
import sys
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai.types.realtime import RealtimeServerEvent

from parley_models.errors import InputError
from parley_models.realtime import client_events, events, server_events


def test_a_window_may_import_them() -> None:
    heavy = "torch onnxruntime numpy websockets soxr".split()
    code = f"import sys, parley_models.realtime.events; assert not [m for m in {heavy!r} if m in sys.modules]"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_update_tells_leaving_from_none() -> None:
    off = events.SessionUpdate(session=events.Session(audio=events.Audio(input=events.AudioInput(turn_detection=None))))
    assert json.loads(off.to_json())["session"] == {"type": "realtime", "audio": {"input": {"turn_detection": None}}}
    back = events.read_client_event(off.to_json())
    assert back == off
    assert isinstance(back, events.SessionUpdate)
    assert back.session.audio is not None
    assert back.session.audio.input is not None
    assert back.session.audio.input.model_fields_set == {"turn_detection"}


def kinds(union: object) -> set[str]:
    return {member.model_fields["type"].default for member in get_args(get_args(union)[0])}


def test_a_truncation_names_its_part_as_other_servers_want_it() -> None:
    assert json.loads(events.ItemTruncate(item_id="item_1", audio_end_ms=500).to_json())["content_index"] == 0


def test_our_names_are_the_protocols() -> None:
    official: set[str] = set()
    for member in get_args(get_args(RealtimeServerEvent)[0]):
        official |= set(get_args(member.model_fields["type"].annotation))
    ours = {kind for kind in kinds(server_events.ServerEvent) if not kind.startswith("parley.")}
    assert ours <= official
    assert len([kind for kind in kinds(client_events.ClientEvent) if not kind.startswith("parley.")]) == 10


def test_what_other_servers_say_is_read_or_passed_over() -> None:
    assert events.read_server_event('{"type": "rate_limits.updated", "rate_limits": []}') == events.UnknownEvent(type="rate_limits.updated")
    foreign = (
        '{"type": "response.output_audio.delta", "event_id": "e", "response_id": "r", "item_id": "i", "delta": "AAA=", "obfuscation": "x"}'
    )
    delta = events.read_server_event(foreign)
    assert isinstance(delta, events.OutputAudioDelta)
    assert delta.delta == "AAA="
    with pytest.raises(InputError, match="item_id"):
        events.read_server_event('{"type": "conversation.item.deleted"}')


def test_a_refusal_never_repeats_what_was_said() -> None:
    with pytest.raises(events.EventRefused) as refused:
        events.read_client_event(
            '{"type": "conversation.item.create", "item": {"type": "message", "role": "user", "content": "my secret"}}'
        )
    assert "secret" not in str(refused.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)


@settings(max_examples=40, deadline=None)
@given(JSON, st.sampled_from(sorted(kinds(client_events.ClientEvent))))
def test_any_json_is_an_event_or_a_refusal(body: object, kind: str) -> None:
    for message in (body, {"type": kind, "session": body, "item": body, "audio": body, "item_id": body, "response": body}):
        with contextlib.suppress(events.EventRefused):  # anything else would end the session
            events.read_client_event(json.dumps(message))
