"""Files that try to run code, to be believed absurd things, or to reach outside: the same ones every time.

Pickles are written byte by byte; every one of them would leave a file behind if anything ran it.
"""

import io
import json
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path

from onnx import TensorProto, helper

CALLS = (
    ("os", "system"), ("posix", "system"), ("nt", "system"), ("builtins", "exec"), ("builtins", "eval"), ("builtins", "getattr"),
    ("subprocess", "Popen"), ("subprocess", "check_output"), ("importlib", "import_module"), ("runpy", "_run_code"), ("pty", "spawn"),
    ("functools", "partial"), ("operator", "attrgetter"), ("torch", "load"), ("torch.serialization", "load"), ("numpy", "load"),
    ("numpy.core.multiarray", "_reconstruct"), ("webbrowser", "open"), ("socket", "create_connection"), ("shutil", "rmtree"),
)  # fmt: skip


def pickled(module: str, name: str, command: str) -> bytes:
    """Protocol 0: call module.name(command)."""
    return f"c{module}\n{name}\n(S{command!r}\ntR.".encode()


def newer(module: str, name: str, command: str) -> bytes:
    """Protocol 4, where a name comes from the stack."""

    def text(value: str) -> bytes:
        return b"\x8c" + bytes([len(value)]) + value.encode()

    return b"\x80\x04" + text(module) + text(name) + b"\x93" + text(command[:200]) + b"\x85R."


def disguised(module: str, name: str, command: str) -> bytes:
    """Protocol 2: a state dict whose only tensor is the result of a call."""
    call = f"c{module}\n{name}\n".encode() + b"X" + struct.pack("<I", len(command)) + command.encode() + b"\x85R"
    return b"\x80\x02}X\x06\x00\x00\x00weights"[:-1] + call + b"s."


