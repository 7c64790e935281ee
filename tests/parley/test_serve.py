"""`parley serve` as a program: what its starter reads, who comes in, what Mini answers, and that it ends when it should."""

import contextlib
import importlib.resources
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import soxr
from openai import OpenAI

from parley_models.sound_file import read_question
from tests.fakes.engine_room import Client

HAS_CUDA = "CUDAExecutionProvider" in onnxruntime.get_available_providers()


@contextlib.contextmanager
def served(*options: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    command = [sys.executable, "-m", "parley", "serve", *options]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            assert process.stdout is not None
            yield process, json.loads(process.stdout.readline())
        finally:
            process.kill()


def client_of(url: str, token: str) -> OpenAI:
    return OpenAI(api_key=token, base_url="http://127.0.0.1/v1", websocket_base_url=url.removesuffix("/realtime"))


def refuses_what_it_was_not_taught_to_say(client: Client) -> None:
    """As a greeting that the window did not keep back would be: one sentence, and talk goes on."""
    client.events.clear()
    text = "Hello! What would you like to learn today?"
    item: Any = {"id": "greeting", "type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]}
    client.connection.conversation.item.create(item=item)
    again: Any = {"parley": {"say_again": {"item_id": "greeting"}}}
    client.connection.response.create(response=again)
    response = client.until("response.done")["response"]
    assert response["status"] == "failed"
    assert "Mini can't read this out" in json.dumps(response["status_details"])
    assert not len(client.sound)


def test_mini_answers_the_official_client(tmp_path: Path) -> None:
    token_file = tmp_path / "token"
    with served("--token-file", str(token_file), "--device", "cpu") as (process, about):
        assert set(about) == {"url", "pid"}
        assert about["pid"] == process.pid
        assert about["url"].startswith("ws://127.0.0.1:")
        path = Path(str(importlib.resources.files("parley_assets"))) / "questions" / "2-capital.wav"
        question = read_question(path)
        sound = soxr.resample(question.samples, question.rate_hz, 24_000).astype(np.float32)
        with client_of(about["url"], token_file.read_text().strip()) as openai, openai.realtime.connect(model="mini") as connection:
            client = Client(connection)
            client.manual(parley={"seed": 1})
            client.speak_live(sound)
            connection.input_audio_buffer.commit()
            connection.response.create()
            assert client.until("response.done")["response"]["status"] == "completed"
            assert len(client.transcript) > 3
            assert len(client.sound) > 12_000
            assert np.abs(client.sound).max() > 0.05
            assert client.of("parley.latency")[0]["ids_left"] <= 64
            measured = client.until("parley.style.measured")
            assert set(measured["achieved"]) == {"rate", "pitch"}
            refuses_what_it_was_not_taught_to_say(client)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0


def test_it_ends_when_it_is_told_to_whatever_it_is_doing() -> None:
    with served() as (process, about):  # it has begun to load the model
        assert len(about["token"]) > 30  # without a token file the starter is told
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (["--bundle", "nobody"], 4, "no bundle"),
        (["--host", "192.0.2.1"], 3, "can't listen"),
        (["--port", "x"], 2, ""),
        (["--device", "tpu"], 2, "no device “tpu”"),
        (["--device", "cuda:one"], 2, "no device “cuda:one”"),
        pytest.param(["--device", "cuda"], 5, "can't use a graphics card", marks=pytest.mark.skipif(HAS_CUDA, reason="it can, here")),
    ],
)
def test_what_can_t_be_served_is_said_in_one_sentence(options: list[str], code: int, says: str) -> None:
    done = subprocess.run([sys.executable, "-m", "parley", "serve", *options], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == code
    assert says in done.stderr
    assert "Traceback" not in done.stderr
