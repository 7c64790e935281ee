"""A whole bundle of the real networks, very small and with random weights: it hears, thinks and speaks, but says nothing.

The ears' ONNX files lie in tests/data/tiny, because exporting may take minutes; `python -m tests.fakes.tiny_bundle` writes them anew.
The vocoder's are graphs of a few nodes (`tiny_vocoder`).
"""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file as save_arrays
from safetensors.torch import save_file

from parley_models.backbone.config import BackboneConfig
from parley_models.backbone.model import StepOmni
from parley_models.bundle import write_manifest
from parley_models.manifest import Sampling, VoiceEntry
from parley_models.tokenizers.acoustic_model import SLOTS, Lexicon
from tests.fakes.thimble import LAYOUT, MANIFEST, train_pieces
from tests.fakes.tiny_vocoder import SPEAKER, write_vocoder

TINY = Path(__file__).resolve().parent.parent / "data" / "tiny"
SEED = 11
WIDTH = 16
PHONES = ("pau", "y", "eh", "s", "n", "ow")
GROUPS = 10
"""An answer's length: this model never ends by itself."""


def tiny_bundle(folder: Path) -> Path:
    """Fill a folder with the bundle."""
    shutil.copytree(TINY / "linguistic", folder / "linguistic")
    shutil.copyfile(TINY / "semantic.onnx", folder / "semantic.onnx")
    rng = np.random.default_rng(SEED)
    np.save(folder / "linguistic" / "codebook.npy", rng.standard_normal((1024, WIDTH)).astype(np.float32))
    np.save(folder / "linguistic" / "cmvn.npy", np.stack([np.full(560, -12.0), np.full(560, 0.3)]).astype(np.float32))
    np.save(folder / "linguistic" / "phones.npy", rng.standard_normal((WIDTH + 1, SLOTS * len(PHONES))).astype(np.float16))
    Lexicon(PHONES, {"yes": "y eh s", "no": "n ow"}).write(folder / "linguistic" / "lexicon.txt")
    (folder / "text.model").write_bytes(train_pieces())
    write_backbone(folder / "backbone")
    write_vocoder(folder / "vocoder")
    (folder / "vocoder" / "voices").mkdir()
    save_arrays({"speaker": rng.standard_normal((1, SPEAKER)).astype(np.float32)}, folder / "vocoder" / "voices" / "slt.safetensors")
    voices = (VoiceEntry("slt", "vocoder/voices/slt.safetensors", median_f0_hz=180.0, syllables_per_s=4.0),)
    sampling = Sampling(repetition_window=0, max_tokens=GROUPS * LAYOUT.group_size)
    write_manifest(folder, replace(MANIFEST, name="tiny", title="Tiny", voices=voices, sampling=sampling))
    return folder


def write_backbone(folder: Path) -> None:
    """A model that prefers to speak: the head's rows of text and markers are small."""
    config = BackboneConfig(
        hidden_size=32,
        intermediate_size=64,
        num_attention_heads=4,
        num_attention_groups=2,
        num_hidden_layers=2,
        vocab_size=LAYOUT.vocab_size,
        max_seq_len=4096,
    )
    model = StepOmni(config)
    model.init_weights(torch.Generator().manual_seed(SEED))
    with torch.no_grad():
        model.lm_head.weight[: LAYOUT.audio_offset] *= 0.1
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config.to_dict()))
    save_file({name: weight.contiguous() for name, weight in model.state_dict().items()}, folder / "model.safetensors")


def export_networks() -> None:
    """Write the ONNX files anew."""
    from parley_models.networks.sanm import SanmConfig, SanmEncoder
    from parley_models.networks.sanm_export import export_step
    from parley_models.networks.semantic import SemanticConfig, SemanticEncoder
    from parley_training.semantic.export import export

    torch.manual_seed(SEED)
    (TINY / "linguistic").mkdir(parents=True, exist_ok=True)
    export_step(SanmEncoder(SanmConfig(width=WIDTH, layers=1, heads=2, ffn=WIDTH)).eval(), TINY / "linguistic" / "encoder.onnx")
    export(SemanticEncoder(SemanticConfig(width=WIDTH, layers=1, heads=2)).eval(), TINY / "semantic.onnx")


if __name__ == "__main__":
    export_networks()
