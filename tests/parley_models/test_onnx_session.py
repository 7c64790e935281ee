from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from parley_models.errors import BundleCorrupt, BundleMissing, EngineError
from parley_models.onnx_session import OnnxSession, SessionSettings, is_self_contained


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
