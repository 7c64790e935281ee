"""What converting a shard takes of the memory: a matrix of the 130B's width is never whole as floats on its way to 8 bits."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
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

key, source, target = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
places = read_places(source)
shard = shard_of(source, places, {key: places[key].shape})
torch.randn(8).to(torch.int8)
before = most()
convert_shard(shard, target, Quantization("int8"))
sys.stdout.write(str(1024 * (most() - before)))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems count memory in other units")
def test_a_matrix_is_never_whole_as_floats(tmp_path: Path) -> None:
    key, source = "model.layers.1.self_attn.q_proj.weight", tmp_path / "model.safetensors"
    header = json.dumps({key: {"dtype": "BF16", "shape": [WIDTH, WIDTH], "data_offsets": [0, SHARD_BYTES]}}).encode()
    with source.open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        file.truncate(8 + len(header) + SHARD_BYTES)  # a hole: zeros that take no room on the disk
    command = [sys.executable, "-c", CONVERT, key, str(source), str(tmp_path / "made.safetensors")]
    grown = int(subprocess.run(command, cwd=ROOT / "models", capture_output=True, text=True, check=True).stdout)
    assert 100 * 2**20 < grown < SHARD_BYTES + ALLOWANCE_BYTES
