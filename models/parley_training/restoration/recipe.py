"""Make of a bundle what the later recipes need: its ears hear another corpus, its backbone is trained on, it is bundled again.

    python -m parley_training.restoration.recipe --bundle mini --elapsed 45

    python -m parley_training.text.recipe --world mini1
    python -m parley_training.restoration.recipe --bundle mini --world mini1

Runs are lost with the machine that they lie on, bundles are not. Writes `linguistic`, `semantic` and `vocoder/bundle` into OUT, and `text`
and `backbone` into the world's home there. The bundle's own ONNX files are among them, so that what is bundled again is the same to the
byte. Where the home has text pieces of its own, the backbone is carried over to those.

What a bundle does not hold begins anew with training: the optimizers, and the reader of phones. What ears and voice learned with is
gone; `restoration.reader` teaches ears anew which phones they hear, then they can be trained on.
"""

import argparse
import filecmp
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from parley_models.bundle import Bundle, find_bundle
from parley_models.errors import ParleyError, UsageError
from parley_models.networks.sanm import SanmEncoder
from parley_models.networks.semantic import SemanticEncoder
from parley_models.tokenizers.config import EarsConfig
from parley_training.backbone import recipe as backbone
from parley_training.backbone.training import write_backbone
from parley_training.bundle.releases import release_of
from parley_training.checkpoint import save
from parley_training.corpus.dialogue import World
from parley_training.homes import HOMES
from parley_training.linguistic.depth import layers_of
from parley_training.linguistic.recipe import CONFIG as LINGUISTIC
from parley_training.restoration import weights
from parley_training.restoration.pieces import carry_over, spelled
from parley_training.semantic.recipe import CONFIG as SEMANTIC
from parley_training.text.recipe import LAYOUT


def restore_ears(bundle: Bundle, out: Path) -> None:
    """Write `linguistic` and `semantic`. Raises UsageError where there are others already."""
    ears = EarsConfig.read(bundle.manifest.ears)
    step, semantic = bundle.path("linguistic/encoder.onnx"), bundle.path("semantic.onnx")
    reader, listener = weights.of_network(step, "encoder."), weights.of_network(semantic, "encoder.")
    learned = {name: weight for name, weight in reader.items() if name != "inverse_timescales"}
    SanmEncoder(replace(LINGUISTIC, layers=layers_of(reader))).load_state_dict(learned)
    SemanticEncoder(SEMANTIC).load_state_dict(listener)
    state = {"reader": {f"encoder.{name}": weight for name, weight in reader.items()}, "lookahead": ears.lookahead_frames}
    furnish(out / "linguistic", below(bundle, "linguistic"), state)
    furnish(out / "semantic", {"semantic.onnx": semantic}, {"encoder": listener})


def restore_backbone(bundle: Bundle, home: Path, world: World, elapsed_s: float) -> None:
    """Write `text`, unless it is there, and `backbone`.

    Raises:
        UsageError: there is a run already, or the bundle is of another world and the pieces of this one are missing.
    """
    own, pieces, out = bundle.path("text.model"), home / "text" / "text.model", home / "backbone"
    if (out / "checkpoint.pt").exists():
        raise UsageError(f"{out} has a checkpoint.pt already, which would be lost: move it away.")
    if not pieces.exists():
        if bundle.manifest.languages != release_of(world).languages:
            raise UsageError(
                f"{bundle.manifest.title} is of another world: make this one's pieces first, with text.recipe --world {world}."
            )
        furnish(pieces.parent, {pieces.name: own})
    model = weights.of_backbone(bundle.path("backbone/config.json").parent)
    if model.config != backbone.CONFIG:
        raise UsageError(f"{bundle.manifest.title} has a backbone of another shape than the one that is trained here.")
    if same(own, pieces):
        write_backbone(model, out / "backbone")
    else:
        spellings = spelled(own, pieces)
        if len(spellings) != LAYOUT.audio_offset:
            raise UsageError(f"{pieces} has {len(spellings)} pieces instead of {LAYOUT.audio_offset}.")
        print(f"{carry_over(model, spellings)} of the {len(spellings)} pieces in {pieces} begin with what the bundle's have learned")
    save(out / "checkpoint.pt", {"model": model.state_dict(), "step": 0, "elapsed_s": elapsed_s})


def furnish(folder: Path, files: Mapping[str, Path], state: dict[str, Any] | None = None) -> None:
    """Make a folder of copied files, by their names there, and of a checkpoint; a kill leaves no half of it.

    Raises:
        UsageError: there is one already, in which the files are others; one in which they are the same is left as it is.
    """
    if folder.exists():
        different = [name for name, path in files.items() if not (folder / name).is_file() or not same(path, folder / name)]
        if different:
            raise UsageError(f"{folder} is another run's, its {different[0]} is not the bundle's: move it away, or name another --out.")
        return
    draft = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(draft, ignore_errors=True)
    for name, path in files.items():
        (draft / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, draft / name)
    if state is not None:
        save(draft / "checkpoint.pt", state)
    draft.rename(folder)


def same(one: Path, other: Path) -> bool:
    """Whether two files hold the same bytes."""
    return filecmp.cmp(one, other, shallow=False)


def below(bundle: Bundle, folder: str) -> dict[str, Path]:
    """The files in a folder of the bundle, by their names there."""
    names = (entry.path for entry in bundle.manifest.files)
    return {name.removeprefix(f"{folder}/"): bundle.path(name) for name in names if name.startswith(f"{folder}/")}


def main() -> None:
    """Read the command line and restore."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", default="mini", help="name or folder")
    parser.add_argument("--world", choices=sorted(HOMES), default="mini0")
    parser.add_argument("--out", type=Path, default=HOMES["mini0"])
    parser.add_argument("--elapsed", type=float, default=0.0, help="minutes of the backbone's training that count as over")
    options = parser.parse_args()
    home = options.out / HOMES[options.world].relative_to(HOMES["mini0"])
    try:
        bundle = Bundle.open(find_bundle(options.bundle))
        if bundle.manifest.tokens != LAYOUT:
            raise UsageError(f"{bundle.manifest.title} is no Mini of these recipes: its ids are laid out in another way.")
        restore_ears(bundle, options.out)
        furnish(options.out / "vocoder" / "bundle", below(bundle, "vocoder"))
        restore_backbone(bundle, home, options.world, 60 * options.elapsed)
    except ParleyError as error:
        parser.exit(error.exit_code, f"{error}\n")
    print(f"{bundle.manifest.title} {bundle.manifest.version} goes on in {home / 'backbone'}")


if __name__ == "__main__":
    main()
