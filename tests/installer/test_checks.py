"""All checks run, whatever the first of them says."""

from pathlib import Path

import pytest

from checks import Check, run_all, summary
from environment import Environment


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """An environment with one program that is content and one that is not."""
    environment = Environment(tmp_path)
    for name, exit_code in (("content", 0), ("strict", 3)):
        file = environment.program(name)
        file.parent.mkdir(exist_ok=True)
        file.write_text(f'#!/bin/sh\necho "{name} $@ in $(pwd)"\nexit {exit_code}\n', encoding="utf-8")
        file.chmod(0o755)
    return environment


def test_a_failed_check_does_not_stop_the_others(environment: Environment, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    outcomes = run_all(environment, tmp_path, (Check("first", ("strict", "--all")), Check("second", ("content",))))

    assert [outcome.exit_code for outcome in outcomes] == [3, 0]
    assert f"strict --all in {tmp_path}" in capfd.readouterr().out
    lines = summary(outcomes).splitlines()
    assert lines[0].split()[:2] == ["FAILED", "first"]
    assert lines[1].split()[:2] == ["passed", "second"]
    assert lines[2].strip() == "2 checks: 1 failed"


def test_the_summary_says_when_all_passed(environment: Environment, tmp_path: Path) -> None:
    assert summary(run_all(environment, tmp_path, (Check("only", ("content",)),))).endswith("1 checks: all passed")
