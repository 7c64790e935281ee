"""Ears whose files or settings are off say so in one sentence."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from parley_models.errors import BundleCorrupt, BundleMissing
from parley_models.tokenizers.codebook import Codebook
from parley_models.tokenizers.config import EarsConfig
from parley_models.tokenizers.dual import DualTokenizer
from parley_models.tokenizers.lfr import Cmvn


@pytest.fixture
def folder(ears_folder: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return shutil.copytree(ears_folder, tmp_path / "ears")


def test_what_runs_the_ears_can_be_read(block_ears: DualTokenizer) -> None:
    assert block_ears.providers_taken[-1] == "CPUExecutionProvider"


@pytest.mark.parametrize("name", ["linguistic/encoder.onnx", "linguistic/codebook.npy", "linguistic/am.mvn", "semantic.onnx"])
def test_a_file_that_is_missing_or_damaged_is_named(folder: Path, clip_config: EarsConfig, name: str) -> None:
    (folder / name).write_bytes((folder / name).read_bytes()[:60])
    with pytest.raises(BundleCorrupt, match=Path(name).name):
        DualTokenizer.open(folder, clip_config)

    (folder / name).unlink()
    with pytest.raises(BundleMissing, match=Path(name).name):
        DualTokenizer.open(folder, clip_config)


def test_files_that_do_not_fit_together_are_refused(folder: Path, clip_config: EarsConfig) -> None:
    swapped = replace(clip_config, linguistic_encoder="semantic.onnx")
    with pytest.raises(BundleCorrupt, match="linguistic encoder takes feats, feats_length"):
        DualTokenizer.open(folder, swapped)
    with pytest.raises(BundleCorrupt, match="not a log mel and its length"):
        DualTokenizer.open(folder, replace(clip_config, semantic="linguistic/encoder.onnx"))

    np.save(folder / "linguistic" / "codebook.npy", np.zeros((8, 3), np.float32))
    with pytest.raises(BundleCorrupt, match="its codebook 3"):
        DualTokenizer.open(folder, clip_config)


@pytest.mark.parametrize("array", [np.zeros(4, np.float32), np.zeros((4, 2), np.int64), np.full((4, 2), np.nan, np.float32)])
def test_a_codebook_is_a_table_of_numbers(tmp_path: Path, array: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> None:
    np.save(tmp_path / "codebook.npy", array)
    with pytest.raises(BundleCorrupt, match="no centroids"):
        Codebook.read(tmp_path / "codebook.npy")


def test_the_nearest_centroid_names_a_frame() -> None:
    centroids = np.random.default_rng(0).standard_normal((50, 6)).astype(np.float32)
    frames = np.random.default_rng(1).standard_normal((20, 6)).astype(np.float32)
    distances = np.linalg.norm(frames[:, None] - centroids[None], axis=-1)

    assert Codebook(centroids).nearest(frames).tolist() == distances.argmin(axis=1).tolist()


def test_normalisation_reads_both_forms(ears_folder: Path, tmp_path: Path) -> None:
    from_text = Cmvn.read(ears_folder / "linguistic" / "am.mvn")
    np.save(tmp_path / "cmvn.npy", np.stack([from_text.shift, from_text.scale]))
    from_array = Cmvn.read(tmp_path / "cmvn.npy")

    assert len(from_text.shift) == len(from_text.scale) == 560
    assert np.array_equal(from_text.shift, from_array.shift)
    assert np.array_equal(from_text.scale, from_array.scale)


@pytest.mark.parametrize(
    "table", [{"mode": "whole"}, {"gain": 0}, {"context_frames": 7}, {"fbank_flor": 8.0}, {"logmel_floor": float("nan")}, {"semantic": 3}]
)
def test_a_table_that_makes_no_sense_is_refused(table: dict[str, object]) -> None:
    with pytest.raises(BundleCorrupt, match=next(iter(table))):
        EarsConfig.read(table)


def test_an_empty_table_is_mini() -> None:
    assert EarsConfig.read({}) == EarsConfig()
    assert EarsConfig.read({"mode": "clip", "trim_silence": True}).trim_silence
