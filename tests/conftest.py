"""What every test of Parley relies on."""

import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tqdm import tqdm

tqdm.monitor_interval = 0  # its watching thread, which torch's exporter starts, would outlive the test

ROOT = Path(__file__).resolve().parent.parent
os.environ["PYTHONPATH"] = os.pathsep.join(str(ROOT / part) for part in ("app", "models", "assets", "installer", "."))
"""What pyproject.toml gives pytest: programs that tests start run this checkout too, whichever is installed."""

COMPACT_REFERENCE = ROOT / "tests" / "data" / "reference"
ENDING_S = 5
"""What a thread that has been told to end may take on a busy machine."""


@pytest.fixture(autouse=True)
def no_thread_outlives_its_test() -> Iterator[None]:
    """Every thread has an owner that ends it: a test that leaves one behind fails. Libraries end theirs without joining them."""
    before = set(threading.enumerate())
    yield
    left = [thread for thread in threading.enumerate() if thread not in before]
    for thread in left:
        thread.join(ENDING_S)
    running = [thread.name for thread in left if thread.is_alive()]
    assert not running, f"threads outlived their test: {running}"


@pytest.fixture(autouse=True)
def one_torch_thread() -> None:
    """Two torch threads beside a busy neighbour take a hundred times as long; a test that does not use torch does not load it."""
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(1)


@pytest.fixture(scope="session")
def reference() -> Path:
    """The reference set: all of it where PARLEY_REFERENCE says so, else the compact part that the repository holds."""
    named = os.environ.get("PARLEY_REFERENCE")
    if not named:
        return COMPACT_REFERENCE
    folder = Path(named)
    if not folder.is_dir():
        pytest.fail(f"PARLEY_REFERENCE names {folder}, which is not a folder.")
    return folder
