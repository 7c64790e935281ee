"""A bundle carries networks, not the paths of the machine that made them."""

import onnx
from onnx import TensorProto, helper

from parley_training.bundle.provenance import without_traces


def test_traces_go_and_the_network_stays() -> None:
    node = helper.make_node("Identity", ["x"], ["y"])
    note = node.metadata_props.add()
    note.key, note.value = "pkg.torch.onnx.stack_trace", 'File "/a/trainer/net.py"'
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in ("x", "y")]
    graph = helper.make_graph([node], "net", ends[:1], ends[1:], doc_string="/a/trainer")
    model = without_traces(helper.make_model(graph))
    assert b"/a/trainer" not in model.SerializeToString()
    onnx.checker.check_model(model)
    assert [kept.op_type for kept in model.graph.node] == ["Identity"]
