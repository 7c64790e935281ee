"""What a client of the engine notices of turns and answers, through the official client and a real server."""

import base64
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from parley_models.assistant import Assistant
from parley_models.hearing.turn_taking import News
from parley_models.pcm import AudioChunk
from parley_models.prosody import Prosody
from parley_models.tokens import SpeechTokens
from tests.fakes.engine_room import ANSWER, SILENCE, Client, EngineRoom, engine_room, noise, pcm, wait_for, words
from tests.fakes.parts import ScriptedBrain, ToneSpeaking, ToneVoice
from tests.fakes.thimble import LAYOUT, WritingBrain, answer_ids, scripted, thimble


def test_hello_says_what_the_bundle_can_do(client: Client) -> None:
    session = client.of("session.created")[0]["session"]
    assert session["audio"]["input"]["turn_detection"]["type"] == "server_vad"
    bundle = session["parley"]["bundle"]
    assert (bundle["title"], bundle["voices"]) == ("Thimble", ["slt"])
    assert [row["name"] for row in bundle["controls"]] == ["emotion", "rate", "pitch"]
    assert [level["name"] for level in bundle["controls"][0]["levels"]] == ["neutral", "happy"]
    assert bundle["roles"] == ["pirate"]


def test_a_ping_tells_how_long_the_model_has_been_at_one_step(room: EngineRoom, client: Client, brain: ScriptedBrain) -> None:
    def working_s() -> float:
        client.connection.send({"type": "parley.ping"})  # type: ignore[arg-type]
        return float(client.until("parley.pong")["working_s"])

    assert working_s() == 0.0
    brain.hold_at = 5
    client.manual()
    client.ask(noise(1.0))
    assert brain.held.wait(timeout=10)
    first = working_s()
    wait_for(lambda: working_s() > first)  # it is told in milliseconds, and two may be asked within one
    brain.go_on.set()
    client.until("response.done")
    wait_for(lambda: not room.engine.compute.busy)
    assert working_s() == 0.0


def test_a_pong_tells_how_far_the_model_has_heard(client: Client) -> None:
    client.manual()
    client.speak_live(noise(1.0))
    assert client.heard_s() <= 1.0
    client.connection.input_audio_buffer.commit()
    client.connection.response.create()
    client.until("response.done")
    assert client.heard_s() == pytest.approx(1.0, abs=0.01)
    client.manual(audio={"input": {"turn_detection": {"type": "server_vad"}}})
    client.speak(np.zeros(48_000, np.float32))
    assert client.heard_s() == pytest.approx(1.0, abs=0.01), "silence is nobody's speech"


def test_a_model_that_is_slow_is_not_taken_for_one_that_hangs(folder: Path) -> None:
    """Every id takes ten seconds: each is a step of its own, though the thread pauses for others once a block only."""
    clock, steps = [0.0], []

    class SlowBrain(ScriptedBrain):
        def decode(self, seed: int, limit: int) -> Iterator[int]:
            for token_id in super().decode(seed, limit):
                clock[0] += 10
                steps.append(room.engine.working_s)
                yield token_id

    brain = SlowBrain(scripted(folder, ANSWER, groups=40).script)
    with engine_room(folder, lambda: thimble(folder, brain), now_s=lambda: clock[0]) as room, room.client() as client:
        client.manual()
        client.ask(noise(1.0))
        client.until("response.done")
    assert len(steps) > 200
    assert max(steps) == 10.0


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
    measured = client.until("parley.style.measured")
    assert measured["asked"] == {"rate": 1.0, "pitch": 0.0}
    assert set(measured["achieved"]) == {"rate", "pitch"}


