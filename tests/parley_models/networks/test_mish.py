import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

from parley_models.bundle import find_bundle
from parley_models.networks.mish import spell_mish


def test_spelled_it_is_what_it_was() -> None:
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [None]) for name in "xy")
    nodes = [helper.make_node("Mish", ["x"], ["between"]), helper.make_node("Mish", ["between"], ["y"])]
    graph = helper.make_graph(nodes, "two", [x], [y])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    numbers = np.concatenate([np.linspace(-120, 120, 4801), [0.0, 1e-20, 1e30, -1e30]]).astype(np.float32)
    before = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": numbers})[0]
    spelled = spell_mish(model)
    onnx.checker.check_model(spelled, full_check=True)
    assert "Mish" not in {node.op_type for node in spelled.graph.node}
    after = onnxruntime.InferenceSession(spelled.SerializeToString()).run(None, {"x": numbers})[0]
    np.testing.assert_allclose(after, before, rtol=1e-5, atol=1e-6)


def test_the_bundles_estimator_is_spelled() -> None:
    """Taken apart by ONNX Runtime it would take a fifth more time."""
    estimator = onnx.load(find_bundle("mini") / "vocoder" / "flow_estimator.onnx")
    assert "Mish" not in {node.op_type for node in estimator.graph.node}
