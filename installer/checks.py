"""Every check that Parley's own code has to pass, run one after the other and summed up."""

import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from environment import Environment


@dataclass(frozen=True)
class Check:
    """One program that says by its exit code whether it is content."""

    name: str
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """How one check went."""

    check: Check
    exit_code: int
    seconds: float


CHECKS = (
    Check("ruff check", ("ruff", "check")),
    Check("ruff format", ("ruff", "format", "--check")),
    Check("mypy", ("mypy",)),
    Check("import-linter", ("lint-imports",)),
    Check("pytest", ("pytest",)),
)


def run_all(environment: Environment, folder: Path, checks: tuple[Check, ...] = CHECKS) -> list[Outcome]:
    """Run every check in a folder, also after one has failed; each writes to the terminal as it goes."""
    outcomes = []
    for check in checks:
        print(f"\n── {check.name}", flush=True)
        began = time.monotonic()
        program, *arguments = check.arguments
        done = subprocess.run([environment.program(program), *arguments], cwd=folder, check=False)
        outcomes.append(Outcome(check, done.returncode, time.monotonic() - began))
    return outcomes


def summary(outcomes: list[Outcome]) -> str:
    """One line a check, and one for all of them."""
    lines = [
        f"   {'passed' if outcome.exit_code == 0 else 'FAILED'}  {outcome.check.name:<14} {outcome.seconds:6.1f} s" for outcome in outcomes
    ]
    failed = sum(outcome.exit_code != 0 for outcome in outcomes)
    lines.append(f"   {len(outcomes)} checks: " + (f"{failed} failed" if failed else "all passed"))
    return "\n".join(lines)
