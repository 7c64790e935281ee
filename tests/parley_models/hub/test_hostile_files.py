"""Files that mean harm: none runs anything, each is refused at once and by its name."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from parley.cli.program import run
from parley_models.errors import BundleCorrupt, BundleError
from parley_models.hub.backbone_weights import read_checkpoint
from parley_models.hub.cell import run_in_cell
from parley_models.hub.ears_source import check_onnx, read_table
from parley_models.hub.hyperyaml import Settings, read_hyperyaml
from parley_models.hub.pickled_index import read_index
from parley_models.hub.tensor_file import read_places
from tests.fakes.hostile_files import archive, disguised, write_all
from tests.fakes.upstream_checkpoint import BACKBONE, CONFIG, STREAMING, TOKENIZER

OPENED: Mapping[str, Callable[[Path], object]] = {
    "flow.pt": read_index,
    "linguistic_tokenizer.npy": read_table,
    "model.safetensors": read_places,
    "cosyvoice.yaml": lambda path: Settings(path, read_hyperyaml(path)).whole("hift.sampling_rate"),
    "speech_tokenizer_v1.onnx": check_onnx,
    "config.json": lambda path: read_checkpoint(path.parent),
    "model.safetensors.index.json": lambda path: read_checkpoint(path.parent),
}
"""What an import opens them with."""


def test_two_hundred_files_are_refused_and_none_runs(tmp_path: Path) -> None:
    mark = tmp_path / "it-ran"
    written = write_all(tmp_path / "files", mark)
    seen = 0
    for name, paths in written.items():
        for path in paths:
            if name == "model.safetensors.index.json":
                (path.parent / "config.json").write_text(json.dumps(CONFIG.to_dict()))
            began = time.process_time()
            with pytest.raises(BundleError) as refused:
                OPENED[name](path)
            assert time.process_time() - began <= 2, path
            assert str(path.parent) in str(refused.value), refused.value
            seen += 1
    assert seen >= 200
    assert not mark.exists()


@pytest.mark.parametrize(
    ("place", "kind"), [(f"{STREAMING}/flow.pt", "pickle"), (f"{BACKBONE}/model-00002-of-00003.safetensors", "pickle"),
                        (f"{TOKENIZER}/linguistic_tokenizer.npy", "objects"), (f"{STREAMING}/cosyvoice.yaml", "yaml")],
)  # fmt: skip
def test_an_import_refuses_before_anything_is_made(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], place: str, kind: str
) -> None:
    mark = tmp_path / "it-ran"
    content = {
        "pickle": archive(disguised("os", "system", f"touch {mark}")),
        "objects": b"\x93NUMPY\x01\x00v\x00{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".ljust(128)
        + b"cos\nsystem\n(S'x'\ntR.",
        "yaml": f"flow: !!python/object/apply:os.system ['touch {mark}']\n".encode(),
    }[kind]
    folder = tmp_path / "checkpoint"
    shutil.copytree(checkpoint, folder, copy_function=lambda source, target: Path(target).symlink_to(source))
    (folder / place).unlink()
    (folder / place).write_bytes(content)
    began = time.process_time()

    assert (
        run(["models", "import", *(str(folder / name) for name in (BACKBONE, TOKENIZER, STREAMING)), "--out", str(tmp_path / "out")]) == 4
    )
    assert time.process_time() - began <= 2
    assert place.rpartition("/")[2] in capsys.readouterr().err
    assert not mark.exists()
    assert not (tmp_path / "out").exists()


def test_a_cell_lets_nothing_out(tmp_path: Path) -> None:
    escapes = ("{{ ''.__class__.__mro__[1].__subclasses__() }}", "{{ cycler.__init__.__globals__.os.system('id') }}")
    for template in escapes:
        with pytest.raises(BundleCorrupt, match=r"tokenizer_config\.json is refused: access to attribute"):
            run_in_cell("template", template, "[{}]", reads=tmp_path / "tokenizer_config.json", seconds=120, computing_s=5)
    endless = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
    with pytest.raises(BundleCorrupt, match=r"took longer than (1|240) s"):
        run_in_cell("template", endless, "[{}]", reads=tmp_path / "tokenizer_config.json", seconds=240, computing_s=1)


LEAVING = "import ctypes; print(ctypes.CDLL(None).unshare(0x50000000))"
"""What a cell asks of the system: a user and a network of its own."""

LOOKING = """
import os, sys
from parley_models.hub import cell_door
def look(): # as `tensors` and `session` do: what opens files is imported first
    import numpy
    return cell_door._locked(lambda: os.readlink("/proc/self/ns/net"))
cell_door.JOBS["look"] = look
cell_door.main()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="networks of one's own are Linux's")
def test_a_cell_has_left_the_network_before_it_opens_anything() -> None:
    if subprocess.run([sys.executable, "-c", LEAVING], capture_output=True, text=True, check=True).stdout != "0\n":
        pytest.skip("this system lets nobody leave the network")
    order = json.dumps({"job": "look", "arguments": [], "computing_s": 60, "memory_bytes": 2**30, "writes": ""})
    told = subprocess.run([sys.executable, "-c", LOOKING, order], capture_output=True, text=True, check=True).stdout
    assert json.loads(told.splitlines()[-1])["found"] != str(Path("/proc/self/ns/net").readlink())


def test_a_graph_that_swells_is_ended(tmp_path: Path) -> None:
    path = tmp_path / "speech_tokenizer_v1.onnx"
    size = numpy_helper.from_array(np.array([2**40]), "size")
    node = helper.make_node("ConstantOfShape", ["size"], ["y"])
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, [None])
    onnx.save(helper.make_model(helper.make_graph([node], "g", [], [out], [size]), ir_version=10), path)
    with pytest.raises(BundleCorrupt, match="is refused"):
        run_in_cell("session", str(path), reads=path, seconds=120, memory_bytes=2**30)
