"""The environment survives a kill at any point."""

import venv
from pathlib import Path

import pytest

from environment import Environment, is_whole, key_of

RECORD = "wheelwright/__init__.py,sha256=x,5\nwheelwright/__pycache__/__init__.cpython-311.pyc,,\nwheelwright-1.0.dist-info/RECORD,,\n"


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """A real environment without pip, so that it is made in no time."""
    folder = tmp_path / ".venv"
    venv.create(folder, with_pip=False)
    return Environment(folder)


@pytest.fixture
def installed(environment: Environment) -> Path:
    """The .dist-info of a package that pip finished."""
    packages = next(environment.folder.glob("lib/python*/site-packages"))
    (packages / "wheelwright").mkdir()
    (packages / "wheelwright" / "__init__.py").write_text("x = 1", encoding="utf-8")
    info = packages / "wheelwright-1.0.dist-info"
    info.mkdir()
    (info / "RECORD").write_text(RECORD, encoding="utf-8")
    return info


def test_an_environment_without_pip_does_not_work(environment: Environment) -> None:
    assert not environment.works()


def test_an_environment_without_python_does_not_work(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()

    assert not Environment(tmp_path).works()


def test_a_finished_package_is_left_alone(environment: Environment, installed: Path) -> None:
    assert environment.repair() == []
    assert installed.exists()


def test_a_package_without_its_record_is_taken_out(environment: Environment, installed: Path) -> None:
    (installed / "RECORD").unlink()

    assert environment.repair() == ["wheelwright-1.0.dist-info"]
    assert not installed.exists()


@pytest.mark.parametrize("content", [None, "x = "])
def test_a_package_with_a_file_missing_or_cut_is_taken_out(environment: Environment, installed: Path, content: str | None) -> None:
    module = installed.parent / "wheelwright" / "__init__.py"
    module.unlink()
    if content is not None:
        module.write_text(content, encoding="utf-8")

    assert not is_whole(installed)
    assert environment.repair() == ["wheelwright-1.0.dist-info"]


def test_what_pip_had_renamed_is_cleared_away(environment: Environment, installed: Path) -> None:
    remains = installed.parent / "~heelwright"
    remains.mkdir()

    environment.repair()

    assert not remains.exists()


def test_a_stamp_holds_for_its_key_only(environment: Environment) -> None:
    environment.stamp("packages", "a")

    assert environment.has_stamp("packages", "a")
    assert not environment.has_stamp("packages", "b")
    environment.forget("packages")
    assert not environment.has_stamp("packages", "a")


def test_the_key_follows_the_files_and_the_extras(tmp_path: Path) -> None:
    pins = tmp_path / "constraints.txt"
    pins.write_text("numpy==2.4.6\n", encoding="utf-8")
    before = key_of(pins, extras=["cpu"])

    assert key_of(pins, extras=["cpu"]) == before
    assert key_of(pins, extras=["gpu"]) != before
    pins.write_text("numpy==2.4.7\n", encoding="utf-8")
    assert key_of(pins, extras=["cpu"]) != before
