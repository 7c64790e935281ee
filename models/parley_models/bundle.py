"""A bundle: one folder with everything a model is made of, checked file by file before anything is loaded."""

import hashlib
import importlib.resources
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import platformdirs

from parley_models.errors import BundleCorrupt, BundleMissing
from parley_models.manifest import MANIFEST_NAME, READABLE, BundleFile, Manifest, VoiceEntry, manifest_toml, read_manifest
from parley_models.verified import Verified


@dataclass(frozen=True, slots=True)
class Bundle:
    """An opened bundle. Make it with `Bundle.open`."""

    folder: Path
    manifest: Manifest

    @staticmethod
    def open(folder: Path, *, verify: bool = True) -> "Bundle":
        """Open a folder and, unless told otherwise, compare every file with its recorded size and hash.

        A large file that nobody touched since it was last hashed is believed; `hub.receipt.inspect` hashes everything.

        Raises:
            BundleMissing: no manifest, or a file it names is not there.
            BundleCorrupt: the manifest or a file is not what it should be.
        """
        bundle = Bundle(folder, read_manifest(folder))
        verified = Verified(folder)
        for entry in bundle.manifest.files:
            path = bundle.path(entry.path)
            if verify:
                _verify(path, entry, verified)
        verified.keep()
        for voice in bundle.manifest.voices:
            bundle.path(voice.file)
        return bundle

    def path(self, name: str) -> Path:
        """Where a file of the bundle lies.

        Raises:
            BundleMissing: not there.
            BundleCorrupt: the manifest does not name it, or it is a link to somewhere outside the bundle.
        """
        if name not in {entry.path for entry in self.manifest.files}:
            raise BundleCorrupt(f"{self.folder / MANIFEST_NAME} does not list {name}.")
        path = self.folder / name
        if not path.is_file():
            raise BundleMissing(f"{self.manifest.title} lacks {name} ({path}).")
        if not path.resolve().is_relative_to(self.folder.resolve()):
            raise BundleCorrupt(f"{path} is a link that leaves the bundle.")
        return path

    def refuse_unlisted(self, names: Iterable[str]) -> None:
        """See to it that what lies under these names is named by the manifest: nobody has looked at anything else.

        Raises:
            BundleCorrupt: a file is there that the manifest does not name, or that lies outside the bundle.
        """
        for name in names:
            if (self.folder / name).exists():
                self.path(name)

    def voice(self, name: str | None) -> VoiceEntry:
        """A voice by name, or the bundle's first."""
        named = [voice for voice in self.manifest.voices if name is None or voice.name == name]
        if not named:
            raise BundleMissing(f"{self.manifest.title} has no voice “{name}”.")
        return named[0]

    @property
    def size_bytes(self) -> int:
        """What all its files take on disk, by the manifest."""
        return sum(entry.size_bytes for entry in self.manifest.files)


def _verify(path: Path, entry: BundleFile, verified: Verified) -> None:
    size = path.stat().st_size
    if size != entry.size_bytes:
        raise BundleCorrupt(f"{path} is damaged: it has {size:,} bytes instead of {entry.size_bytes:,}.")
    if verified.has(path, entry.path, entry.sha256):
        return
    if verified.hashed(path, entry.path) != entry.sha256:
        raise BundleCorrupt(f"{path} is damaged: its content is not what the manifest recorded.")
    if path.suffix == ".npy":
        try:
            np.load(path, mmap_mode="r", allow_pickle=False)
        except Exception as error:  # objects are pickles, and a pickle can run anything; a damaged header fails in many ways
            raise BundleCorrupt(f"{path} is refused: it is no plain array of numbers.") from error


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def bundle_places() -> tuple[Path, ...]:
    """The folders that hold bundles by name: what came with Parley, then the user's own."""
    built_in = Path(str(importlib.resources.files("parley_assets"))) / "bundles"
    return built_in, platformdirs.user_data_path("parley") / "bundles"


def drafts_place() -> Path:
    """The folder of backbones that only draft for others, by name, as `parley models pull` brings them."""
    return platformdirs.user_data_path("parley") / "drafts"


def bundle_folders(places: Sequence[Path] | None = None) -> dict[str, Path]:
    """Every bundle that can be called by name; what came with Parley wins over a namesake."""
    found: dict[str, Path] = {}
    for place in bundle_places() if places is None else places:
        for manifest in sorted(place.glob(f"*/{MANIFEST_NAME}")):
            found.setdefault(manifest.parent.name, manifest.parent)
    return found


def find_bundle(name_or_folder: str | Path, places: Sequence[Path] | None = None) -> Path:
    """The folder of a bundle called by name, or the folder itself.

    Raises:
        BundleMissing: neither; says which names there are.
    """
    known = bundle_folders(places)
    if isinstance(name_or_folder, str) and name_or_folder in known:
        return known[name_or_folder]
    folder = Path(name_or_folder)
    if name_or_folder != "" and folder.is_dir():
        return folder
    names = ", ".join(sorted(known)) or "none yet"
    raise BundleMissing(f"There is no bundle “{name_or_folder}”, neither by name (there are: {names}) nor as a folder.")


def write_manifest(folder: Path, manifest: Manifest) -> Manifest:
    """Record every file of a folder, with size and hash, beside what the manifest says; written in one step.

    Raises:
        BundleCorrupt: the folder holds a kind of file that is never opened.
    """
    entries = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST_NAME):
        if path.suffix not in READABLE:
            raise BundleCorrupt(f"{path} is a kind of file that Parley never opens.")
        entries.append(BundleFile(path.relative_to(folder).as_posix(), _sha256(path), path.stat().st_size))
    whole = replace(manifest, files=tuple(entries))
    draft = folder / f".{MANIFEST_NAME}.part"
    draft.write_text(manifest_toml(whole), "utf-8")
    draft.replace(folder / MANIFEST_NAME)
    return whole
