"""Ears of Step-Audio's kind, very small and with random weights, that need no exporting: whole clips, peak and floor of the whole clip.

The semantic tokenizer is the reference set's `speech_tokenizer_v1.onnx`, which looks both ways; the linguistic encoder is that of the
tiny bundle.
"""

import shutil
from pathlib import Path

import numpy as np

from parley_models.tokenizers.config import EarsConfig
from parley_models.tokenizers.dual import DualTokenizer
from tests.fakes.thimble import LAYOUT

TINY = Path(__file__).resolve().parent.parent / "data" / "tiny"
WIDTH = 16


def tiny_clip_ears(folder: Path, reference: Path) -> DualTokenizer:
    """Fill a folder with the files and open them; its codes fit the thimble's ids."""
    shutil.copytree(TINY / "linguistic", folder / "linguistic")
    shutil.copyfile(reference / "Step-Audio-Tokenizer-mini" / "speech_tokenizer_v1.onnx", folder / "semantic.onnx")
    rng = np.random.default_rng(11)
    np.save(folder / "linguistic" / "codebook.npy", rng.standard_normal((LAYOUT.linguistic_size, WIDTH)).astype(np.float32))
    np.save(folder / "linguistic" / "cmvn.npy", np.stack([np.full(560, -12.0), np.full(560, 0.3)]).astype(np.float32))
    return DualTokenizer.open(folder, EarsConfig.upstream())
