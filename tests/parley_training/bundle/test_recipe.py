"""The parts that the other recipes leave become one bundle that opens, speaks, and knows what its voice sounds like."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from parley_models.bundle import Bundle
from parley_models.pcm import AudioChunk
from parley_models.prosody import Prosody
from parley_models.tokenizers.config import EarsConfig
from parley_models.tokens import SpeechTokens
from parley_training.bundle import recipe
from parley_training.bundle.releases import release_of
from parley_training.bundle.voices import UNMEASURED, measured
from parley_training.checkpoint import save
from tests.fakes.parts import VOICE_RATE_HZ, ToneSpeaking, ToneVoice
from tests.fakes.thimble import LAYOUT
from tests.fakes.tiny_bundle import tiny_bundle


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> recipe.Sources:
    """What the other recipes leave, from a tiny model."""
    monkeypatch.setattr(recipe, "LAYOUT", LAYOUT)
    parts = tiny_bundle(tmp_path / "parts")
    save(parts / "linguistic" / "checkpoint.pt", {"lookahead": 4})
    return recipe.Sources(parts / "linguistic", parts, parts, parts / "backbone", parts / "vocoder")


def test_a_bundle_is_put_together_in_the_place_of_the_old_one(sources: recipe.Sources, tmp_path: Path) -> None:
    out = tmp_path / "bundles" / "mini"
    recipe.build(sources, out, [], release_of("mini0"))
    (out / "stale.txt").touch()
    manifest = recipe.build(sources, out, [], release_of("mini0"))
    assert Bundle.open(out).manifest == manifest
    assert not (out / "stale.txt").exists()
    assert EarsConfig.read(manifest.ears).lookahead_frames == 4
    assert [path.name for path in out.parent.iterdir()] == ["mini"]
    assert [row.name for row in manifest.controls] == ["rate", "pitch", "emotion", "intensity", "manner"]
    assert {entry.path for entry in manifest.files} >= {
        "semantic.onnx",
        "vocoder/hift.onnx",
        "vocoder/voices/slt.safetensors",
        "text.model",
    }


def test_a_part_that_is_missing_leaves_the_old_bundle_alone(sources: recipe.Sources, tmp_path: Path) -> None:
    out = tmp_path / "bundles" / "mini"
    recipe.build(sources, out, [], release_of("mini0"))
    (sources.semantic / "semantic.onnx").unlink()
    with pytest.raises(FileNotFoundError, match="semantic"):
        recipe.build(sources, out, [], release_of("mini0"))
    Bundle.open(out)


class Babble(ToneSpeaking):
    """Four syllables a second at 200 Hz, with quiet before and after."""

    def feed(self, groups: SpeechTokens) -> Sequence[AudioChunk]:
        seconds = len(groups) * 0.12
        at = np.arange(round(seconds * VOICE_RATE_HZ)) / VOICE_RATE_HZ
        hum = np.sin(2 * np.pi * self.hz * at) + 0.7 * np.sin(4 * np.pi * self.hz * at) + 0.5 * np.sin(6 * np.pi * self.hz * at)
        loudness = np.abs(np.sin(np.pi * 4 * at)) * ((at > 0.25) & (at < seconds - 0.25))
        return [AudioChunk((0.2 * hum * loudness).astype(np.float32), VOICE_RATE_HZ)]


class BabblingVoice(ToneVoice):
    def stream(self, voice: str, prosody: Prosody, seed: int) -> ToneSpeaking:
        return Babble(200.0, prosody.rate)


def test_a_voice_is_written_down_as_it_sounds() -> None:
    voice = measured(BabblingVoice(), replace(UNMEASURED, name="slt", file="slt"), [np.zeros((25, 5), np.uint16)])
    assert voice.median_f0_hz == pytest.approx(200, rel=0.02)
    assert voice.syllables_per_s == pytest.approx(4, rel=0.15)
    assert voice.quiet_s == pytest.approx(0.5, abs=0.1)
