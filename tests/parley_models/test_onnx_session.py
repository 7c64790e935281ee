import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from parley_models.errors import BundleCorrupt, BundleMissing, DeviceError, EngineError
from parley_models.onnx_session import PREFERRED_PROVIDERS, OnnxSession, SessionSettings, is_self_contained, provider_options


def doubling(*, nested: bool = False) -> onnx.ModelProto:
    """A model that multiplies four numbers by two; nested: the factor lies in the branches of an If."""
    two = numpy_helper.from_array(np.full(4, 2, np.float32), "two")
    number = helper.make_tensor_value_info("x", TensorProto.FLOAT, [4])
    result = helper.make_tensor_value_info("y", TensorProto.FLOAT, [4])
    multiply = helper.make_node("Mul", ["x", "two"], ["y"])
    if not nested:
        graph = helper.make_graph([multiply], "doubling", [number], [result], [two])
    else:
        branch = helper.make_graph([multiply], "branch", [], [result], [two])
        always = numpy_helper.from_array(np.array(True), "always")
        choice = helper.make_node("If", ["always"], ["y"], then_branch=branch, else_branch=branch)
        graph = helper.make_graph([choice], "doubling", [number], [result], [always])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def saved(model: onnx.ModelProto, path: Path) -> Path:
    path.write_bytes(model.SerializeToString())
    return path


def pointed_outside(tensor: onnx.TensorProto) -> None:
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="weights.bin")


@pytest.mark.parametrize("nested", [False, True])
def test_a_model_runs_on_what_there_is(tmp_path: Path, nested: bool) -> None:
    session = OnnxSession(saved(doubling(nested=nested), tmp_path / "doubling.onnx"), SessionSettings(threads=2))
    (result,) = session.run({"x": np.arange(4, dtype=np.float32)})

    assert result.tolist() == [0, 2, 4, 6]
    assert session.inputs == {"x": (4,)}
    assert session.outputs == {"y": (4,)}
    assert session.zeros("x").tolist() == [0, 0, 0, 0]
    assert "CPUExecutionProvider" in session.providers_taken


def test_weights_in_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "weights.bin").write_bytes(np.full(4, 2, np.float32).tobytes())
    flat, nested = doubling(), doubling(nested=True)
    pointed_outside(flat.graph.initializer[0])
    pointed_outside(nested.graph.node[0].attribute[1].g.initializer[0])

    for name, model in {"flat": flat, "nested": nested}.items():
        path = saved(model, tmp_path / f"{name}.onnx")
        assert not is_self_contained(path)
        with pytest.raises(BundleCorrupt, match=rf"{name}\.onnx is refused"):
            OnnxSession(path)


@pytest.mark.parametrize(
    "location",
    [
        "weights.bin",
        "../weights.bin",
        "/etc/hostname",
        "inner/../../weights.bin",
        "linked.bin",
        "hard.bin",
        "*/_ORT_MEM_ADDR_/*",
        "",
        "\\\\host\\share",
    ],
)
def test_no_place_outside_or_inside_is_read(tmp_path: Path, location: str) -> None:
    folder = tmp_path / "bundle"
    folder.mkdir()
    for place in (folder, tmp_path):
        (place / "weights.bin").write_bytes(np.full(4, 2, np.float32).tobytes())
    (folder / "linked.bin").symlink_to(tmp_path / "weights.bin")
    (folder / "hard.bin").hardlink_to(tmp_path / "weights.bin")
    model = doubling()
    pointed_outside(model.graph.initializer[0])
    model.graph.initializer[0].external_data[0].value = location
    with pytest.raises(BundleCorrupt, match="is refused"):
        OnnxSession(saved(model, folder / "estimator.onnx"))


