"""What the exporter writes into an ONNX file beside the network, and no bundle should carry."""

import onnx


def without_traces(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model without stack traces, names of source files and the other notes of torch's exporter, changed in place."""
    graph = model.graph
    model.ClearField("metadata_props")
    parts = [graph, *graph.node, *graph.initializer, *graph.input, *graph.output, *graph.value_info]
    for function in model.functions:
        parts += [function, *function.node]
    for part in parts:
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    return model
