"""What goes into a conversation besides speech, and how it is answered: typed words, recordings, turns of another day, tools, nonsense."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from websockets.sync.client import connect

from parley_models.bundle import write_manifest
from parley_models.text_tokenizer import TextTokenizer
from parley_models.tokens import SpeechTokens
from tests.fakes.engine_room import ANSWER, TOKEN, Client, EngineRoom, engine_room, noise, pcm, words
from tests.fakes.parts import ScriptedBrain
from tests.fakes.thimble import LAYOUT, MANIFEST, answer_ids, scripted, thimble, thimble_folder


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


def test_typed_numbers_are_read_in_words_wherever_the_item_stands(tmp_path: Path) -> None:
    folder = thimble_folder(tmp_path / "bundle")
    write_manifest(folder, replace(MANIFEST, chat=replace(MANIFEST.chat, spells_numbers=True), files=()))
    brain = scripted(folder, ANSWER)
    with engine_room(folder, lambda: thimble(folder, brain)) as room, room.client() as client:
        client.manual()
        asked: list[Any] = [
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]} for text in ("2+2", "12-5")
        ]
        client.connection.conversation.item.create(item=asked[0])
        client.connection.conversation.item.create(item=asked[1], previous_item_id="root")
        client.connection.response.create()
        client.until("response.done")
        assert "twelve minus five" in words(folder, brain.prompts[-1])
        assert "two plus two" in words(folder, brain.prompts[-1])
        client.events.clear()
        apart: Any = {"conversation": "none", "input": asked[1:]}
        client.connection.response.create(response=apart)
        client.until("response.done")
        assert "twelve minus five" in words(folder, brain.prompts[-1])
        assert "two plus two" not in words(folder, brain.prompts[-1])


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


def greeting(client: Client, text: str = ANSWER) -> str:
    """Say words that were only written, as the window does with a greeting or a timer; the item's id."""
    item: Any = {"id": "greeting", "type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]}
    client.connection.conversation.item.create(item=item)
    again: Any = {"parley": {"say_again": {"item_id": "greeting"}}}
    client.connection.response.create(response=again)
    return "greeting"


def test_words_that_were_only_written_are_spoken_and_from_then_on_kept_as_spoken(folder: Path) -> None:
    audio = SpeechTokens(np.arange(30, dtype=np.uint16).reshape(6, 5)).ids(LAYOUT)
    brain = ScriptedBrain(lambda _number, _seed: [7, 8, *audio])  # would rather say something else, and speak for longer than a block
    text_ids = TextTokenizer(folder / "text.model").encode(ANSWER)
    blocks = [text_ids[at : at + 10] for at in range(0, len(text_ids), 10)]
    with engine_room(folder, lambda: thimble(folder, brain)) as room, room.client() as client:
        client.manual()
        name = greeting(client)
        client.until("response.done")
        assert client.transcript == ANSWER
        assert len(client.sound) == ((len(blocks) - 1) * 3 + 6) * 2_880
        assert [prompt[-len(block) :] for prompt, block in zip(brain.prompts, blocks, strict=True)] == blocks
        markers = [LAYOUT.audio_start or 0], [LAYOUT.audio_end or 0]
        said = [each for block in blocks[:-1] for each in [*block, *audio[:15]]] + [*blocks[-1], *audio]
        expected = [*markers[0], *said, *markers[1]]
        kept = [event["item"] for event in client.of("conversation.item.done") if event["item"]["id"] == name][-1]
        assert kept["parley"]["tokens"] == expected
        before = expected[: -len(audio) - 1]
        assert brain.prompts[-1][-len(before) :] == before, "the last words are spoken after all that was said before them"
        first, asked = client.sound, len(brain.prompts)
        client.events.clear()
        again: Any = {"parley": {"say_again": {"item_id": name}}}
        client.connection.response.create(response=again)
        client.until("response.done")
        assert np.array_equal(client.sound, first)
        assert len(brain.prompts) == asked, "nothing had to be thought again"


def test_words_that_the_bundle_can_not_read_out_are_refused_in_a_sentence(folder: Path) -> None:
    audio = SpeechTokens(np.arange(15, dtype=np.uint16).reshape(3, 5)).ids(LAYOUT)
    write_manifest(folder, replace(MANIFEST, recites=(ANSWER,)))
    brain = ScriptedBrain(lambda _number, _seed: list(audio))
    with engine_room(folder, lambda: thimble(folder, brain)) as room, room.client() as client:
        client.manual()
        greeting(client)
        assert client.until("response.done")["response"]["status"] == "completed"
        assert len(client.sound)
    with engine_room(folder, lambda: thimble(folder, brain)) as room, room.client() as client:
        client.manual()
        greeting(client, "Something else.")
        response = client.until("response.done")["response"]
        assert response["status"] == "failed"
        assert "Thimble can't read this out" in json.dumps(response["status_details"])


def test_a_greeting_can_be_interrupted(folder: Path) -> None:
    audio = SpeechTokens(np.arange(15, dtype=np.uint16).reshape(3, 5)).ids(LAYOUT)
    brain = ScriptedBrain(lambda _number, _seed: list(audio), hold_at=20)
    with engine_room(folder, lambda: thimble(folder, brain)) as room, room.client() as client:
        client.manual()
        name = greeting(client)
        assert brain.held.wait(timeout=10)
        client.connection.response.cancel()
        assert client.until("response.done")["response"]["status"] == "cancelled"
        brain.go_on.set()
        client.connection.conversation.item.truncate(item_id=name, content_index=0, audio_end_ms=120)
        cut = client.until("conversation.item.truncated")
        assert ANSWER.startswith(cut["parley"]["text"]) and cut["parley"]["text"] != ANSWER
        client.ask(noise(0.5))
        assert client.until("response.done")["response"]["status"] == "completed"


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


def test_a_call_without_a_word_is_the_first_of_what_is_given_out(folder: Path) -> None:
    brain = scripted(folder, "@set_timer seconds=300", 6)
    with engine_room(folder, lambda: thimble(folder, brain)) as room, room.client() as client:
        client.manual(tools=[{"type": "function", "name": "set_timer", "description": "rings", "parameters": {}}])
        client.ask(noise(0.5))
        done = client.until("response.done")
        call = client.of("response.function_call_arguments.done")[0]
        assert done["response"]["output"][call["output_index"]]["id"] == call["item_id"]
        places = {event["item"]["id"]: event["output_index"] for event in client.of("response.output_item.added")}
        assert places == {item["id"]: place for place, item in enumerate(done["response"]["output"])}


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
        client.until("parley.style.measured")
        kinds = [event["type"] for event in client.events]
        expected = ["response.done", "conversation.item.input_audio_transcription.completed", "parley.style.measured"]
        assert [kinds.index(kind) for kind in expected] == sorted(kinds.index(kind) for kind in expected)
        assert words(folder, brain.prompts[1]).count("Write down what I said.") == 1
        client.ask(noise(0.5))
        while client.transcript != f"{ANSWER}Japan.":
            client.until("response.output_audio_transcript.delta")
        assert "Write down" not in words(folder, brain.prompts[2])  # the conversation knows nothing of it
