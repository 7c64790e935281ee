"""Set Parley up and start it: `python3 installer/run.py`. Set it up and check it: `python3 installer/run.py test`.

Needs nothing but Python 3.11. Both may be repeated: what is done already is not done again, and after an interruption
(a kill, a lost network) the same command goes on where it stopped.
"""

import sys

if sys.version_info < (3, 11):
    sys.exit(f"Parley needs Python 3.11 or newer; this is {sys.version.split()[0]}. Start installer/run.py with a newer one.")

import argparse
import os
import subprocess
from pathlib import Path

import checks
import packages
import system
from environment import Environment

ROOT = Path(__file__).resolve().parent.parent
QUESTIONS = ROOT / "assets" / "parley_assets" / "questions"
ANSWERS = ROOT / "answers"


def main() -> int:
    """Do what the command line asks for; the exit code is that of Parley, or 1 if a step or a check failed."""
    arguments = parse()
    environment = Environment(ROOT / ".venv")
    try:
        set_up(environment, testing=arguments.what == "test")
        return check(environment) if arguments.what == "test" else start(environment)
    except system.SystemPackagesMissing as error:
        print(f"\n{error}", file=sys.stderr)
    except subprocess.CalledProcessError as error:
        print(f"\nStopped: `{' '.join(map(str, error.cmd))}` failed, see above. The same command goes on from here.", file=sys.stderr)
    except KeyboardInterrupt:
        print("\nStopped. The same command goes on from here.", file=sys.stderr)
        return 130
    return 1


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", choices=["start", "test"], default="start", help="start Parley (default), or run its checks")
    return parser.parse_args()


def set_up(environment: Environment, *, testing: bool) -> None:
    """System packages, the virtual environment, Python packages: each only as far as it is missing."""
    step(1, "system packages")
    lacking = system.missing(system.TO_RUN + (system.TO_TEST if testing else ()))
    if lacking:
        print(f"      missing: {', '.join(f'{package.debian} ({package.why})' for package in lacking)}", flush=True)
        system.install(lacking)
    step(2, f"virtual environment {environment.folder}")
    if not environment.works():
        environment.make()
    step(3, "Python packages")
    gpu = system.nvidia_gpu()
    print(f"      {gpu or 'no NVIDIA GPU'}: taking the extra `{'gpu' if gpu else 'cpu'}`", flush=True)
    packages.install(environment, ["gpu" if gpu else "cpu", *(["dev", "training"] if testing else [])])


def start(environment: Environment) -> int:
    """Start Parley: its window, or where there is no screen the sample questions, answered as sound."""
    if has_screen():
        step(4, "Parley's window")
        return subprocess.run([environment.program("parley")], cwd=ROOT, check=False).returncode
    questions = sorted(QUESTIONS.glob("*.wav"))
    step(4, f"no screen for the window here, so Parley answers {len(questions)} sample questions from {QUESTIONS.relative_to(ROOT)}/")
    ANSWERS.mkdir(exist_ok=True)
    done = subprocess.run([environment.program("parley"), "ask", *questions, "-o", ANSWERS], cwd=ROOT, check=False)
    if done.returncode == 0:
        print(f"\nThe spoken answers are in {ANSWERS}/. Ask your own: {environment.program('parley')} ask QUESTION.wav -o ANSWER.wav")
    return done.returncode


def has_screen() -> bool:
    """Whether a window can be opened: on Linux the desktop says so in the environment."""
    return not sys.platform.startswith("linux") or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def check(environment: Environment) -> int:
    """Run every check and sum up."""
    step(4, "checks")
    outcomes = checks.run_all(environment, ROOT)
    print(f"\n{checks.summary(outcomes)}", flush=True)
    return int(any(outcome.exit_code for outcome in outcomes))


def step(number: int, what: str) -> None:
    """Say which of the four steps has begun."""
    print(f"[{number}/4] {what}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
