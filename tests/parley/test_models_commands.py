"""parley models plan, pull, verify, list, remove: what a user sees, against a local hub."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from parley.cli.program import run
from tests.conftest import ROOT
from tests.fakes.float_checkpoint import float_checkpoint
from tests.fakes.hub_server import HubServer
from tests.fakes.thimble import thimble_folder

DRAFT = "draft-3b-int4"
REPOSITORY = "stepfun-ai/Step-Audio-TTS-3B"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's data folder."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    return tmp_path / "parley"


@pytest.fixture
def server() -> Iterator[HubServer]:
    with HubServer() as server:
        server.repositories[REPOSITORY] = float_checkpoint() | {"CosyVoice-300M-25Hz/flow.pt": bytes(500)}
        yield server


def parley(home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The real program, in a home of its own."""
    own = {"XDG_DATA_HOME": str(home / "data"), "HF_HOME": str(home / "hf"), "PATH": os.environ["PATH"], "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "parley", "models", *arguments]
    return subprocess.run(command, cwd=ROOT, env=own | environment, capture_output=True, text=True, check=False)


def test_a_model_is_pulled_and_listed(server: HubServer, tmp_path: Path) -> None:
    folder = tmp_path / "data" / "parley" / "drafts" / DRAFT
    offline = parley(tmp_path, "pull", DRAFT, HF_ENDPOINT=server.endpoint, HF_HUB_OFFLINE="1")
    assert (offline.returncode, offline.stdout) == (4, "")
    assert offline.stderr == f"parley: {REPOSITORY} is not here, and HF_HUB_OFFLINE forbids to fetch it.\n"

    pulled = parley(tmp_path, "pull", DRAFT, "--json", HF_ENDPOINT=server.endpoint)
    assert pulled.returncode == 0, pulled.stderr
    told = [json.loads(line) for line in pulled.stdout.splitlines()]
    assert told[-1] == {"name": DRAFT, "state": "here", "folder": str(folder)}
    assert {each["doing"] for each in told[:-1]} == {"fetching", "converting", "finishing"}
    assert all(asked.path.rpartition(".")[2] in {"safetensors", "json", "model"} for asked in server.asked), "no code, no vocoder"
    assert json.loads((folder / "backbone" / "config.json").read_text())["quantization"]["linear"] == "int4"
    assert not (tmp_path / "hf" / "parley" / DRAFT).exists()

    (listed,) = [record for record in map(json.loads, parley(tmp_path, "list", "--json").stdout.splitlines()) if record["name"] == DRAFT]
    assert listed["folder"] == str(folder)
    assert listed["kind"] == "drafts"


def test_damage_is_found_by_name(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = thimble_folder(data / "bundles" / "thimble")
    assert run(["models", "verify", "thimble"]) == 0
    assert "every file is as recorded" in capsys.readouterr().out

    model = folder / "text.model"
    content = bytearray(model.read_bytes())
    content[len(content) // 2] ^= 1
    model.write_bytes(content)
    assert run(["models", "verify", "thimble"]) == 4
    assert f"{model}: its content has changed" in capsys.readouterr().err
    assert run(["models", "verify", "--json"]) == 4
    whole = {record["name"]: record["whole"] for record in map(json.loads, capsys.readouterr().out.splitlines())}
    assert whole == {"mini": True, "thimble": False}
    assert run(["models", "verify", "nothing"]) == 4
    assert "There is no model “nothing” here; there are: mini, thimble" in capsys.readouterr().err


def test_what_is_removed_is_gone_and_nothing_else(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = thimble_folder(data / "bundles" / "thimble")
    unfinished = data / "bundles" / ".thimble.unfinished"
    shutil.copytree(folder, unfinished)
    other = thimble_folder(data / "bundles" / "other")

    assert run(["models", "remove", "thimble"]) == 2, "nobody was asked"
    assert "say --yes" in capsys.readouterr().err
    assert folder.is_dir()
    assert run(["models", "remove", "thimble", "--yes", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["freed_bytes"] > 10_000
    assert [item.name for item in (data / "bundles").iterdir()] == [other.name]
    assert run(["models", "remove", "thimble", "--yes"]) == 4
    assert run(["models", "remove", "mini"]) == 2, "it asks about what it would refuse"
    assert "came with Parley and stays" in capsys.readouterr().err


def test_a_link_is_removed_but_not_what_it_points_to(data: Path, tmp_path: Path) -> None:
    elsewhere = thimble_folder(tmp_path / "elsewhere")
    (data / "bundles").mkdir(parents=True)
    (data / "bundles" / "linked").symlink_to(elsewhere)
    assert run(["models", "remove", "linked", "--yes"]) == 0
    assert not (data / "bundles" / "linked").exists()
    assert (elsewhere / "bundle.toml").is_file()


def test_a_plan_is_told_without_a_download(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "plan", "aqaa", "--card", "RTX 4090"]) == 0
    told = capsys.readouterr().out
    assert "Your 24 GB card (RTX 4090) can't hold this model" in told
    assert "Mini runs here" in told
    assert "275 GB, quantized while it comes" in told

    assert run(["models", "plan", "aqaa", "--card", "B200", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["chosen"]["name"] == record["name"] == "aqaa-int4"
    assert record["chosen"]["keeps_up"]
    assert record["chosen"]["tokens_per_s"] > 60
    assert record["figures"].startswith("computed")
    assert record["card"] == "B200"

    assert run(["models", "plan", "--json"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 6
    assert run(["models", "plan", "aqaa", "--card", "Voodoo 2"]) == 2
    assert run(["models", "plan", "gpt"]) == 2
    assert not data.exists(), "planning leaves no trace"


def test_what_could_be_pulled_is_listed_on_request(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (data / "bundles" / ".aqaa-int4.unfinished").mkdir(parents=True)
    assert run(["models", "list", "--all"]) == 0
    told = capsys.readouterr().out
    assert "aqaa-int8" in told
    assert "aqaa-int4  being pulled" in told
    assert run(["models", "list"]) == 0
    assert "aqaa-int8" not in capsys.readouterr().out


def test_mini_need_not_be_pulled(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "pull", "mini"]) == 0
    assert capsys.readouterr().out == "Mini comes with Parley.\n"
    assert run(["models", "pull", "gpt"]) == 2


def test_a_flag_in_the_wrong_place_is_not_passed_over(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "--json", "list"]) == 2
    assert capsys.readouterr().err == "parley: Invalid value for --json: it belongs behind “list”. `parley models --help` tells more.\n"


def test_a_folder_that_is_no_reference_is_told_in_one_sentence(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "check", str(data)]) == 4
    assert capsys.readouterr().err == f"parley: {data} is no reference folder: it has no golden/.\n"


def test_the_list_says_that_there_are_more(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "list"]) == 0
    assert "more can be fetched: `parley models list --all` names them" in capsys.readouterr().out
    assert run(["models", "list", "--json"]) == 0
    assert "more can be fetched" not in capsys.readouterr().out
