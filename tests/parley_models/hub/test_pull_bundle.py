"""A whole bundle pulled from repositories in upstream's layout. Needs the whole reference set: PARLEY_REFERENCE names it."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from huggingface_hub import close_session

from parley_models.answer import SoundPiece
from parley_models.assistant import Assistant
from parley_models.bundle import Bundle
from parley_models.errors import BundleCorrupt
from parley_models.hub.catalogue import AQAA, CATALOGUE, TOKENIZER, VOCODER_22K
from parley_models.hub.making import maker_for
from parley_models.hub.patience import Patience
from parley_models.hub.places import Places
from parley_models.hub.pull import pull
from parley_models.hub.remote import Hub
from parley_models.pcm import AudioChunk
from tests.fakes.hub_server import HubServer

REFERENCE = os.environ.get("PARLEY_REFERENCE", "")
pytestmark = [
    pytest.mark.skipif(not REFERENCE, reason="the compact reference holds no whole checkpoint"),
    pytest.mark.slow,  # networks are exported, three times
    pytest.mark.timeout(1200),
]


def files_of(folder: Path, inside: str = "") -> dict[str, bytes]:
    return {inside + path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_repositories_become_a_bundle_that_answers(tmp_path: Path) -> None:
    reference, entry = Path(REFERENCE), CATALOGUE["aqaa-int8"]
    places = Places(tmp_path / "data", tmp_path / "downloads")
    with HubServer() as server:
        server.repositories = {
            AQAA.repository: files_of(reference / "step-audio-aqaa-mini") | {"README.md": b"Words."},
            TOKENIZER.repository: files_of(reference / "Step-Audio-Tokenizer-mini"),
            VOCODER_22K.repository: files_of(reference / "CosyVoice-300M-25Hz-mini", "CosyVoice-300M-25Hz/"),
        }
        hub = Hub(server.endpoint, tmp_path / "cache", places.downloads, patience=Patience(tries=2, first_wait_s=0))
        folder = pull(entry, maker_for(entry), hub, places)
        close_session()
    assert folder == places.data / "bundles" / "aqaa-int8"
    bundle = Bundle.open(folder)
    assert bundle.manifest.title == "Step-Audio-AQAA, int8"
    assert not [path for path in places.downloads.rglob("*") if path.is_file() and path.suffix != ".lock"]

    question = AudioChunk(0.1 * np.random.default_rng(0).standard_normal(16_000).astype(np.float32), 16_000)
    answer = Assistant.of(bundle).ask(question, seed=1)
    sound = next(event for event in answer if isinstance(event, SoundPiece))
    assert sound.sound.rate_hz == 22_050


def test_ears_and_voice_alone_are_pulled_for_a_server(tmp_path: Path) -> None:
    reference, entry = Path(REFERENCE), CATALOGUE["aqaa-remote"]
    places = Places(tmp_path / "data", tmp_path / "downloads")
    with HubServer() as server:
        server.repositories = {
            AQAA.repository: files_of(reference / "step-audio-aqaa-mini"),
            TOKENIZER.repository: files_of(reference / "Step-Audio-Tokenizer-mini"),
            VOCODER_22K.repository: files_of(reference / "CosyVoice-300M-25Hz-mini", "CosyVoice-300M-25Hz/"),
        }
        hub = Hub(server.endpoint, tmp_path / "cache", places.downloads, patience=Patience(tries=2, first_wait_s=0))
        bundle = Bundle.open(pull(entry, maker_for(entry), hub, places))
        close_session()
        assert not [asked for asked in server.asked if asked.path.endswith(".safetensors")]
    assert not (bundle.folder / "backbone").exists()
    assert bundle.path("text.model").is_file()


def test_ears_that_do_not_fit_are_told_before_the_backbone_is_fetched(tmp_path: Path) -> None:
    reference, entry = Path(REFERENCE), replace(CATALOGUE["aqaa-int8"])
    ears = files_of(reference / "Step-Audio-Tokenizer-mini")
    ears["linguistic_tokenizer.npy"] = ears["linguistic_tokenizer.npy"][:200]
    places = Places(tmp_path / "data", tmp_path / "downloads")
    with HubServer() as server:
        server.repositories = {
            AQAA.repository: files_of(reference / "step-audio-aqaa-mini"),
            TOKENIZER.repository: ears,
            VOCODER_22K.repository: files_of(reference / "CosyVoice-300M-25Hz-mini", "CosyVoice-300M-25Hz/"),
        }
        hub = Hub(server.endpoint, tmp_path / "cache", places.downloads, patience=Patience(tries=2, first_wait_s=0))
        with pytest.raises(BundleCorrupt, match="linguistic_tokenizer"):
            pull(entry, maker_for(entry), hub, places)
        close_session()
        assert not [asked for asked in server.asked if asked.path.endswith(".safetensors")]