def archive(
    content: bytes, *, member: str = "archive/data.pkl", compression: int = zipfile.ZIP_STORED, more: tuple[str, ...] = ()
) -> bytes:
    """A ZIP as torch writes it, around a pickle."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as file:
        file.writestr(member, content)
        for name in more:
            file.writestr(name, b"\0" * 64)
    return out.getvalue()


def safetensors(entries: object, data: bytes = b"", length: int | None = None) -> bytes:
    """A header as it is given, whether it makes sense or not."""
    text = entries if isinstance(entries, bytes) else json.dumps(entries).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def npy(header: str, data: bytes = b"", length: int | None = None) -> bytes:
    """An npy file with this header."""
    text = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", min(len(text) if length is None else length, 65535)) + text + data


def outside(location: str) -> bytes:
    """An ONNX graph that asks for weights in another file."""
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[4], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value=location)
    graph = helper.make_graph([helper.make_node("Identity", ["w"], ["y"])], "g", [], [], [tensor])
    return bytes(helper.make_model(graph).SerializeToString())


def torch_files(command: str) -> Iterator[bytes]:
    """In place of `flow.pt`."""
    for module, name in CALLS:
        yield pickled(module, name, command)
        yield archive(pickled(module, name, command))
        yield archive(newer(module, name, command))
        yield archive(disguised(module, name, command))
    fine = b"\x80\x02}."
    for name in ("../data.pkl", "/etc/data.pkl", "archive/../../data.pkl", "C:\\data.pkl", "a\\..\\data.pkl"):
        yield archive(fine, member=name)
        yield archive(fine, more=(name,))
    yield archive(b"\x80\x02}" + b"0" * 4_000_000, compression=zipfile.ZIP_DEFLATED)
    yield archive(b"(" * 3_000_000)
    yield archive(b"\x80\x02]" + b"q\x00h\x00a" * 300_000 + b".")
    yield archive(b"\x80\x02" + b"\x85" * 500_000 + b".")
    yield archive(b"\x80\x02\x8b\xff\xff\xff\x7f.")
    yield archive(fine)[:-10]
    yield archive(fine)[:-22] + b"PK\5\6" + b"\xff" * 18
    yield b"PK\3\4" * 1000


def array_files(command: str) -> Iterator[bytes]:
    """In place of `linguistic_tokenizer.npy`."""
    payload = pickled("os", "system", command)
    for shape in ("()", "(1,)", "(1024, 512)", "(0,)", "(2, 2, 2)"):
        yield npy(f"{{'descr': '|O', 'fortran_order': False, 'shape': {shape}, }}", payload)
    yield npy("{'descr': [('a', '|O'), ('b', '<f4')], 'fortran_order': False, 'shape': (3,), }", payload)
    for shape in ("(1000000000000000, 512)", "(2**62, 4)", "(-1, 512)", "(1024, 1e9)", "'1024'", "(9" * 4000):
        yield npy(f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}")
    yield npy(f"{{'descr': __import__('os').system({command!r}), 'fortran_order': False, 'shape': (1,), }}")
    yield npy(f"__import__('os').system({command!r})")
    yield npy("{" * 5000)
    yield npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1024, 512), }", b"\0" * 100)
    yield npy("{'descr': '<U9', 'fortran_order': False, 'shape': (1,), }", b"\0" * 36)
    yield npy("", length=65535)
    yield payload
    yield archive(payload, member="codes.npy")


def weight_files(command: str) -> Iterator[bytes]:
    """In place of a shard."""
    one = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
    yield pickled("os", "system", command)
    yield archive(pickled("os", "system", command))
    for length in (2**63, 2**40, 10**9, 0, 1):
        yield safetensors({"a": one}, b"\0" * 8, length)
    yield safetensors(b"[" * 1_000_000)
    yield safetensors(b'{"a":' * 200_000)
    entries: tuple[object, ...] = (
        {**one, "data_offsets": [0, 2**61]}, {**one, "data_offsets": [-8, 0]}, {**one, "data_offsets": [8, 0]},
        {**one, "shape": [2**60, 2**60]},
        {**one, "shape": [-2]}, {**one, "shape": [1.5]}, {**one, "dtype": "PICKLE"}, {**one, "dtype": ["F32"]}, {**one, "shape": "2"},
        {"dtype": "F32"}, [], None, {**one, "data_offsets": [0, 8, 16]}, {**one, "shape": [1] * 5000}, {**one, "shape": [True, 2]},
    )  # fmt: skip
    for entry in entries:
        yield safetensors({"a": entry}, b"\0" * 8)
    yield safetensors({"a": one, "b": one}, b"\0" * 8)
    yield safetensors({"a": one}, b"\0" * 4096)
    twin = json.dumps(one)
    yield safetensors(f'{{"a": {twin}, "a": {twin}}}'.encode(), b"\0" * 8)


def settings_files(command: str) -> Iterator[bytes]:
    """In place of `cosyvoice.yaml`."""
    for tag in ("apply:os.system", "apply:subprocess.check_output", "name:os.system", "new:os.system", "module:os", "object:os.system"):
        yield f"flow: !!python/{tag} [{command!r}]\n".encode()
        yield f"!!python/object/{tag} [{command!r}]\n".encode()
    yield ("a: &a [x, x]\n" + "".join(f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(20))).encode()
    yield b"[" * 60_000
    yield b"flow: !ref <hift>\nhift: !ref <flow>\n"
    yield b"flow: !ref <__class__>\n"
    yield b"x: " + b"y" * 100_000
    yield pickled("os", "system", command)
    yield b"\xff\xfe\x00" * 100
    yield b"flow: !include /etc/passwd\n"


def graph_files(command: str) -> Iterator[bytes]:
    """In place of `speech_tokenizer_v1.onnx`."""
    for location in (
        "../../../etc/passwd",
        "/etc/passwd",
        "weights.bin",
        "C:\\x",
        "..\\x",
        "a/../../b",
        "\\\\host\\share",
        "file:///etc/passwd",
    ):
        yield outside(location)
    yield pickled("os", "system", command)
    yield archive(pickled("os", "system", command))
    yield b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f" + b"x" * 20
    yield b"\x3a" + b"\xff" * 11
    yield b""


def config_files(command: str) -> Iterator[bytes]:
    """In place of `config.json`."""
    sizes = {
        "hidden_size": 64,
        "intermediate_size": 64,
        "num_attention_heads": 4,
        "num_attention_groups": 2,
        "num_hidden_layers": 2,
        "vocab_size": 99,
    }
    changes: tuple[dict[str, object], ...] = (
        {"num_hidden_layers": 10**12}, {"hidden_size": 10**30}, {"vocab_size": -1}, {"hidden_size": 1e308}, {"num_attention_heads": 0},
        {"hidden_size": "__import__('os')"}, {"vocab_size": [1]}, {"rms_norm_eps": {}}, {"quantization_config": {"quant_method": "gptq"}},
    )  # fmt: skip
    for change in changes:
        yield json.dumps({**sizes, **change}).encode()
    yield b'{"hidden_size": 1e999}'
    yield b"[" * 500_000
    yield b"{" + b" " * 2_000_000 + b"}"
    yield pickled("os", "system", command)


def index_files(command: str) -> Iterator[bytes]:
    """In place of the index of the shards."""
    for name in ("../evil.safetensors", "/etc/passwd", "a/b.safetensors", "..", "weights.pt", "C:\\x.safetensors/..", ""):
        yield json.dumps({"weight_map": {"lm_head.weight": name}}).encode()
    yield json.dumps({"weight_map": {"lm_head.weight": 5}}).encode()
    yield json.dumps({"weight_map": []}).encode()
    yield pickled("os", "system", command)


HOSTILE = {
    "flow.pt": torch_files, "linguistic_tokenizer.npy": array_files, "model.safetensors": weight_files, "cosyvoice.yaml": settings_files,
    "speech_tokenizer_v1.onnx": graph_files, "config.json": config_files, "model.safetensors.index.json": index_files,
}  # fmt: skip


def write_all(folder: Path, mark: Path) -> dict[str, list[Path]]:
    """Every file, in a folder of its own and under the name that it pretends to have."""
    command = f"touch {mark}"
    written: dict[str, list[Path]] = {}
    for name, contents in HOSTILE.items():
        for number, content in enumerate(contents(command)):
            path = folder / f"{name}-{number}" / name
            path.parent.mkdir(parents=True)
            path.write_bytes(content)
            written.setdefault(name, []).append(path)
    return written
