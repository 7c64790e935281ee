"""A question answered with the backbone on a server, from the command line to the sound file."""

import json
from pathlib import Path

import pytest
import soundfile

from parley.cli.program import run
from parley_models.backbone.backbone import Backbone
from tests.fakes.thimble import LAYOUT
from tests.fakes.tiny_bundle import GROUPS, tiny_bundle
from tests.fakes.vllm_server import Habits, VllmServer


def test_a_question_is_answered_by_a_server(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bundle").mkdir()
    folder, key = tiny_bundle(tmp_path / "bundle"), tmp_path / "key"
    key.write_text("secret\n")
    backbone = Backbone.load(folder / "backbone")
    ask = ["ask", "--text", "What is the capital of Japan?", "--bundle", str(folder), "--json", "--seed", "3"]
    with VllmServer(backbone.prepare, Habits(key="secret", max_model_len=4096)) as server:
        remote = [*ask, "-o", str(tmp_path / "remote.wav"), "--engine", "vllm", "--url", server.url]
        assert run([*remote, "--key-file", str(key)]) == 0
        record = json.loads(capsys.readouterr().out)
        assert run(remote) == 6
        assert "--key-file names the file that holds it" in capsys.readouterr().err
    assert run([*ask, "-o", str(tmp_path / "local.wav")]) == 0
    local = json.loads(capsys.readouterr().out)

    assert record["tokens"]["linguistic"] == local["tokens"]["linguistic"] == GROUPS * LAYOUT.linguistic_per_group
    assert soundfile.info(str(tmp_path / "remote.wav")).frames == soundfile.info(str(tmp_path / "local.wav")).frames > 0
    assert run([*remote, "--key-file", str(key)]) == 6
    assert "can't be reached" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (["--engine", "vllm"], 2, "needs --url"),
        (["--engine", "tgi"], 2, "there are local and vllm"),
        (["--url", "http://127.0.0.1:9"], 2, "are for --engine vllm"),
        (["--engine", "vllm", "--url", "gpu.example:8000"], 2, "it looks like http://gpu.example:8000"),
        (["--engine", "vllm", "--url", "http://[gpu"], 2, "is no address of a server"),
        (["--engine", "vllm", "--url", "http://127.0.0.1:9", "--key-file", "/nowhere/key"], 3, "can't be read as a key"),
    ],
)
def test_options_that_do_not_go_together_are_told(options: list[str], code: int, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    for command in (["ask", "--text", "Hello?"], ["serve"]):
        assert run([*command, *options]) == code
        assert told in capsys.readouterr().err
