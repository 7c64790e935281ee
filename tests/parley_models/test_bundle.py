"""A bundle that is not whole, not what its manifest says, or that reaches outside its folder is never loaded."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from parley_models.bundle import Bundle, bundle_folders, find_bundle, write_manifest
from parley_models.errors import BundleCorrupt, BundleError, BundleMissing
from parley_models.manifest import MANIFEST_NAME, Manifest, Sampling, VoiceEntry, read_manifest
from parley_models.prompt import ChatTemplate
from parley_models.style import Control, Level
from parley_models.tokens import TokenLayout

MANIFEST = Manifest(
    name="thimble",
    title="Thimble",
    version="1",
    licence="Apache-2.0",
    tokens=TokenLayout(vocab_size=6000, audio_offset=512, bos=1, bot=4, eot=3, stops=(3, 2), audio_start=5, audio_end=6),
    ears={"look_back": 4},
    voice={"guidance": 0.7},
    voices=(VoiceEntry("slt", "voice.json", median_f0_hz=180.0, syllables_per_s=4.5),),
    chat=ChatTemplate(roles={"user": 'a "human"'}, default_system="Say “hello”.\n"),
    context_tokens=100,
    roles=("pirate", "travel guide"),
    sampling=Sampling(text_temperature=0.1),
    controls=(Control("emotion", "discrete", (Level("sad", "Speak sadly."),)), Control("rate", "continuous", minimum=0.5, maximum=2)),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "thimble"
    (folder / "linguistic").mkdir(parents=True)
    np.save(folder / "linguistic" / "codebook.npy", np.arange(12.0).reshape(3, 4))
    (folder / "voice.json").write_text("{}")
    write_manifest(folder, MANIFEST)
    return folder


def test_what_was_written_is_read_back(folder: Path) -> None:
    manifest = Bundle.open(folder).manifest
    assert replace(manifest, files=()) == MANIFEST
    assert [entry.path for entry in manifest.files] == ["linguistic/codebook.npy", "voice.json"]
    assert Bundle.open(folder).size_bytes == (folder / "linguistic/codebook.npy").stat().st_size + 2


def flip_a_byte(folder: Path) -> None:
    path = folder / "linguistic" / "codebook.npy"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def cut(folder: Path) -> None:
    path = folder / "linguistic" / "codebook.npy"
    path.write_bytes(path.read_bytes()[:-1])


def lose(folder: Path) -> None:
    (folder / "linguistic" / "codebook.npy").unlink()


def link_outside(folder: Path) -> None:
    path = folder / "linguistic" / "codebook.npy"
    path.rename(folder.parent / "codebook.npy")
    path.symlink_to(folder.parent / "codebook.npy")


def pickle_inside(folder: Path) -> None:
    np.save(folder / "linguistic" / "codebook.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    write_manifest(folder, MANIFEST)


@pytest.mark.parametrize(
    ("spoil", "error", "says"),
    [
        (flip_a_byte, BundleCorrupt, "its content is not what"),
        (cut, BundleCorrupt, "bytes instead of"),
        (lose, BundleMissing, "lacks"),
        (link_outside, BundleCorrupt, "leaves the bundle"),
        (pickle_inside, BundleCorrupt, "no plain array"),
    ],
)
def test_a_spoilt_file_is_named(folder: Path, spoil: Callable[[Path], None], error: type[BundleError], says: str) -> None:
    spoil(folder)
    with pytest.raises(error, match=says) as trouble:
        Bundle.open(folder)
    assert "codebook.npy" in str(trouble.value)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("voice.json", "../voice.json", "outside the bundle"),
        ("voice.json", "/etc/passwd", "outside the bundle"),
        ("voice.json", "voice.pt", "never opens"),
        ('licence = "Apache-2.0"', "", "licence"),
        ("vocab_size = 6000", 'vocab_size = "many"', "tokens.vocab_size"),
        ('version = "1"', 'version = "1"\nsurprise = 1', "surprise"),
        ("maximum = 2", "maximum = nan", "controls.1.maximum"),
        ('name = "thimble"', "name = ", "damaged"),
    ],
)
def test_a_wrong_manifest_is_named_with_the_place(folder: Path, old: str, new: str, says: str) -> None:
    path = folder / MANIFEST_NAME
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    with pytest.raises(BundleCorrupt, match=says) as trouble:
        read_manifest(folder)
    assert "\n" not in str(trouble.value)
    assert MANIFEST_NAME in str(trouble.value)


def test_bytes_that_are_no_text_are_a_damaged_manifest(folder: Path) -> None:
    (folder / MANIFEST_NAME).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BundleCorrupt, match="damaged"):
        read_manifest(folder)


def test_a_file_that_the_manifest_does_not_list_is_never_opened(folder: Path) -> None:
    (folder / "extra.onnx").write_bytes(b"")
    with pytest.raises(BundleCorrupt, match=r"does not list extra\.onnx"):
        Bundle.open(folder).path("extra.onnx")


def test_bundles_are_found_by_name_first_place_first(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / "thimble"
    other.mkdir(parents=True)
    write_manifest_of(other)
    places = (folder.parent, other.parent)
    assert find_bundle("thimble", places) == folder
    assert find_bundle(str(other), places) == other
    assert bundle_folders(places) == {"thimble": folder}
    with pytest.raises(BundleMissing, match="there are: thimble"):
        find_bundle("nobody", places)


def write_manifest_of(folder: Path) -> None:
    (folder / "voice.json").write_text("{}")
    write_manifest(folder, MANIFEST)


def test_an_empty_folder_is_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(BundleMissing, match="is no bundle"):
        Bundle.open(tmp_path)
