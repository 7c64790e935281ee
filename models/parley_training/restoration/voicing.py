"""Give a bundle's HiFT the input by which a voice is taken back to a whisper, if it was exported before there was one.

    python -m parley_training.restoration.voicing --bundle mini

HiFT's weights are normed where it is exported, so it can't be exported again: the product of its F0 and `voicing` is put into the file, as
`CausalHift` has it. Writes the file and its size and hash in the manifest; nothing else of the bundle changes.
"""

import argparse
from pathlib import Path

import onnx

from parley_models.bundle import Bundle, find_bundle, write_manifest
from parley_models.errors import ParleyError, UsageError
from parley_models.vocoders.config import VoiceConfig

F0, PREDICTED, VOICING = "f0", "f0_predicted", "voicing"


def with_voicing(model: onnx.ModelProto) -> onnx.ModelProto:
    """The HiFT with another input, `voicing` (1, 1) float32, by which the F0 that it predicts is multiplied; changed in place.

    Raises:
        UsageError: it has that input already, or tells no F0.
    """
    graph = model.graph
    if VOICING in {each.name for each in graph.input}:
        raise UsageError("This HiFT can whisper already.")
    found = [(place, node) for place, node in enumerate(graph.node) if F0 in node.output]
    if not found:
        raise UsageError("This is no HiFT that predicts its F0.")
    place, predictor = found[0]
    predictor.output[list(predictor.output).index(F0)] = PREDICTED
    graph.node.insert(place + 1, onnx.helper.make_node("Mul", [PREDICTED, VOICING], [F0], name=VOICING))
    cycles = [each.name for each in graph.input].index("cycles")
    graph.input.insert(cycles + 1, onnx.helper.make_tensor_value_info(VOICING, onnx.TensorProto.FLOAT, [1, 1]))
    onnx.checker.check_model(model)
    return model


def give_voicing(folder: Path) -> None:
    """Change the HiFT of the bundle in a folder.

    Raises:
        BundleError: it is no whole bundle.
        UsageError: see `with_voicing`.
    """
    bundle = Bundle.open(folder)
    path = bundle.path(VoiceConfig.read(bundle.manifest.voice).hift)
    model = with_voicing(onnx.load(path))
    draft = path.with_suffix(".part")
    onnx.save(model, draft)
    draft.replace(path)
    write_manifest(folder, bundle.manifest)


def main() -> None:
    """Read the command line and change the bundle."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", default="mini", help="name or folder")
    options = parser.parse_args()
    try:
        give_voicing(find_bundle(options.bundle))
    except ParleyError as error:
        parser.exit(error.exit_code, f"{error}\n")
    print(f"{options.bundle} can whisper")


if __name__ == "__main__":
    main()