def test_weights_that_only_a_function_or_a_sparse_tensor_points_outside_for_are_refused(tmp_path: Path) -> None:
    sparse, inner = doubling(), doubling()
    values = numpy_helper.from_array(np.ones(1, np.float32), "values")
    pointed_outside(values)
    indices = numpy_helper.from_array(np.zeros(1, np.int64), "indices")
    sparse.graph.sparse_initializer.append(helper.make_sparse_tensor(values, indices, [4]))
    constant = helper.make_node("Constant", [], ["two"], value=numpy_helper.from_array(np.full(4, 2, np.float32)))
    pointed_outside(constant.attribute[0].t)
    inner.functions.append(helper.make_function("own", "Two", [], ["two"], [constant], [helper.make_opsetid("", 17)]))
    for name, model in {"sparse": sparse, "function": inner}.items():
        with pytest.raises(BundleCorrupt, match="is refused"):
            OnnxSession(saved(model, tmp_path / f"{name}.onnx"))


def test_a_place_behind_a_key_that_is_too_long_is_refused(tmp_path: Path) -> None:
    """ONNX Runtime (1.31) reads 33 bits of key as 32 of them: to it the file pointed outside, and it read what lay there."""
    (tmp_path / "weights.bin").write_bytes(np.full(4, 2, np.float32).tobytes())
    model = doubling()
    pointed_outside(model.graph.initializer[0])
    tensor = model.graph.initializer[0].SerializeToString()
    place = model.graph.initializer[0].external_data[0].SerializeToString()
    plain = b"\x6a" + bytes([len(place)]) + place + b"\x70\x01"  # external_data, data_location
    hidden = b"\xea\x80\x80\x80\x10" + bytes([len(place)]) + place + b"\xf0\x80\x80\x80\x10\x01"
    assert tensor.endswith(plain)
    tensor = tensor.removesuffix(plain) + hidden
    model.graph.ClearField("initializer")
    graph = model.graph.SerializeToString() + b"\x2a" + bytes([len(tensor)]) + tensor
    model.ClearField("graph")
    path = tmp_path / "long.onnx"
    path.write_bytes(model.SerializeToString() + b"\x3a" + bytes([len(graph) & 127 | 128, len(graph) >> 7]) + graph)

    with pytest.raises(BundleCorrupt, match=r"long\.onnx is damaged"):
        OnnxSession(path)


def test_compiled_engines_are_refused(tmp_path: Path) -> None:
    model = doubling()
    engine = helper.make_node("EPContext", ["x"], ["y"], domain="com.microsoft", embed_mode=0, ep_cache_context="/tmp/engine.plan")
    model.graph.ClearField("node")
    model.graph.node.append(engine)
    with pytest.raises(BundleCorrupt, match="compiled engine"):
        OnnxSession(saved(model, tmp_path / "engine.onnx"))


def test_providers_are_told_what_they_need(tmp_path: Path) -> None:
    path = saved(doubling(), tmp_path / "flow_estimator.onnx")
    inputs = {"x": ("batch", 80, "frames"), "time": ("batch",), "cond": (2, 80, "frames")}
    settings = SessionSettings(engine_cache=tmp_path / "engines")
    told = provider_options("TensorrtExecutionProvider", path, inputs, settings)
    assert told is not None
    assert told["trt_profile_min_shapes"] == "x:2x80x4,time:2,cond:2x80x4"
    assert told["trt_profile_opt_shapes"] == "x:2x80x500,time:2,cond:2x80x500"
    assert told["trt_profile_max_shapes"] == "x:2x80x3000,time:2,cond:2x80x3000"
    assert told["trt_fp16_enable"] == "0"
    assert told["trt_engine_cache_enable"] == "1"
    other = provider_options("TensorrtExecutionProvider", saved(doubling(nested=True), tmp_path / "hift.onnx"), inputs, settings)
    assert other is None, "only the estimator"
    changed = saved(doubling(nested=True), path)
    again = provider_options("TensorrtExecutionProvider", changed, inputs, settings)
    assert again is not None
    assert again["trt_engine_cache_path"] != told["trt_engine_cache_path"], "another network, another engine"
    assert provider_options("CUDAExecutionProvider", path, inputs, settings) == {"use_tf32": "0", "device_id": "0"}
    assert provider_options("CPUExecutionProvider", path, inputs, settings) == {}


