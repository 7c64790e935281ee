"""The command line as a whole: what its help says, and how it leaves."""

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

import pytest

from parley.__main__ import main
from parley.cli.program import run

GROUPS: tuple[list[str], ...] = ([], ["models"], ["bench"], ["voices"])


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"Parley {version('parley')}\n"


@pytest.mark.parametrize("group", GROUPS, ids=" ".join)
def test_a_list_of_commands_says_of_each_what_it_does(group: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*group, "--help"]) == 0
    commands = capsys.readouterr().out.partition("Commands:\n")[2].splitlines()
    assert commands
    assert all(line.endswith(".") and not line.endswith("...") for line in commands), commands


def test_an_options_value_is_named_as_its_user_thinks_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    """`--seed N`, not `--seed <int range>`."""
    seen = 0
    for group in GROUPS:
        run([*group, "--help"])
        names = [line.split()[0] for line in capsys.readouterr().out.partition("Commands:\n")[2].splitlines()]
        for name in names:
            run([*group, name, "--help"])
            options = capsys.readouterr().out.partition("Options:\n")[2]
            assert "<" not in options.replace("<=", ""), options
            seen += 1
    assert seen > 20


def test_what_is_wrong_points_to_the_help_that_tells_more(capsys: pytest.CaptureFixture[str]) -> None:
    for command in (["ask"], ["models", "plan"], []):
        assert run([*command, "--loud"]) == 2
        assert f"`{' '.join(['parley', *command])} --help` tells more" in capsys.readouterr().err


def test_a_word_that_controls_nothing_is_told_whether_parley_runs_or_not(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ctl", "sing"]) == 2
    assert "'talk', 'stop', 'mute'" in capsys.readouterr().err


def test_ctrl_c_leaves_without_a_word_however_early_it_comes(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(_arguments: list[str]) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(sys, "argv", ["parley", "models"])
    monkeypatch.setitem(sys.modules, "parley.cli.program", SimpleNamespace(run=interrupted))
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 130
    assert capsys.readouterr() == ("", "")


def parley(*arguments: str, stdout: int) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-m", "parley", *arguments], stdout=stdout, stderr=subprocess.PIPE, text=True)


def test_who_reads_no_further_is_no_trouble() -> None:
    reads, writes = os.pipe()
    os.close(reads)
    told = parley("models", "list", stdout=writes)
    os.close(writes)
    assert told.communicate()[1] == ""
    assert told.returncode == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no disk is full at will")
def test_a_full_disk_is_told_in_one_sentence() -> None:
    with Path("/dev/full").open("w") as full:
        told = parley("models", "list", stdout=full.fileno())
        assert told.communicate()[1] == "parley: What is told can't be written: no space left on device.\n"
    assert told.returncode == 2


@pytest.mark.skipif(sys.platform == "win32", reason="a shell closes them")
def test_closed_streams_cost_nothing_but_what_would_have_been_told_there(tmp_path: Path) -> None:
    command = ["sh", "-c", f'exec "{sys.executable}" -m parley talk --text --character Nobody >&- 2>&-']
    assert subprocess.run(command, env=os.environ | {"HOME": str(tmp_path)}, check=False).returncode == 2
