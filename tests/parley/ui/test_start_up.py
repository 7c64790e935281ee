"""Bare `parley`: a light process, a clean end, and a sentence where there is no screen."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from parley.settings import Settings, load_settings
from parley.ui.chosen import Chosen
from parley.ui.keeper import Keeper

BARE = """
import sys
from dataclasses import replace
from pathlib import Path
from parley import wiring
from parley.settings import PrivacySettings, TurnSettings
app = wiring.make_app()
folder = Path(sys.argv[1])
program = wiring.Program(app, folder / "settings.toml", folder)
program.window.show()
program.open_settings()
for _ in range(5):
    app.processEvents()
assert program.window.windowTitle() == "Parley"
applied = []
for name in ("judge_turns", "keep_conversations", "keep_recordings"):
    setattr(program.talk, name, lambda *values, name=name: applied.append((name, *values)))
settings = program.chosen.settings
program.chosen.choose(replace(settings, turns=TurnSettings(threshold=0.4)))
program.chosen.choose(replace(program.chosen.settings, turns=TurnSettings(threshold=0.4, open_microphone=True)))
program.chosen.choose(replace(program.chosen.settings, privacy=PrivacySettings(keep_history=False, keep_recordings=True)))
print("applied:", applied)
heavy = sorted({name.split(".")[0] for name in sys.modules} & {"torch", "onnxruntime", "matplotlib", "scipy", "onnx"})
print("heavy:", heavy)
program.window.close()
program.close()
"""


def run(arguments: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], env={**os.environ, **environment}, capture_output=True, text=True, timeout=120, check=False
    )


def test_the_window_process_imports_neither_torch_nor_onnxruntime_and_applies_what_is_chosen(tmp_path: Path) -> None:
    done = run(["-c", BARE, str(tmp_path)], QT_QPA_PLATFORM="offscreen", HOME=str(tmp_path))

    assert done.returncode == 0, done.stderr
    applied, heavy = done.stdout.strip().splitlines()
    assert heavy == "heavy: []"
    assert applied == "applied: [('judge_turns', 0.4, 700), ('keep_conversations', False), ('keep_recordings', True)]"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only there a screen can be missing")
def test_without_a_screen_it_says_what_works(tmp_path: Path) -> None:
    screens = dict.fromkeys(("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"), "")
    done = run(["-m", "parley"], HOME=str(tmp_path), **screens)

    assert done.returncode == 5
    assert (
        done.stderr.strip() == "parley: There is no screen for the window. `parley talk` talks in a terminal, `parley --help` tells more."
    )


def test_what_is_chosen_is_kept_once_it_has_settled(tmp_path: Path, qtbot: QtBot) -> None:
    path, chosen = tmp_path / "settings.toml", Chosen(Settings())
    keeper = Keeper(path, chosen)
    for place in ("a", "b", "c"):
        chosen.choose(Settings(window=place))
    assert not path.exists()
    qtbot.waitUntil(path.exists)
    assert load_settings(path).settings == Settings(window="c")

    chosen.choose(Settings(window="d"))
    keeper.write()
    assert load_settings(path).settings.window == "d"


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path, qtbot: QtBot) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    chosen = Chosen(Settings())
    keeper = Keeper(tmp_path / "file" / "settings.toml", chosen)
    chosen.choose(Settings(window="a"))
    with qtbot.waitSignal(keeper.troubled) as told:
        keeper.write()

    assert "can't be written" in told.args[0]
