"""A bundle that is not whole, not what its manifest says, or that reaches outside its folder is never loaded."""

import hashlib
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from io import BufferedReader
from pathlib import Path

import numpy as np
import pytest

from parley_models import verified
from parley_models.bundle import Bundle, bundle_folders, find_bundle, write_manifest
from parley_models.errors import BundleCorrupt, BundleError, BundleMissing
from parley_models.manifest import MANIFEST_NAME, Manifest, Sampling, VoiceEntry, read_manifest
from parley_models.prompt import ChatTemplate
from parley_models.prosody import Prosody
from parley_models.style import Control, Level, Style
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
    controls=(
        Control("emotion", "discrete", (Level("sad", "Speak sadly."), Level("happy", prosody=Prosody(rate=1.2, span=2.0)))),
        Control("rate", "continuous", minimum=0.5, maximum=2),
    ),
    labels={"happy": Style(emotion="happy"), "quick": Style(rate=1.4)},
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


def test_of_a_bundle_without_labels_none_are_written(folder: Path) -> None:
    plain = replace(MANIFEST, ears={}, voice={}, labels={})
    assert replace(write_manifest(folder, plain), files=()) == plain == replace(Bundle.open(folder).manifest, files=())
    assert "labels" not in (folder / "bundle.toml").read_text()


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
        ("vocab_size = 6000", "vocab_size = 5631", "from 512 to 5631 do not lie within 5631 ids"),
        ("audio_offset = 512", "audio_offset = -1", "do not lie within"),
        ("audio_start = 5", "audio_start = 512", "damaged at tokens: a marker"),
        ("stops = [3, 2]", "stops = [2]", "`eot` is not among the stops"),
        ("audio_per_block = 15", "audio_per_block = 0", "a block has text, and 5 audio ids"),
        ("text_per_block = 10", "text_per_block = 0", "a block has text"),
        ("linguistic_per_group = 2", "linguistic_per_group = 1", "a group has 2 linguistic"),
        ("linguistic_size = 1024", "linguistic_size = 0", "a book has"),
        ('name = "thimble"', "name = " + "[" * 20_000, "damaged"),
        ('name = "thimble"', "name" + ".a" * 100_000 + " = 1", "nests deeper"),
        ('name = "thimble"', "'a b'" + ".'a b'" * 100_000 + " = 1", "nests deeper"),
        ('name = "thimble"', 'name = "' + ' \\"' * 500_000, "damaged"),  # whoever follows each quote to the end is here for hours
        ('name = "thimble"', "# " + "long " * 2**20, "is longer"),
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


@pytest.fixture
def remembering(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A bundle of which every file counts as large and is old enough; what is remembered lies in a place of the test's own."""
    monkeypatch.setattr(verified, "WORTH_BYTES", 0)
    monkeypatch.setattr(verified, "SETTLED_S", 0.0)
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name: tmp_path / "cache" / name)
    return folder


def count_reads(folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many files are read through when the bundle is opened."""
    reads = []
    real = hashlib.file_digest

    def digest(file: BufferedReader, name: str) -> object:
        reads.append(file.name)
        return real(file, name)

    with monkeypatch.context() as patched:
        patched.setattr(hashlib, "file_digest", digest)
        Bundle.open(folder)
    return len(reads)


def test_an_unchanged_bundle_is_read_through_once(remembering: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [count_reads(remembering, monkeypatch) for _ in range(3)] == [2, 0, 0]
    assert not list(remembering.rglob("*verified*"))
    other = tmp_path / "other"
    shutil.copytree(remembering, other)
    assert count_reads(other, monkeypatch) == 2  # not even a faithful copy is believed
    for note in (tmp_path / "cache").rglob("*.json"):
        note.write_text("nonsense")
    assert count_reads(remembering, monkeypatch) == 2


def test_small_files_are_read_each_time(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name: tmp_path / "cache" / name)
    assert [count_reads(folder, monkeypatch) for _ in range(2)] == [2, 2]
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("how", ["rewritten", "replaced"])
def test_what_is_remembered_does_not_hide_damage(remembering: Path, how: str) -> None:
    """Same size, and the times of the content set back as a careful copying program does."""
    Bundle.open(remembering)
    path = remembering / "linguistic" / "codebook.npy"
    before = path.stat()
    if how == "rewritten":
        flip_a_byte(remembering)
    else:
        path.rename(remembering.parent / "aside.npy")
        path.write_bytes((remembering.parent / "aside.npy").read_bytes()[:-1] + b"x")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(BundleCorrupt, match="its content is not what the manifest recorded"):
        Bundle.open(remembering)


def test_a_cache_that_cannot_be_written_costs_time_only(remembering: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cache").write_text("a file, no folder")
    assert [count_reads(remembering, monkeypatch) for _ in range(2)] == [2, 2]


def test_a_file_written_just_now_is_not_believed(remembering: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within one tick of the file system's clock it could change without a sign."""
    monkeypatch.setattr(verified, "SETTLED_S", 3600.0)
    assert [count_reads(remembering, monkeypatch) for _ in range(2)] == [2, 2]
