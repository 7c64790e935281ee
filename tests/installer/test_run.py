"""The two commands, as far as they go without installing anything."""

import subprocess
import sys
from pathlib import Path

import pytest

import run
import system
from environment import Environment


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """An environment with a `parley` that tells what it was asked."""
    environment = Environment(tmp_path / ".venv")
    program = environment.program("parley")
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\necho "asked $@"\nexit $EXIT_CODE\n', encoding="utf-8")
    program.chmod(0o755)
    return environment


def test_the_installer_needs_nothing_but_python() -> None:
    done = subprocess.run([sys.executable, "-S", run.__file__, "--help"], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert "run.py test" in done.stdout


def test_an_unknown_word_is_refused() -> None:
    done = subprocess.run([sys.executable, "-S", run.__file__, "tests"], capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert "invalid choice: 'tests'" in done.stderr


def test_the_window_is_opened(environment: Environment, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("DISPLAY", ":7")
    monkeypatch.setenv("EXIT_CODE", "0")

    assert run.start(environment) == 0
    assert "asked \n" in capfd.readouterr().out


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there always is one")
def test_a_screen_is_found_by_what_the_desktop_says(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    assert not run.has_screen()
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    assert run.has_screen()


@pytest.mark.parametrize("exit_code", [0, 4])
def test_without_a_screen_the_sample_questions_are_answered(
    environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], exit_code: int
) -> None:
    monkeypatch.setattr(run, "ANSWERS", tmp_path / "answers")
    monkeypatch.setattr(run, "has_screen", lambda: False)
    monkeypatch.setenv("EXIT_CODE", str(exit_code))

    assert run.start(environment) == exit_code

    said = capfd.readouterr().out
    assert "asked ask " in said
    assert f".wav -o {tmp_path / 'answers'}" in said
    assert ("The spoken answers are in" in said) == (exit_code == 0)


def test_missing_system_packages_end_with_the_way_out(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    absent = system.SystemPackage("flite", "a voice", lambda: False)
    monkeypatch.setattr(system, "TO_RUN", (absent,))
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(sys, "argv", ["run.py"])

    assert run.main() == 1

    captured = capsys.readouterr()
    assert "missing: flite (a voice)" in captured.out
    assert "Install with your system's package manager" in captured.err
