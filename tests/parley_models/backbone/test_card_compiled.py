"""The kernels for cards as machine code: that there is any, for each kind of card, and that it fits. That it runs, only a card can tell."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("triton")

ROOT = Path(__file__).parents[3]
ONE_OF_EACH = ("dots 4 (32, 16)", "sums 4 (8, 64)", "attend *bf16 16", "together")
HOW_MANY = 3 * (4 + 2) + 4 + 1


def compiled(capability: int, cache: Path, *names: str) -> list[str]:
    environment = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}
    environment |= {"TRITON_CACHE_DIR": str(cache), "PYTHONPATH": os.pathsep.join(str(ROOT / part) for part in (".", "models"))}
    command = [sys.executable, "-m", "tests.fakes.card_compiler", str(capability), *names]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout.splitlines()


def test_one_kernel_of_each_kind_compiles_for_an_h100(tmp_path: Path) -> None:
    assert compiled(90, tmp_path, *ONE_OF_EACH) == list(ONE_OF_EACH)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("capability", [80, 90, 120], ids=["A100", "H100 and H200", "RTX PRO 6000"])
def test_every_kernel_compiles_for_every_kind_of_card(capability: int, tmp_path: Path) -> None:
    assert len(compiled(capability, tmp_path)) == HOW_MANY