def test_a_card_that_was_named_and_is_not_there_is_an_error(tmp_path: Path) -> None:
    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("it may be there, here")
    path = saved(doubling(), tmp_path / "hift.onnx")
    with pytest.raises(DeviceError, match=r"^hift\.onnx can't run on CUDA, card 1: .*\.$"):
        OnnxSession(path, SessionSettings(card=1, required="CUDAExecutionProvider"))


def test_a_provider_that_fails_is_passed_over_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Providers of the GPU build whose libraries are missing: asked for in order, each told of, and the CPU runs it in the end."""
    real, asked = onnxruntime.InferenceSession, []

    def session(path: Path, options: object, providers: list[tuple[str, dict[str, str]]]) -> onnxruntime.InferenceSession:
        asked.append([name for name, _ in providers])
        if len(providers) > 1:
            raise RuntimeError("libnvinfer.so.10: cannot open shared object file")
        return real(path, options, providers=providers)

    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: list(PREFERRED_PROVIDERS))
    monkeypatch.setattr(onnxruntime, "InferenceSession", session)
    loaded = OnnxSession(saved(doubling(), tmp_path / "flow_estimator.onnx"), SessionSettings(engine_cache=tmp_path / "engines"))
    assert loaded.providers_taken == ("CPUExecutionProvider",)
    assert asked[1:] == [list(PREFERRED_PROVIDERS), list(PREFERRED_PROVIDERS[1:]), list(PREFERRED_PROVIDERS[2:])]
    assert "flow_estimator.onnx can't run on TensorrtExecutionProvider" in caplog.text
    assert "can't run on CUDAExecutionProvider" in caplog.text


@pytest.mark.hardware
def test_a_card_is_taken_where_there_is_one(tmp_path: Path) -> None:
    session = OnnxSession(saved(doubling(), tmp_path / "flow_estimator.onnx"), SessionSettings(engine_cache=tmp_path / "engines"))
    assert session.providers_taken[0] in PREFERRED_PROVIDERS[:2]
    assert session.run({"x": np.arange(4, dtype=np.float32)})[0].tolist() == [0, 2, 4, 6]


def test_damaged_files_are_named(tmp_path: Path) -> None:
    whole = doubling().SerializeToString()
    contents = {"empty": b"", "text": b"not a model at all", "cut": whole[: len(whole) // 2], "noise": bytes(range(7, 200))}

    for name, content in contents.items():
        path = tmp_path / f"{name}.onnx"
        path.write_bytes(content)
        with pytest.raises(BundleCorrupt, match=rf"{name}\.onnx"):
            OnnxSession(path)
    with pytest.raises(BundleMissing, match=r"none\.onnx"):
        OnnxSession(tmp_path / "none.onnx")


def test_a_model_that_fails_says_which(tmp_path: Path) -> None:
    session = OnnxSession(saved(doubling(), tmp_path / "doubling.onnx"))
    with pytest.raises(EngineError, match=r"doubling\.onnx failed"):
        session.run({"x": np.zeros(5, np.float32)})


def test_onnx_runtime_reports_to_nobody(tmp_path: Path) -> None:
    """What it would send waits in the user's home, beside the id of this machine."""
    network = saved(doubling(), tmp_path / "doubling.onnx")
    home = tmp_path / "home"
    home.mkdir()
    script = "import sys; from pathlib import Path; from parley_models.onnx_session import OnnxSession; OnnxSession(Path(sys.argv[1]))"
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": os.environ["PYTHONPATH"]}

    subprocess.run([sys.executable, "-c", script, network], env=environment, check=True)

    assert list(home.iterdir()) == []