def test_every_event_says_which_part_of_the_answer_it_is_about(client: Client) -> None:
    client.manual()
    client.ask(noise(0.5))
    client.until("response.done")
    item_id = client.of("response.output_item.done")[0]["item"]["id"]
    client.connection.conversation.item.truncate(item_id=item_id, content_index=0, audio_end_ms=500)
    client.until("conversation.item.truncated")
    parts = [event for event in client.events if event["type"].startswith("response.") and "item_id" in event]
    assert len(parts) > 8
    assert {(event["output_index"], event["content_index"]) for event in parts} == {(0, 0)}
    assert {event["output_index"] for event in client.events if event["type"].startswith("response.output_item.")} == {0}
    assert client.of("conversation.item.truncated")[0]["content_index"] == 0


def test_an_answer_may_be_as_long_as_it_wants_where_it_says_so(client: Client) -> None:
    client.manual(max_output_tokens=20)
    client.ask(noise(0.5))
    assert client.until("response.done")["response"]["status"] == "incomplete"
    client.connection.response.create(response={"max_output_tokens": "inf"})
    assert client.until("response.done")["response"]["status"] == "completed"


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


def test_an_answer_is_cancelled_that_waits_for_its_question_to_be_cut(room: EngineRoom) -> None:
    cut = threading.Event()

    def busy() -> list[News]:
        assert cut.wait(timeout=10)
        return []

    with room.client() as client:
        client.manual()
        room.engine.listening.submit(busy, lambda _news: None)
        client.ask(noise(0.5))
        client.connection.response.cancel()
        client.connection.response.create()
        client.heard_s()  # all of this has arrived
        cut.set()
        assert [client.until("response.done", "error")["response"]["status"] for _ in range(2)] == ["cancelled", "completed"]


def test_what_the_voice_was_making_is_refused(folder: Path, brain: ScriptedBrain) -> None:
    busy, go_on = threading.Event(), threading.Event()

    class SlowSpeaking(ToneSpeaking):
        def feed(self, groups: SpeechTokens) -> Sequence[AudioChunk]:
            if self.begun:
                busy.set()
                assert go_on.wait(timeout=10)
            return super().feed(groups)

    class SlowVoice(ToneVoice):
        def stream(self, voice: str, prosody: Prosody, seed: int) -> ToneSpeaking:
            return SlowSpeaking(200.0, prosody.rate)

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
    client.connection.input_audio_buffer.commit(event_id="the long one")
    assert client.until("error", "input_audio_buffer.committed")["error"]["event_id"] == "the long one"
    client.ask(noise(0.5))
    assert client.until("response.done")["response"]["status"] == "completed"


def test_questions_sent_in_one_go_keep_their_own_sound(room: EngineRoom, brain: ScriptedBrain) -> None:
    cut = threading.Event()

    def busy() -> list[News]:
        assert cut.wait(timeout=10)
        return []

    with room.client() as client:
        client.manual()
        room.engine.listening.submit(busy, lambda _news: None)
        for seconds in (0.6, 1.2, 1.8):
            client.speak(noise(seconds))
            client.connection.input_audio_buffer.commit()
        client.heard_s()  # all of this has arrived
        cut.set()
        heard = [client.until("conversation.item.done", "error")["item"]["parley"]["tokens"] for _ in range(3)]
        assert [sum(LAYOUT.is_audio(token) for token in tokens) for tokens in heard] == [5 * 5, 10 * 5, 15 * 5]


def test_cleared_sound_is_forgotten(client: Client, brain: ScriptedBrain) -> None:
    client.manual()
    client.speak(noise(1.0))
    client.connection.input_audio_buffer.clear()
    client.until("input_audio_buffer.cleared")
    client.ask(noise(0.6))
    client.until("response.done")
    assert sum(LAYOUT.is_audio(token) for token in brain.prompts[-1]) == 5 * 5


def test_sound_arrives_as_it_was_made(client: Client) -> None:
    client.manual()
    client.ask(noise(0.5))
    client.until("response.done")
    at = np.arange(len(client.sound)) / 24_000
    assert np.abs(client.sound - 0.3 * np.sin(2 * np.pi * 200 * at)).max() < 1e-3
    assert base64.b64decode(client.of("response.output_audio.delta")[0]["delta"])
