"""The models on this machine, those that are still being pulled among them; and how one goes."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from parley_models.bundle import bundle_places
from parley_models.errors import BundleMissing, UsageError
from parley_models.hub.places import Places
from parley_models.hub.receipt import RECEIPT_NAME
from parley_models.manifest import MANIFEST_NAME

KINDS = ("bundles", "drafts")
UNFINISHED = ".unfinished"


@dataclass(frozen=True, slots=True)
class Installed:
    """One model's folder."""

    name: str
    folder: Path
    kind: str
    """built in, bundles, drafts, or unfinished."""

    @property
    def size_bytes(self) -> int:
        """On the disk."""
        return sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file() and not path.is_symlink())

    def check_removable(self) -> None:
        """Raises UsageError for a model that came with Parley."""
        if self.kind == "built in":
            raise UsageError(f"{self.name} came with Parley and stays; uninstalling Parley removes it.")


def installed(places: Places, *, unfinished: bool = False) -> list[Installed]:
    """What came with Parley, then the user's own; pulls that are not complete only if asked for."""
    found = [Installed(path.parent.name, path.parent, "built in") for path in sorted(bundle_places()[0].glob(f"*/{MANIFEST_NAME}"))]
    for kind in KINDS:
        folders = sorted((places.data / kind).glob("*"))
        found += [Installed(folder.name, folder, kind) for folder in folders if _is_complete(folder)]
        if unfinished:
            begun = sorted((places.data / kind).glob(f".*{UNFINISHED}"))
            found += [Installed(folder.name[1:].removesuffix(UNFINISHED), folder, "unfinished") for folder in begun]
    return found


def _is_complete(folder: Path) -> bool:
    return (folder / MANIFEST_NAME).is_file() or (folder / RECEIPT_NAME).is_file()


def find_installed(name: str, places: Places, *, unfinished: bool = False) -> Installed:
    """A model by name. Raises BundleMissing, saying which there are."""
    models = installed(places, unfinished=unfinished)
    model = next((model for model in models if model.name == name), None)
    if model is None:
        raise BundleMissing(f"There is no model “{name}” here; there are: {', '.join(model.name for model in models) or 'none'}.")
    return model


def remove(model: Installed, places: Places) -> int:
    """Remove a model with what pulls of it left; the bytes that became free. Raises UsageError for one that came with Parley."""
    model.check_removable()
    freed = 0
    leavings = [places.downloads / model.name, *(places.data / kind / f".{model.name}{UNFINISHED}" for kind in KINDS)]
    for folder in dict.fromkeys([model.folder, *leavings]):
        if folder.is_symlink():
            folder.unlink()  # what it points to is not ours
        elif folder.is_dir():
            freed += Installed(model.name, folder, model.kind).size_bytes
            doomed = folder if folder.name.startswith(".") else folder.with_name(f".{folder.name}.removed")
            folder.replace(doomed)  # half a model must not have a model's name
            shutil.rmtree(doomed)
    return freed
