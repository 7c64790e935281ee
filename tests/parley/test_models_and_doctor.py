"""What is here, and whether it is whole."""

import json
from pathlib import Path

import pytest

from parley.cli.program import run
from tests.fakes.thimble import thimble_folder


@pytest.fixture
def own_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A bundle in the user's data folder."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    return thimble_folder(tmp_path / "parley" / "bundles" / "thimble")


def test_bundles_are_listed(own_bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "--json"]) == 0
    records = {record["name"]: record for record in map(json.loads, capsys.readouterr().out.splitlines())}
    assert records["thimble"]["folder"] == str(own_bundle)
    assert records["thimble"]["licence"] == "Apache-2.0"


def test_a_damaged_bundle_is_told_and_the_others_are_listed(own_bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    thimble_folder(own_bundle.parent / "whole")
    (own_bundle / "voices.json").unlink()
    assert run(["models"]) == 4
    told = capsys.readouterr()
    assert "Thimble lacks voices.json" in told.err
    assert "whole" in told.out


def test_the_doctor_tells_what_is_here_and_finds_what_is_wrong(own_bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "--bundle", "thimble"]) == 0
    told = capsys.readouterr().out
    assert "Thimble 1" in told
    assert "CPUExecutionProvider" in told
    assert "rate: from 0.5 to 2" in told
    (own_bundle / "text.model").write_bytes(b"")
    assert run(["doctor", "--bundle", "thimble"]) == 4
    assert "text.model is damaged" in capsys.readouterr().err
