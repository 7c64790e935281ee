"""Answers whose stretches have styles of their own, as a client of the engine notices them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from parley_models.bundle import write_manifest
from parley_models.prosody import Prosody
from parley_models.style import Control, Level, Style
from tests.fakes.engine_room import Client, engine_room, noise
from tests.fakes.parts import ScriptedBrain
from tests.fakes.thimble import LAYOUT, MANIFEST, answer_ids, thimble, thimble_folder

EMOTION = Control("emotion", "discrete", (Level("sad", prosody=Prosody(rate=0.5)), Level("happy", prosody=Prosody(pitch=3.0))))
LABELS = {name: Style(emotion=name) for name in ("sad", "happy")}


@pytest.fixture
def labelling(tmp_path: Path) -> Path:
    """A bundle whose model labels what it says and whose voice performs it; sad is at half the pace."""
    folder = thimble_folder(tmp_path / "thimble")
    write_manifest(folder, replace(MANIFEST, controls=(EMOTION, *MANIFEST.controls[1:]), labels=LABELS))
    return folder


@contextmanager
def answered(folder: Path, parts: Sequence[tuple[str, int]], **session: object) -> Iterator[tuple[Client, str]]:
    """A client who was answered in these stretches (text, groups), and the answer's item."""
    ids = [token for text, groups in parts for token in answer_ids(folder, text, groups)[:-1]]
    brain = ScriptedBrain(lambda _number, _seed: [*ids, LAYOUT.eot])
    with engine_room(folder, lambda: thimble(folder, brain)) as room, room.client() as client:
        client.manual(**session)
        client.ask(noise(0.5))
        yield client, client.until("response.done")["response"]["output"][0]["id"]


def test_each_stretch_is_told_with_its_own_style(labelling: Path) -> None:
    with answered(labelling, [("(sad) The capital is Paris.", 8), ("The capital of Japan is another.", 20)]) as (client, _):
        assert len(client.sound) == (8 * 2 + 20) * 2_880
        assert client.transcript == "The capital is Paris. The capital of Japan is another."
        assert client.transcript == client.of("response.output_audio_transcript.done")[0]["transcript"]
        assert [(each["index"], each["style"], each["text"]) for each in client.of("parley.segment")] == [
            (0, {"emotion": "sad", "rate": 1.0, "pitch": 0.0}, "The capital is Paris."),
            (1, {"rate": 1.0, "pitch": 0.0}, "The capital of Japan is another."),
        ]
        first = [each for each in client.of("response.output_audio_transcript.delta") if "style" in each]
        assert [(each["segment"], each["style"].get("emotion")) for each in first] == [(0, "sad"), (1, None)]  # with its first words


def test_how_fast_a_style_is_spoken_is_offered_with_it(labelling: Path) -> None:
    with answered(labelling, [("The capital is Paris.", 8)]) as (client, _):
        controls = client.of("session.created")[0]["session"]["parley"]["bundle"]["controls"]
        assert controls[0]["levels"] == [{"name": "sad", "rate": 0.5}, {"name": "happy"}]


def test_what_was_heard_is_reckoned_at_the_pace_of_each_stretch(labelling: Path) -> None:
    heard = {}
    with answered(labelling, [("(sad) The capital is Paris.", 8), ("The capital of Japan is another.", 20)]) as (client, item_id):
        for heard_ms in (5_000, 3_120, 1_920, 960, 120):
            client.connection.conversation.item.truncate(item_id=item_id, content_index=0, audio_end_ms=heard_ms)
            cut = client.until("conversation.item.truncated")["parley"]
            heard[heard_ms] = (cut["text"], sum(LAYOUT.is_audio(token) for token in cut["tokens"]) // 5)
    assert heard == {
        5_000: ("The capital is Paris. The capital of Japan is another.", 28),
        3_120: ("The capital is Paris. The capital of", 8 + 10),  # 1.92 s are the slow stretch
        1_920: ("The capital is Paris.", 8),
        960: ("The capital", 4),
        120: ("", 0),  # half a group
    }


@pytest.mark.parametrize("groups", range(1, 10))
def test_however_early_an_answer_is_cut_nobody_sees_a_piece_of_its_label(labelling: Path, groups: int) -> None:
    text = "The capital of France is Paris."
    with answered(labelling, [(f"(happy) {text}", 20)]) as (client, item_id):
        client.connection.conversation.item.truncate(item_id=item_id, content_index=0, audio_end_ms=120 * groups)
        assert text.startswith(client.until("conversation.item.truncated")["parley"]["text"])


def test_an_emotion_that_the_client_chose_is_that_of_every_stretch(labelling: Path) -> None:
    style = {"emotion": "happy", "rate": 2.0}
    with answered(labelling, [("(sad) Paris.", 3), ("Japan.", 3)], parley={"style": style}) as (client, _):
        assert [each["style"]["emotion"] for each in client.of("parley.segment")] == ["happy", "happy"]
        assert len(client.sound) == 6 * 1_440
        measured = client.until("parley.style.measured")
        assert measured["asked"] == {"emotion": "happy", "rate": 2.0, "pitch": 0.0}
        assert measured["achieved"]["pitch"] is None  # how far a happy melody lifts its middle depends on the words
