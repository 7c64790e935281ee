"""Pictures of every state under Xvfb: nothing cut in a narrow window, at 200 % nor in large type.

PARLEY_SCREENS names a folder for all looks and sizes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
STATES, LOOKS_AND_SIZES = 12, 6


@pytest.mark.parametrize(("scale", "points"), [("1", "10"), ("2", "10"), ("1", "17")])
def test_every_state_is_painted_whole(tmp_path: Path, scale: str, points: str) -> None:
    kept = os.environ.get("PARLEY_SCREENS")
    folder = Path(kept or tmp_path) / f"scale-{scale}-{points}pt"
    folder.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "QT_SCALE_FACTOR": scale, "QT_QPA_PLATFORM": "xcb", "HOME": str(tmp_path)}
    environment["PYTHONPATH"] = os.pathsep.join(str(ROOT / part) for part in (".", "app", "models", "assets"))
    command = ["xvfb-run", "--auto-servernum", "--server-args=-screen 0 2600x1800x24"]
    done = subprocess.run(
        [*command, sys.executable, str(Path(__file__).with_name("screens.py")), str(folder), points, "all" if kept else "some"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]

    assert len(told) == STATES * (LOOKS_AND_SIZES if kept else 1)
    assert len(list(folder.glob("*.png"))) == len(told)
    assert {each["name"]: each["cut"] for each in told if each["cut"]} == {}
    assert all(each["size"] == each["wanted"] for each in told)
    assert all(each["colours"] > 25 for each in told)
