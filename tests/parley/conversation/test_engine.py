"""An engine that dies, hangs, or never was: the user is told at once, and nothing is lost."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from parley.conversation.child import Child, clear_leftovers, serve_command
from parley.conversation.engine import Patience
from parley.conversation.events import Activity, Asked, EngineChanged, EngineState, Spoke
from parley.conversation.history import History
from parley.conversation.offer import BuiltIn
from parley_models.errors import EngineError
from tests.fakes import hanging_program, realtime_program
from tests.fakes.thimble import thimble_folder
from tests.parley.conversation.conftest import User, wait_for

ENGINE = [sys.executable, str(Path(realtime_program.__file__))]
PATIENCE = Patience(sign_every_s=0.2, sign_s=0.5, stuck_s=1.0, longest_pause_s=0.2)


def scripted(_choice: BuiltIn, token_file: Path) -> Sequence[str]:
    return [*ENGINE, str(token_file)]


def kill(user: User) -> float:
    """Kill the engine now; when it was done."""
    wait_for(lambda: user.talk.engine_pid is not None)
    assert user.talk.engine_pid is not None
    os.kill(user.talk.engine_pid, signal.SIGKILL)
    return time.monotonic()


def died(user: User, after: int, killed_at: float) -> float:
    """Seconds until the window was told."""
    user.until(EngineChanged, lambda news: news.state is EngineState.DIED, after=after)
    return time.monotonic() - killed_at


def test_an_engine_killed_at_random_moments_loses_nothing(sit_down: Callable[..., User], tmp_path: Path) -> None:
    chance = random.Random(4)
    user = sit_down(BuiltIn(), command=scripted, patience=PATIENCE)
    user.ready()
    delays, asked = [], 0
    for _ in range(20):
        begun = user.now
        moment = chance.choice(["idle", "listening", "thinking", "speaking", "starting"])
        if moment == "idle":
            delays.append(died(user, begun, kill(user)))
            user.ready(begun)
            continue
        asked += 1
        if moment == "listening":
            user.talk.press()
            wait_for(lambda: user.desk.listens)
            user.desk.hear(0.5)
            delays.append(died(user, begun, kill(user)))
            user.desk.hear(0.5)
            user.talk.release()
        else:
            user.talk.send(f"Question {asked}?")
            if moment == "speaking":
                wait_for(lambda: user.desk.sounding_s > 0.3)
                user.desk.advance(0.2)
            elif moment == "starting":
                died(user, begun, kill(user))
                time.sleep(chance.uniform(0, 0.5))
            delays.append(died(user, begun, kill(user)))
        number = user.until(Asked, after=begun).turn.number
        spoken_for(user, begun, number)
        user.ready(begun)
    assert len(delays) == 20
    assert max(delays) < 1.0, delays
    user.talk.close()
    history = History(tmp_path / "history.db")
    turns = [kept.turn for kept in history.turns(1)]
    history.close()
    assert len([turn for turn in turns if turn.side == "human"]) == asked
    assert all(turn.said or turn.seconds >= 0.9 for turn in turns)
    answers = [turn for turn in turns if turn.side == "assistant"]
    assert len(answers) == asked


def spoken_for(user: User, after: int, question: int) -> None:
    """Let the answer to a question sound to its end, whichever engine gives it."""
    while not any(isinstance(event, Spoke) and event.turn.number > question for event in user.told[after:]):
        user.desk.advance(0.2)
        time.sleep(0.01)
    wait_for(lambda: user.activity is Activity.IDLE)


def test_an_engine_that_hangs_is_told_within_a_second_and_replaced(sit_down: Callable[..., User]) -> None:
    user = sit_down(BuiltIn(), command=scripted, patience=PATIENCE)
    user.ready()
    begun, pid = user.now, user.talk.engine_pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    stopped = time.monotonic()
    user.until(EngineChanged, lambda news: news.state is EngineState.STUCK, after=begun)
    assert time.monotonic() - stopped < 1.0
    user.talk.send("Still there?")
    user.until(EngineChanged, lambda news: news.state is EngineState.DIED, after=begun)
    user.listen()
    assert user.until(Spoke).turn.text == "Answer to Still there?."
    assert not _lives(pid)


def test_a_model_that_hangs_behind_a_door_that_answers_is_told_and_replaced(sit_down: Callable[..., User], tmp_path: Path) -> None:
    folder, mark = thimble_folder(tmp_path / "thimble"), tmp_path / "hung"

    def hanging(_choice: BuiltIn, token_file: Path) -> Sequence[str]:
        return [sys.executable, str(Path(hanging_program.__file__)), str(token_file), str(folder), str(mark)]

    user = sit_down(BuiltIn(), command=hanging, patience=replace(PATIENCE, sign_s=5.0, stuck_s=0.5, step_s=0.5))
    user.ready()
    begun, pid = user.now, user.talk.engine_pid
    user.talk.send("Still there?")
    stuck = user.until(EngineChanged, lambda news: news.state is EngineState.STUCK, after=begun)
    assert mark.exists()
    assert stuck.message == "The engine does not answer."
    died = user.until(EngineChanged, lambda news: news.state is EngineState.DIED, after=begun)
    assert died.message == "The engine hangs. A new one is being started."
    user.listen()
    assert user.until(Spoke).turn.text == "The capital of France is Paris."
    assert pid is not None and not _lives(pid)


def test_an_engine_that_was_only_slow_stays(sit_down: Callable[..., User]) -> None:
    user = sit_down(BuiltIn(), command=scripted, patience=Patience(sign_every_s=0.2, sign_s=0.5, stuck_s=30))
    user.ready()
    begun, pid = user.now, user.talk.engine_pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    user.until(EngineChanged, lambda news: news.state is EngineState.STUCK, after=begun)
    os.kill(pid, signal.SIGCONT)
    user.ready(begun)
    assert user.talk.engine_pid == pid


def test_a_bundle_that_is_not_there_is_told_once_and_another_can_be_taken(sit_down: Callable[..., User]) -> None:
    def absent(choice: BuiltIn, token_file: Path) -> Sequence[str]:
        complaint = "import sys; sys.stderr.write('parley: There is no bundle “nobody”.\\n'); sys.exit(4)"
        return scripted(choice, token_file) if choice.bundle == "mini" else [sys.executable, "-c", complaint]

    user = sit_down(BuiltIn("nobody"), command=absent, patience=PATIENCE)
    user.talk.send("Anybody?")
    news = user.until(EngineChanged, lambda news: news.state is EngineState.FAILED)
    assert news.message == "There is no bundle “nobody”."
    user.talk.change_engine(BuiltIn("mini"))
    user.ready()
    user.listen()
    assert user.until(Spoke).turn.text == "Answer to Anybody?."


def test_the_engine_goes_with_its_owner_and_leaves_no_token(sit_down: Callable[..., User], tmp_path: Path) -> None:
    user = sit_down(BuiltIn(), command=scripted, patience=PATIENCE)
    user.ready()
    pid = user.talk.engine_pid
    (token,) = (tmp_path / "state").glob("engine-*/token")
    assert token.stat().st_mode & 0o777 == 0o600
    assert token.parent.stat().st_mode & 0o777 == 0o700
    user.talk.close()
    assert pid is not None and not _lives(pid)
    assert not list((tmp_path / "state").iterdir())


def test_an_engine_that_hangs_is_not_left_behind_by_who_leaves_while_it_is_stopped(sit_down: Callable[..., User], tmp_path: Path) -> None:
    user = sit_down(BuiltIn(), command=scripted, patience=PATIENCE)
    user.ready()
    pid = user.talk.engine_pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    wait_for(lambda: user.talk.engine_pid is None)  # given up: it has been asked to end, and does not
    assert _lives(pid)
    user.talk.close()
    assert not _lives(pid)
    assert not list((tmp_path / "state").iterdir())


OWNER = """
import asyncio, sys
from pathlib import Path
from parley.conversation.child import Child
from parley.conversation.offer import BuiltIn
async def main():
    child = Child(BuiltIn(), Path(sys.argv[1]), lambda choice, token: [*sys.argv[2:], str(token)])
    await child.start(60)
    print(child.pid, flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""


def test_no_orphan_is_left_when_the_window_is_killed(tmp_path: Path) -> None:
    owner = subprocess.Popen([sys.executable, "-c", OWNER, str(tmp_path), *ENGINE], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    pid = int(owner.stdout.readline())
    assert _lives(pid)
    owner.kill()
    owner.wait()
    owner.stdout.close()
    wait_for(lambda: not _lives(pid))
    assert list(tmp_path.iterdir())
    clear_leftovers(tmp_path)
    assert not list(tmp_path.iterdir())


def test_our_own_program_leaves_with_its_parent_before_it_does_anything(tmp_path: Path) -> None:
    command = serve_command(BuiltIn(str(tmp_path)), tmp_path / "token")
    assert command[1:4] == ["-m", "parley", "--attached"]
    slow = (
        "import sys, time; sys.argv = ['parley', '--attached', '--help']; import parley.cli.program as p; p.run = lambda _: time.sleep(600)"
    )
    child = subprocess.Popen([sys.executable, "-c", f"{slow}; from parley.__main__ import main; main()"], stdin=subprocess.PIPE)
    assert child.stdin is not None
    assert child.poll() is None
    child.stdin.close()
    assert child.wait(30) == 0


def test_a_place_where_no_engine_can_be_started_is_told_once(sit_down: Callable[..., User], tmp_path: Path) -> None:
    (tmp_path / "a file").touch()
    user = sit_down(BuiltIn(), command=scripted, patience=PATIENCE, state=tmp_path / "a file" / "state")
    assert "Not a directory" in user.until(EngineChanged, lambda news: news.state is EngineState.FAILED).message
    assert not [news for news in user.all(EngineChanged) if news.state is EngineState.DIED]


@pytest.mark.parametrize(("code", "says"), [("print('nonsense')", "where it listens"), ("import sys; sys.exit(1)", "exit code 1")])
def test_a_child_that_is_no_engine_is_told(tmp_path: Path, code: str, says: str) -> None:
    async def start() -> None:
        child = Child(BuiltIn(), tmp_path, lambda _choice, _token: [sys.executable, "-c", code])
        try:
            with pytest.raises(EngineError, match=says):
                await child.start(30)
        finally:
            await child.stop()

    asyncio.run(start())
    assert not list(tmp_path.iterdir())


def _lives(pid: int) -> bool:
    """Whether it runs, not counting one that waits to be buried."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
