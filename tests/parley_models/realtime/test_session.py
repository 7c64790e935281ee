"""What a client of the engine notices, through the official client and a real server."""

import base64
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from websockets.sync.client import connect

from parley_models.assistant import Assistant
from parley_models.bundle import write_manifest
from parley_models.errors import BundleCorrupt
from parley_models.pcm import AudioChunk
from parley_models.text_tokenizer import TextTokenizer
from parley_models.tokens import SpeechTokens
from tests.fakes.engine_room import TOKEN, Client, EngineRoom, engine_room, noise, pcm
from tests.fakes.parts import ScriptedBrain, ToneSpeaking, ToneVoice
from tests.fakes.thimble import LAYOUT, MANIFEST, WritingBrain, answer_ids, scripted, thimble, thimble_folder

ANSWER = "The capital of France is Paris, and that of Japan is another."
SILENCE = np.zeros(24_000, np.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return thimble_folder(tmp_path_factory.mktemp("bundles") / "thimble")


@pytest.fixture
def brain(folder: Path) -> ScriptedBrain:
    return scripted(folder, ANSWER, groups=40)


@pytest.fixture
def room(folder: Path, brain: ScriptedBrain) -> Iterator[EngineRoom]:
    with engine_room(folder, lambda: thimble(folder, brain)) as opened:
        yield opened


@pytest.fixture
def client(room: EngineRoom) -> Iterator[Client]:
    with room.client() as opened:
        yield opened


def words(folder: Path, ids: list[int]) -> str:
    return TextTokenizer(folder / "text.model").decode(token for token in ids if token < LAYOUT.audio_offset)


def wait_for(state: Callable[[], bool]) -> None:
    """Wait for something that no event tells."""
    pause = threading.Event()
    for _ in range(1_000):
        if state():
            return
        pause.wait(0.01)
    pytest.fail("It never came to that.")


def test_hello_says_what_the_bundle_can_do(client: Client) -> None:
    session = client.of("session.created")[0]["session"]
    assert session["audio"]["input"]["turn_detection"]["type"] == "server_vad"
    bundle = session["parley"]["bundle"]
    assert (bundle["title"], bundle["voices"]) == ("Thimble", ["slt"])
    assert [row["name"] for row in bundle["controls"]] == ["emotion", "rate", "pitch"]
    assert [level["name"] for level in bundle["controls"][0]["levels"]] == ["neutral", "happy"]


def test_a_spoken_turn_is_answered_in_the_protocols_order(client: Client) -> None:
    client.manual()
    client.ask(noise(1.0))
    done = client.until("response.done")
    assert done["response"]["status"] == "completed"
    kinds = [event["type"] for event in client.events]
    expected = [
        "input_audio_buffer.committed",
        "conversation.item.added",
        "response.created",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_audio_transcript.delta",
        "response.output_audio.delta",
        "response.output_audio.done",
        "response.output_audio_transcript.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.done",
    ]
    assert [kinds.index(kind) for kind in expected] == sorted(kinds.index(kind) for kind in expected)
    assert client.transcript == ANSWER == client.of("response.output_audio_transcript.done")[0]["transcript"]
    assert len(client.sound) == 40 * 2_880
    assert len(client.of("response.output_audio.delta")) >= 5  # it came piece by piece
    assert client.of("parley.segment") == [client.of("parley.segment")[0] | {"index": 0, "text": ANSWER}]
    latency = client.of("parley.latency")[0]
    assert 0 <= latency["heard_ms"] <= latency["thought_ms"] <= latency["first_audio_ms"]
    assert latency["ids_left"] <= 64
    measured = client.until("parley.style.measured")
    assert measured["asked"] == {"rate": 1.0, "pitch": 0.0}
    assert set(measured["achieved"]) == {"rate", "pitch"}


def test_the_answer_streams_while_it_is_still_being_thought(room: EngineRoom, brain: ScriptedBrain) -> None:
    brain.hold_at = 60
    with room.client() as client:
        client.manual()
        client.ask(noise(0.5))
        try:
            client.until("response.output_audio.delta")
            assert brain.held.wait(timeout=10)
            assert client.transcript
        finally:
            brain.go_on.set()
        client.until("response.done")


def test_cancel_stops_the_model_at_its_next_step(room: EngineRoom, brain: ScriptedBrain) -> None:
    brain.hold_at = 60
    with room.client() as client:
        client.manual()
        client.ask(noise(0.5))
        try:
            client.until("response.output_audio.delta")
            assert brain.held.wait(timeout=10)
            client.connection.response.cancel()
            done = client.until("response.done")
            assert done["response"]["status"] == "cancelled"
            assert done["response"]["status_details"]["reason"] == "client_cancelled"
        finally:
            brain.go_on.set()
        kept = [event for event in client.events if event["type"] == "conversation.item.done" and event["item"]["role"] == "assistant"]
        item = (kept or [client.until("conversation.item.done")])[0]["item"]
        assert brain.decoded <= 61
        assert len(item["parley"]["tokens"]) <= 61
        sounds = len(client.of("response.output_audio.delta"))
        client.connection.response.cancel()
        assert "no such answer" in client.until("error")["error"]["message"]
        assert len(client.of("response.output_audio.delta")) == sounds


def test_what_the_voice_was_making_is_refused(folder: Path, brain: ScriptedBrain) -> None:
    busy, go_on = threading.Event(), threading.Event()

    class SlowSpeaking(ToneSpeaking):
        def feed(self, groups: SpeechTokens) -> Sequence[AudioChunk]:
            if self.begun:
                busy.set()
                assert go_on.wait(timeout=10)
            return super().feed(groups)

    class SlowVoice(ToneVoice):
        def stream(self, voice: str, rate: float, pitch_semitones: float, seed: int) -> ToneSpeaking:
            return SlowSpeaking(200.0, rate)

    with engine_room(folder, lambda: thimble(folder, brain, voice=SlowVoice())) as room, room.client() as client:
        client.manual()
        client.connection.conversation.item.create(
            item={"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]}
        )
        client.connection.response.create()
        client.until("response.output_audio.delta")
        assert busy.wait(timeout=10)  # the second chunk is in the voice's hands
        client.connection.response.cancel()
        client.until("response.done")  # the client need not wait for it
        go_on.set()
        client.until("conversation.item.done")
        assert len(client.of("response.output_audio.delta")) == 1


def test_truncate_cuts_text_and_context_to_what_was_heard(client: Client, brain: ScriptedBrain, folder: Path) -> None:
    client.manual()
    client.ask(noise(0.5))
    item_id = client.until("response.done")["response"]["output"][0]["id"]
    client.connection.conversation.item.truncate(item_id=item_id, content_index=0, audio_end_ms=2_000)
    cut = client.until("conversation.item.truncated")
    heard = cut["parley"]["text"]
    assert ANSWER.startswith(heard)
    assert 0 < len(heard) < len(ANSWER) * 0.6
    assert sum(LAYOUT.is_audio(token) for token in cut["parley"]["tokens"]) == 16 * 5  # 2 s are 16 whole groups
    client.ask(noise(0.5))
    client.until("response.done")
    context = words(folder, brain.prompts[-1])
    assert heard in context
    assert ANSWER not in context


def test_the_room_hears_when_a_turn_begins_and_ends(room: EngineRoom, brain: ScriptedBrain) -> None:
    with room.client() as client:
        client.speak(np.concatenate([SILENCE[:12_000], noise(1.0), SILENCE[:6_000]]))
        wait_for(lambda: bool(brain.prompts))  # it thinks ahead in the silence
        client.speak(SILENCE)
        started = client.until("input_audio_buffer.speech_started")
        assert 100 <= started["audio_start_ms"] <= 500  # with its preroll
        stopped = client.until("input_audio_buffer.speech_stopped")
        assert 2_150 <= stopped["audio_end_ms"] <= 2_300  # 700 ms after the speech
        assert client.until("input_audio_buffer.committed")["item_id"] == started["item_id"]
        assert client.until("response.done")["response"]["status"] == "completed"
        latency = client.of("parley.latency")[0]
        assert latency["endpoint_ms"] == pytest.approx(700, abs=40)
        assert latency["thought_ahead"] is True


def test_a_brain_that_knows_when_a_question_is_whole_answers_sooner(folder: Path) -> None:
    brain = WritingBrain(folder, answer_ids(folder, ANSWER, 12))
    with engine_room(folder, lambda: thimble(folder, brain)) as room, room.client() as client:
        for _ in range(20):  # as a microphone would: what the brain thinks of a pause must reach the ears meanwhile
            client.connection.input_audio_buffer.append(audio=pcm(noise(0.05)))
        item_id = client.until("input_audio_buffer.speech_started")["item_id"]
        pause = threading.Event()
        for _ in range(30):
            client.connection.input_audio_buffer.append(audio=pcm(SILENCE[:1_200]))
            pause.wait(0.03)
        client.until("response.done")
        assert client.of("parley.latency")[0]["endpoint_ms"] < 600
        heard = client.of("conversation.item.input_audio_transcription.completed")[0]
        assert heard["item_id"] == item_id
        assert "word" in heard["transcript"]


def test_speaking_up_interrupts_the_answer(room: EngineRoom, brain: ScriptedBrain) -> None:
    brain.hold_at = 100
    with room.client() as client:
        client.speak(np.concatenate([noise(0.6), SILENCE]))
        client.until("response.output_audio.delta")
        assert brain.held.wait(timeout=10)
        client.speak(noise(0.2))  # a cough
        client.speak(SILENCE[:6_000])
        client.speak(noise(0.6))
        client.until("input_audio_buffer.speech_started")
        done = client.until("response.done")
        brain.go_on.set()
        assert done["response"]["status_details"]["reason"] == "turn_detected"
        assert len(client.of("input_audio_buffer.speech_started")) == 2  # the cough was none
        brain.hold_at = None
        client.speak(SILENCE)
        assert client.until("response.done")["response"]["status"] == "completed"


def test_speech_and_text_make_one_turn(client: Client, brain: ScriptedBrain, folder: Path) -> None:
    client.manual()
    client.speak(noise(0.5))
    client.connection.input_audio_buffer.commit()
    client.connection.conversation.item.create(
        item={"type": "message", "role": "user", "content": [{"type": "input_text", "text": "of Japan?"}]}
    )
    client.connection.response.create()
    client.until("response.done")
    prompt = brain.prompts[-1]
    assert prompt.count(LAYOUT.bot) == 3  # system, one turn of the human's, the answer
    assert "of Japan?" in words(folder, prompt)
    assert sum(LAYOUT.is_audio(token) for token in prompt) == 5 * 5


def test_a_recording_can_be_an_item(client: Client, brain: ScriptedBrain) -> None:
    client.manual()
    item: Any = {"type": "message", "role": "user", "content": [{"type": "input_audio", "audio": pcm(noise(0.96))}]}
    client.connection.conversation.item.create(item=item)
    client.connection.response.create()
    client.until("response.done")
    assert sum(LAYOUT.is_audio(token) for token in brain.prompts[-1]) == 8 * 5


def test_a_turn_can_be_remembered_and_said_again(client: Client, brain: ScriptedBrain, folder: Path) -> None:
    client.manual()
    client.ask(noise(0.5))
    done = client.until("conversation.item.done")
    while done["item"]["role"] != "assistant":
        done = client.until("conversation.item.done")
    remembered, first = done["item"], client.sound
    client.connection.conversation.item.delete(item_id=remembered["id"])
    client.until("conversation.item.deleted")
    client.connection.conversation.item.create(item=remembered)
    client.until("conversation.item.done")
    client.events.clear()
    again: Any = {"parley": {"say_again": {"item_id": remembered["id"]}}}
    client.connection.response.create(response=again)
    client.until("response.done")
    assert np.array_equal(client.sound, first)
    assert client.transcript == ANSWER
    client.events.clear()
    again = {"parley": {"say_again": {"item_id": remembered["id"], "style": {"rate": 2.0}, "from_ms": 400}}}
    client.connection.response.create(response=again)
    client.until("response.done")
    assert len(client.sound) == len(first) / 2 - 9_600
    assert len(brain.prompts) == 1  # nothing was thought
    client.ask(noise(0.5))
    client.until("response.done")
    assert ANSWER in words(folder, brain.prompts[-1])  # it is part of the conversation again


def test_style_and_character_reach_the_model_and_wrong_ones_are_refused(client: Client, brain: ScriptedBrain, folder: Path) -> None:
    client.manual(parley={"style": {"emotion": "happy", "rate": 2.0}, "character": "You are a pirate.", "seed": 7})
    client.ask(noise(0.5))
    client.until("response.done")
    assert "You are a pirate.\nSpeak happily." in words(folder, brain.prompts[-1])
    assert len(client.sound) == 40 * 1_440
    assert client.of("parley.segment")[0]["style"] == {"emotion": "happy", "rate": 2.0, "pitch": 0.0}
    for wish, says in (({"emotion": "angry"}, "neutral, happy"), ({"rate": 9.0}, "0.5 to 2"), ({"dialect": "Scots"}, "dialect")):
        session: Any = {"type": "realtime", "parley": {"style": wish}}
        client.connection.session.update(session=session, event_id="wish-1")
        error = client.until("error")["error"]
        assert says in error["message"]
        assert (error["type"], error["event_id"]) == ("invalid_request_error", "wish-1")
    client.connection.session.update(session={"type": "realtime", "instructions": "Be brief."})
    assert client.until("session.updated")["session"]["parley"]["character"] == "You are a pirate."


def test_an_answer_in_writing_has_no_sound(client: Client) -> None:
    client.manual(output_modalities=["text"])
    client.ask(noise(0.5))
    client.until("response.done")
    assert client.of("response.output_text.done")[0]["text"] == ANSWER
    assert not client.of("response.output_audio.delta")


def test_a_tool_is_called_and_its_output_read(folder: Path) -> None:
    scripts = (answer_ids(folder, 'Wait.\n@set_timer seconds=300 label="tea"', 6), answer_ids(folder, "It is set.", 6))
    brain = ScriptedBrain(lambda number, _seed: scripts[number])
    with engine_room(folder, lambda: thimble(folder, brain)) as room, room.client() as client:
        client.manual(tools=[{"type": "function", "name": "set_timer", "description": "rings", "parameters": {}}])
        client.ask(noise(0.5))
        call = client.until("response.function_call_arguments.done")
        assert (call["name"], json.loads(call["arguments"])) == ("set_timer", {"seconds": 300, "label": "tea"})
        outputs = client.until("response.done")["response"]["output"]
        assert [item["type"] for item in outputs] == ["message", "function_call"]
        assert client.transcript == "Wait.\n"
        item: Any = {"type": "function_call_output", "call_id": call["call_id"], "output": "rings at\n5"}
        client.connection.conversation.item.create(item=item)
        client.connection.response.create()
        client.until("response.done")
        assert client.transcript == "Wait.\nIt is set."
        assert "@set_timer: rings at 5" in words(folder, brain.prompts[-1])
        item["call_id"] = "nobody"
        client.connection.conversation.item.create(item=item)
        assert "nobody" in client.until("error")["error"]["message"]


def test_sessions_share_the_model_and_nothing_else(folder: Path) -> None:
    long = answer_ids(folder, ANSWER, 60)
    brain = ScriptedBrain(lambda _number, _seed: long)
    loads: list[int] = []

    def load() -> Assistant:
        loads.append(1)
        return thimble(folder, brain)

    with engine_room(folder, load) as room, room.client() as one, room.client() as two:
        for client, name in ((one, "the first"), (two, "the second")):
            client.manual(instructions=f"You are {name}.")
        one.speak(noise(0.5))
        two.speak(noise(1.0))
        for client in (one, two):
            client.connection.input_audio_buffer.commit()
            client.connection.response.create()
        for client in (one, two):
            client.until("response.done")
            assert client.transcript == ANSWER
            assert len(client.sound) == 60 * 2_880
        assert sum(loads) == 1
        prompts = [words(folder, prompt) for prompt in brain.prompts]
        assert ["You are the first." in prompt for prompt in prompts] != ["You are the second." in prompt for prompt in prompts]
        assert len(prompts) == 2


def test_talk_goes_on_when_the_context_is_full(client: Client, brain: ScriptedBrain) -> None:
    client.manual()
    for _ in range(14):  # 14 x (2 s heard + 5 s said) are some 4,200 ids of 4,096
        client.ask(noise(2.0))
        assert client.until("response.done")["response"]["status"] == "completed"
        assert len(brain.prompts[-1]) + 1_500 <= 4_096


def test_a_question_longer_than_the_context_is_refused_and_the_next_one_heard(client: Client) -> None:
    client.manual()
    client.speak(noise(80.0), piece_s=5.0)
    assert "too long" in client.until("error")["error"]["message"]
    client.connection.input_audio_buffer.commit()
    client.ask(noise(0.5))
    assert client.until("response.done")["response"]["status"] == "completed"


BAD: list[tuple[str | bytes, str]] = [
    ("{", "no JSON"),
    ("[1]", "no JSON object"),
    ("[" * 100_000, "no JSON"),
    ('{"type": "session.destroy"}', "no event of the type"),
    ('{"type": "conversation.item.truncate", "item_id": "x"}', "audio_end_ms"),
    ('{"type": "conversation.item.truncate", "item_id": "x", "audio_end_ms": 1}', "no item"),
    ('{"type": "conversation.item.delete", "item_id": "x"}', "no item"),
    ('{"type": "input_audio_buffer.append", "audio": "$$$"}', "base64"),
    ('{"type": "input_audio_buffer.append", "audio": "AAAA"}', "half a sample"),
    ('{"type": "input_audio_buffer.commit"}', "no sound to commit"),
    ('{"type": "session.update", "session": {"audio": {"input": {"format": {"type": "audio/pcmu"}}}}}', "audio/pcm"),
    ('{"type": "session.update", "session": {"output_modalities": ["video"]}}', "output_modalities"),
    ('{"type": "conversation.item.create", "item": {"type": "message", "role": "user", "content": []}}', "content"),
    ('{"type": "conversation.item.create", "item": {"type": "message", "role": "user", "parley": {"tokens": [99999]}}}', "ids"),
    ('{"type": "conversation.item.create", "item": {"type": "function_call", "name": "x", "arguments": "7"}}', "JSON object"),
    ('{"type": "response.create", "response": {"parley": {"say_again": {"item_id": "x"}}}}', "no item"),
    ('{"type": "response.cancel"}', "no such answer"),
    (b"\xff\xfe", "no JSON"),
]


def test_nonsense_is_answered_by_errors_and_the_session_lives(room: EngineRoom) -> None:
    with connect(f"{room.url}?model=thimble", additional_headers={"Authorization": f"Bearer {TOKEN}"}) as raw:

        def until(kind: str) -> dict[str, Any]:
            while (event := json.loads(raw.recv(timeout=10)))["type"] != kind:
                pass
            return dict(event)

        for message, says in BAD:
            raw.send(message)
            assert says in until("error")["error"]["message"], message
        raw.send('{"type": "session.update", "session": {"audio": {"input": {"turn_detection": null}}}}')
        raw.send(json.dumps({"type": "input_audio_buffer.append", "audio": pcm(noise(0.5))}))
        raw.send('{"type": "input_audio_buffer.commit"}')
        raw.send('{"type": "response.create"}')
        raw.send('{"type": "response.create"}')
        assert "already on its way" in until("error")["error"]["message"]
        assert until("response.done")["response"]["status"] == "completed"


def test_cleared_sound_is_forgotten(client: Client, brain: ScriptedBrain) -> None:
    client.manual()
    client.speak(noise(1.0))
    client.connection.input_audio_buffer.clear()
    client.until("input_audio_buffer.cleared")
    client.ask(noise(0.6))
    client.until("response.done")
    assert sum(LAYOUT.is_audio(token) for token in brain.prompts[-1]) == 5 * 5


def test_a_model_nobody_uses_is_released_and_comes_back(folder: Path) -> None:
    now = [0.0]
    loads: list[int] = []

    def load() -> Assistant:
        loads.append(1)
        return thimble(folder, scripted(folder))

    with engine_room(folder, load, idle_unload_s=60, now_s=lambda: now[0]) as room, room.client() as client:
        client.manual()
        client.ask(noise(0.5))
        client.until("response.done")
        room.engine.unload_if_idle()
        now[0] += 61
        room.engine.unload_if_idle()
        while client.until("parley.engine")["state"] != "unloaded":
            pass
        client.ask(noise(0.5))
        assert [client.until("parley.engine")["state"] for _ in range(2)] == ["loading", "ready"]
        assert client.until("response.done")["response"]["status"] == "completed"
        assert len(loads) == 2


def test_a_model_that_can_t_be_loaded_is_said_and_tried_again(folder: Path) -> None:
    broken = [True]

    def load() -> Assistant:
        if broken[0]:
            raise BundleCorrupt("The model is damaged.")
        return thimble(folder, scripted(folder))

    with engine_room(folder, load) as room, room.client() as client:
        client.manual()
        client.connection.conversation.item.create(
            item={"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]}
        )
        assert "damaged" in client.until("error")["error"]["message"]
        assert "failed" in [event["state"] for event in client.of("parley.engine")]
        broken[0] = False
        client.ask(noise(0.5))
        assert client.until("response.done")["response"]["status"] == "completed"


def test_who_does_not_write_along_is_asked_afterwards_what_he_heard(tmp_path: Path) -> None:
    folder = thimble_folder(tmp_path / "thimble")
    write_manifest(folder, replace(MANIFEST, dictation="Write down what I said."))
    scripts = (answer_ids(folder, ANSWER, 6), answer_ids(folder, "of France?", 0), answer_ids(folder, "Japan.", 6))
    brain = ScriptedBrain(lambda number, _seed: scripts[number])
    with engine_room(folder, lambda: thimble(folder, brain)) as room, room.client() as client:
        client.manual()
        client.ask(noise(0.5))
        asked = client.until("input_audio_buffer.committed")["item_id"]
        heard = client.until("conversation.item.input_audio_transcription.completed")
        assert (heard["item_id"], heard["transcript"]) == (asked, "of France?")
        kinds = [event["type"] for event in client.events]
        assert kinds.index("response.done") < kinds.index("conversation.item.input_audio_transcription.completed")
        assert words(folder, brain.prompts[1]).count("Write down what I said.") == 1
        client.ask(noise(0.5))
        while client.transcript != f"{ANSWER}Japan.":
            client.until("response.output_audio_transcript.delta")
        assert "Write down" not in words(folder, brain.prompts[2])  # the conversation knows nothing of it


def test_sound_arrives_as_it_was_made(client: Client) -> None:
    client.manual()
    client.ask(noise(0.5))
    client.until("response.done")
    at = np.arange(len(client.sound)) / 24_000
    assert np.abs(client.sound - 0.3 * np.sin(2 * np.pi * 200 * at)).max() < 1e-3
    assert base64.b64decode(client.of("response.output_audio.delta")[0]["delta"])
