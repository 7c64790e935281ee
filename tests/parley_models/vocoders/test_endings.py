"""Where sound meets sound, and where it ends: networks that look less far, and frames that have nothing to fade into."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from parley_models.errors import BundleCorrupt
from parley_models.onnx_session import OnnxSession
from parley_models.pcm import Samples
from parley_models.tokens import SpeechTokens
from parley_models.vocoders.chunked import ChunkedFlowHift, FadingHift, Noise
from parley_models.vocoders.config import VoiceConfig
from parley_models.vocoders.flow_hift import FlowHift
from parley_models.vocoders.voices import read_voice

TINY = Path(__file__).parents[2] / "data" / "tiny" / "voice"
CONFIG = VoiceConfig(
    flow_encoder="flow_encoder.onnx", flow_estimator="flow_estimator.onnx", hift="hift.onnx", voices="voices", euler_steps=1
)
PEAK = 0.99
"""What HiFT cuts its sound at."""


@dataclass(frozen=True, slots=True)
class Loud(ChunkedFlowHift):
    """As loud as HiFT can be, all the time."""

    def sound(self, mel: Samples, carried: Samples, noise: Samples) -> tuple[Samples, Samples]:
        samples = mel.shape[2] * self.config.hop
        return np.full(samples, PEAK, np.float32), np.zeros((1, 1, samples), np.float32)


@pytest.fixture
def loud() -> FadingHift:
    unused = OnnxSession(TINY / "f0.onnx")
    vocoder = Loud(CONFIG, TINY, unused, unused, unused, unused)
    return FadingHift(vocoder, Noise.seeded(0, CONFIG))


def mel_of(frames: int) -> Samples:
    return np.zeros((1, CONFIG.mels, frames), np.float32)


def samples_of(sounding: FadingHift, frames: list[int]) -> Samples:
    """The sound of so many frames at a time."""
    chunks = [chunk for at, count in enumerate(frames, 1) for chunk in sounding.sound(mel_of(count), last=at == len(frames))]
    return np.concatenate([chunk.samples for chunk in chunks])


def test_two_loud_chunks_fade_into_each_other_within_what_sound_can_be(loud: FadingHift) -> None:
    sound = samples_of(loud, [20, 20, 5])
    assert len(sound) == 45 * CONFIG.hop
    assert PEAK <= np.abs(sound).max() <= 1.0


@pytest.mark.parametrize("frames", [[20, 0], [20, 0, 0]])
def test_what_nothing_comes_after_sounds_as_it_was_made(loud: FadingHift, frames: list[int]) -> None:
    """Faded with itself it would be louder than it was."""
    np.testing.assert_array_equal(samples_of(loud, frames), np.full(20 * CONFIG.hop, PEAK, np.float32))


@pytest.mark.parametrize("groups", [0, 1, 3, 6])
def test_a_hift_that_does_not_look_ahead_ends_with_its_last_block(groups: int) -> None:
    vocoder = FlowHift.open(TINY, replace(CONFIG, lookahead_frames=0))
    stream, codes = vocoder.stream("plain"), SpeechTokens(np.ones((groups, 5), np.uint16))
    chunks = [*stream.feed(codes), *stream.finish()]
    assert sum(len(chunk.samples) for chunk in chunks) == vocoder.samples(groups, 1.0)


def test_a_voice_in_numbers_that_numpy_lacks_is_named(tmp_path: Path) -> None:
    save_file({"speaker": torch.ones(1, 192, dtype=torch.float8_e4m3fn)}, tmp_path / "odd.safetensors")
    with pytest.raises(BundleCorrupt, match=r"odd\.safetensors is damaged"):
        read_voice(tmp_path, "odd", CONFIG.mels)
