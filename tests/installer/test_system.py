"""What the system lacks is installed where that takes no password, and otherwise named in one line to type."""

import os
from pathlib import Path

import pytest

import system


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the whole PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def write_program(path: Path, name: str, script: str) -> None:
    """Put a program on the PATH."""
    (path / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    (path / name).chmod(0o755)


ABSENT = system.SystemPackage("flite", "a voice", system.program("flite"))


def test_only_what_is_absent_is_missing(path: Path) -> None:
    write_program(path, "sox", "exit 0")
    present = system.SystemPackage("sox", "effects", system.program("sox"))

    assert system.missing((present, ABSENT)) == [ABSENT]


def test_root_installs_with_apt(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    write_program(path, "apt-get", f'echo "$@" "$DEBIAN_FRONTEND" >> {path}/log')

    system.install([ABSENT])

    log = (path / "log").read_text(encoding="utf-8").splitlines()
    assert log == ["update noninteractive", "install -y --no-install-recommends flite noninteractive"]


def test_a_failing_apt_stops_the_set_up(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    write_program(path, "apt-get", "exit 100")

    with pytest.raises(system.SystemPackagesMissing, match="could not install flite"):
        system.install([ABSENT])


@pytest.mark.parametrize("sudo", [None, "exit 1"])
def test_without_rights_the_one_line_to_type_is_named(path: Path, monkeypatch: pytest.MonkeyPatch, sudo: str | None) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    write_program(path, "apt-get", "exit 0")
    if sudo:
        write_program(path, "sudo", sudo)

    with pytest.raises(system.SystemPackagesMissing, match="sudo apt-get install -y --no-install-recommends flite\n"):
        system.install([ABSENT])


def test_a_sudo_that_asks_nothing_is_used(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    write_program(path, "sudo", 'shift; [ "$1" = true ] || exec "$@"\nexit 0')
    write_program(path, "apt-get", f'echo "$@" >> {path}/log')

    system.install([ABSENT])

    assert (path / "log").read_text(encoding="utf-8").endswith("flite\n")


def test_without_apt_the_packages_are_named(path: Path) -> None:
    with pytest.raises(system.SystemPackagesMissing, match=r"flite \(a voice\)"):
        system.install([ABSENT])


@pytest.mark.parametrize(
    ("script", "name"),
    [("echo NVIDIA H100; echo NVIDIA H100", "NVIDIA H100"), ("echo no driver; exit 9", None), ("exit 0", None), (None, None)],
)
def test_a_gpu_is_what_the_driver_answers_for(path: Path, script: str | None, name: str | None) -> None:
    if script:
        write_program(path, "nvidia-smi", script)

    assert system.nvidia_gpu() == name
