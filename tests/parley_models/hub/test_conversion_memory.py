"""What converting a shard takes of the memory: a matrix of the 130B's width is never whole as floats on its way to 8 bits."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
KEY = "model.layers.1.self_attn.q_proj.weight"
WIDTH = 12_288
SHARD_BYTES = 2 * WIDTH * WIDTH
ALLOWANCE_BYTES = 400 * 2**20
CONVERT = """
import re, sys
from pathlib import Path

import torch

from parley_models.backbone.quantize import Quantization
from parley_models.hub.backbone_weights import convert_shard, shard_of
from parley_models.hub.tensor_file import read_places

def most():  # of this program alone; what getrusage says begins with what its parent held
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])

def convert(source):
    places = read_places(source)
    shard = shard_of(source, places, {key: places[key].shape})
    convert_shard(shard, target, Quantization("int8"))

key, source, small, target = sys.argv[1], *map(Path, sys.argv[2:])
convert(small)  # what torch loads for it, and its threads, are there from now on
before = most()
convert(source)
sys.stdout.write(str(1024 * (most() - before)))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems count memory in other units")
def test_a_matrix_is_never_whole_as_floats(tmp_path: Path) -> None:
    source, small = (matrix(tmp_path / f"{rows}.safetensors", rows) for rows in (WIDTH, 64))
    command = [sys.executable, "-c", CONVERT, KEY, str(source), str(small), str(tmp_path / "made.safetensors")]
    exact = os.environ | {"MALLOC_MMAP_THRESHOLD_": str(2**20)}  # what is freed is gone; else glibc keeps up to 270 MB of it in pieces
    grown = int(subprocess.run(command, cwd=ROOT / "models", env=exact, capture_output=True, text=True, check=True).stdout)
    assert 100 * 2**20 < grown < SHARD_BYTES + ALLOWANCE_BYTES


def matrix(path: Path, rows: int) -> Path:
    """A shard that holds one matrix: a hole, zeros that take no room on the disk."""
    size = 2 * rows * WIDTH
    header = json.dumps({KEY: {"dtype": "BF16", "shape": [rows, WIDTH], "data_offsets": [0, size]}}).encode()
    with path.open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        file.truncate(8 + len(header) + size)
    return path
