"""The model comes when it is needed and goes when it is not: what a client notices of that."""

from pathlib import Path

from parley_models.assistant import Assistant
from parley_models.errors import BundleCorrupt
from tests.fakes.engine_room import engine_room, noise, wait_for
from tests.fakes.parts import ScriptedBrain
from tests.fakes.thimble import scripted, thimble


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
        wait_for(lambda: not room.engine.compute.busy)  # what was said is being read for the next question
        room.engine.unload_if_idle()
        now[0] += 61
        room.engine.unload_if_idle()
        while client.until("parley.engine")["state"] != "unloaded":
            pass
        client.ask(noise(0.5))
        assert [client.until("parley.engine")["state"] for _ in range(2)] == ["loading", "ready"]
        assert client.until("response.done")["response"]["status"] == "completed"
        assert len(loads) == 2


def test_a_model_that_answers_for_long_is_not_released_meanwhile(folder: Path, brain: ScriptedBrain) -> None:
    now = [0.0]
    brain.hold_at = 30
    with engine_room(folder, lambda: thimble(folder, brain), idle_unload_s=60, now_s=lambda: now[0]) as room, room.client() as client:
        client.manual()
        client.ask(noise(0.5))
        assert brain.held.wait(timeout=10)
        now[0] += 61
        room.engine.unload_if_idle()
        brain.go_on.set()
        assert client.until("response.done")["response"]["status"] == "completed"
        client.until("parley.style.measured")
        assert [event["state"] for event in client.of("parley.engine")] == ["unloaded", "loading", "ready"]


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
