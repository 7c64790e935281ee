import re
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from parley_models.networks.sanm import SanmConfig, SanmEncoder
from parley_models.networks.sanm_export import export_step
from parley_models.tokenizers.config import EarsConfig
from parley_models.tokenizers.dual import DualTokenizer


def sanm_of(folder: Path) -> SanmEncoder:
    """The encoder of a Paraformer-online checkpoint; the compact reference holds it without the parts that nobody needs."""
    whole = folder / "model.pt"
    state = torch.load(whole, weights_only=True) if whole.exists() else load_file(folder / "encoder.safetensors")
    encoder = {key.removeprefix("encoder."): value for key, value in state.items() if key.startswith("encoder.")}
    heads = re.search(r"attention_heads: (\d+)", (folder / "config.yaml").read_text())
    assert heads
    layers = len({key.split(".")[1] for key in encoder if key.startswith("encoders.")}) + 1
    ffn, width = encoder["encoders0.0.feed_forward.w_1.weight"].shape
    model = SanmEncoder(SanmConfig(width=width, layers=layers, heads=int(heads[1]), ffn=ffn))
    model.load_state_dict(encoder)
    return model.eval()


@pytest.fixture(scope="session")
def paraformer(reference: Path) -> Path:
    (mvn,) = (reference / "Step-Audio-Tokenizer-mini").rglob("am.mvn")
    return mvn.parent


@pytest.fixture(scope="session")
def sanm(paraformer: Path) -> SanmEncoder:
    return sanm_of(paraformer)


@pytest.fixture(scope="session")
def ears_folder(reference: Path, paraformer: Path, sanm: SanmEncoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reference's tokenizers as a bundle holds them, the encoder written to ONNX by our own export."""
    folder = tmp_path_factory.mktemp("ears")
    (folder / "linguistic").mkdir()
    export_step(sanm, folder / "linguistic" / "encoder.onnx")
    shutil.copyfile(paraformer / "am.mvn", folder / "linguistic" / "am.mvn")
    shutil.copyfile(reference / "Step-Audio-Tokenizer-mini" / "linguistic_tokenizer.npy", folder / "linguistic" / "codebook.npy")
    shutil.copyfile(reference / "Step-Audio-Tokenizer-mini" / "speech_tokenizer_v1.onnx", folder / "semantic.onnx")
    return folder


@pytest.fixture(scope="session")
def clip_config() -> EarsConfig:
    return EarsConfig.upstream(linguistic_cmvn="linguistic/am.mvn")


@pytest.fixture(scope="session")
def clip_ears(ears_folder: Path, clip_config: EarsConfig) -> DualTokenizer:
    """Upstream's ears."""
    return DualTokenizer.open(ears_folder, clip_config)


@pytest.fixture(scope="session")
def block_ears(ears_folder: Path) -> DualTokenizer:
    """Mini's way of hearing, on the reference's random weights."""
    return DualTokenizer.open(ears_folder, EarsConfig(linguistic_cmvn="linguistic/am.mvn"))
