"""What upstream's own code computed, at the tolerances that come with the reference set."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
import torch

from parley_models.networks.sanm import SanmEncoder
from parley_models.pcm import AudioChunk, Samples
from parley_models.tokenizers.config import RATE_HZ, EarsConfig
from parley_models.tokenizers.dual import DualTokenizer, prepared_clip
from parley_models.tokenizers.fbank import FbankStream, fbank
from parley_models.tokenizers.lfr import Cmvn, LfrStream
from parley_models.tokenizers.logmel import clip_logmel
from parley_models.tokenizers.resample import resample
from parley_models.tokens import SpeechTokens, TokenLayout

Golden = Mapping[str, npt.NDArray[np.float32]]
CLIPS = ("jfk", "tingting", "asr_example")


def flat_ids(tokens: SpeechTokens) -> list[int]:
    return tokens.ids(TokenLayout(vocab_size=74752, audio_offset=65536, bos=1, bot=4, eot=3, stops=(3,)))


def recording(reference: Path, clip: str) -> Samples:
    samples, rate_hz = soundfile.read(reference / "audio" / f"{clip}.wav", dtype="int16")
    assert rate_hz == RATE_HZ
    return (samples / 32768).astype(np.float32)


def golden_of(reference: Path, name: str) -> Golden:
    path = reference / "golden" / f"{name}.npz"
    if not path.exists():
        pytest.skip("only in the whole reference set (PARLEY_REFERENCE)")
    with np.load(path, allow_pickle=False) as arrays:
        return {key: arrays[key] for key in arrays}


def agree(actual: npt.NDArray[np.float32], golden: Golden, key: str, *, within: float) -> None:
    """The compact reference holds the first rows, or none."""
    wanted = golden.get(key)
    if wanted is not None:
        assert len(actual) >= len(wanted) > 0
        np.testing.assert_allclose(actual[: len(wanted)], wanted, rtol=0, atol=within)


@pytest.mark.parametrize("clip", CLIPS)
def test_front_ends_follow_upstream(reference: Path, paraformer: Path, clip: str) -> None:
    golden = golden_of(reference, f"tokenizer_{clip}")
    sound = prepared_clip(recording(reference, clip), RATE_HZ, EarsConfig.upstream())
    bank, stacks, sizes = FbankStream(), LfrStream(), []
    stacked = []
    for first in range(0, len(sound) + 1, 3840):
        piece = sound[first : first + 3840]
        frames = bank.feed(piece)
        stacked.append(stacks.feed(frames, final=len(piece) < 3840))
        sizes.append((len(piece), len(frames), len(stacked[-1])))

    assert sizes == [tuple(row) for row in golden["chat/chunks"].tolist()]
    assert len(fbank(sound)) == golden["chat/fbank_offline_frames"]
    agree(sound, golden, "chat/wav", within=1e-6)
    agree(fbank(sound), golden, "chat/fbank", within=3e-3)
    agree(Cmvn.read(paraformer / "am.mvn")(np.concatenate(stacked)), golden, "chat/lfr_cmvn", within=1e-3)
    if "chat/logmel" in golden:
        agree(clip_logmel(sound), {"mel": golden["chat/logmel"].T}, "mel", within=5e-4)


@pytest.mark.parametrize("clip", CLIPS)
@pytest.mark.parametrize("kind", ["chat", "prompt"])
def test_codes_and_ids_are_upstreams(reference: Path, clip_ears: DualTokenizer, clip: str, kind: str) -> None:
    golden = golden_of(reference, f"tokenizer_{clip}")
    ears = replace(clip_ears, config=replace(clip_ears.config, trim_silence=kind == "prompt"))
    heard = AudioChunk(recording(reference, clip), RATE_HZ)
    sound = prepared_clip(heard.samples, RATE_HZ, ears.config)
    stream = ears.linguistic.stream()
    encoded = np.concatenate([stream.encode(sound), stream.encode(sound[:0], final=True)])

    assert len(sound) == golden[f"{kind}/chunks"][:, 0].sum()
    agree(sound, golden, f"{kind}/wav", within=1e-6)
    agree(encoded, golden, f"{kind}/enc_out", within=5e-4)
    assert ears.linguistic.codes(sound).tolist() == golden[f"{kind}/codes02"].tolist()
    assert ears.semantic.codes(sound).tolist() == golden[f"{kind}/codes06"].tolist()
    assert flat_ids(ears.tokens(heard)) == golden[f"{kind}/ids"].tolist()


@pytest.mark.parametrize("clip", CLIPS)
def test_a_session_gives_codes_as_the_pieces_come(reference: Path, clip_ears: DualTokenizer, clip: str) -> None:
    golden = golden_of(reference, f"tokenizer_{clip}")
    sound = prepared_clip(recording(reference, clip), RATE_HZ, clip_ears.config)
    stream = clip_ears.linguistic.stream()
    pieces = np.split(sound, np.cumsum(golden["session/piece_samples"].astype(int))[:-1])
    codes = [stream.feed(piece) for piece in pieces]
    codes[-1] = np.concatenate([codes[-1], stream.finish()])

    assert [len(each) for each in codes] == golden["session/codes_per_piece"].tolist()
    assert np.concatenate(codes).tolist() == golden["session/codes"].tolist()


def test_clips_of_any_shortness(reference: Path, clip_ears: DualTokenizer) -> None:
    golden = golden_of(reference, "tokenizer_short")
    source = recording(reference, str(golden["source"]))[int(golden["start_sample"]) :]
    lengths = [int(key[1:-4]) for key in golden if key.endswith("/ids")]

    assert len(lengths) >= 10
    for length in lengths:
        sound = prepared_clip(source[:length], RATE_HZ, clip_ears.config)
        assert clip_ears.linguistic.codes(sound).tolist() == golden[f"n{length}/codes02"].tolist()
        assert clip_ears.semantic.codes(sound).tolist() == golden[f"n{length}/codes06"].tolist()
        assert flat_ids(clip_ears.tokens(AudioChunk(source[:length], RATE_HZ))) == golden[f"n{length}/ids"].tolist()


@pytest.mark.parametrize("cut", ["", "cut480300_"])
def test_sound_longer_than_thirty_seconds(reference: Path, clip_ears: DualTokenizer, cut: str) -> None:
    golden = golden_of(reference, "tokenizer_long")
    clips = [recording(reference, str(golden["names"][number])) for number in golden["order"].astype(int)]
    sound = np.concatenate(clips)[: 480_300 if cut else int(golden["samples"])]

    assert flat_ids(clip_ears.tokens(AudioChunk(sound, RATE_HZ))) == golden[f"{cut}ids"].tolist()
    prepared = prepared_clip(sound, RATE_HZ, clip_ears.config)
    assert clip_ears.linguistic.codes(prepared).tolist() == golden[f"{cut}codes02"].tolist()
    assert clip_ears.semantic.codes(prepared).tolist() == golden[f"{cut}codes06"].tolist()


@pytest.mark.parametrize("rate_hz", [16_000, 22_050, 24_000])
def test_resampling_is_upstreams(reference: Path, rate_hz: int) -> None:
    golden = golden_of(reference, "resample")
    native, native_hz = golden["native"][0], int(golden["native_rate"])
    resampled = resample(native, native_hz, rate_hz)

    assert len(resampled) == -(-len(native) * rate_hz // native_hz)
    agree(resampled, {"sound": golden[f"to{rate_hz}"][0]}, "sound", within=1e-5)


def test_the_torch_encoder_follows_upstream_in_steps_and_at_once(reference: Path, clip_ears: DualTokenizer, sanm: SanmEncoder) -> None:
    golden = golden_of(reference, "tokenizer_tingting")
    sound = prepared_clip(recording(reference, "tingting"), RATE_HZ, clip_ears.config)
    stacked = LfrStream().feed(fbank(sound))
    features = torch.from_numpy(clip_ears.linguistic.cmvn(stacked[: len(stacked) // 4 * 4]))[None]
    with torch.inference_mode():
        at_once = sanm(features)[0].numpy()

    wanted = golden["chat/enc_out"]
    assert len(at_once) >= len(wanted) - 4
    np.testing.assert_allclose(at_once, wanted[: len(at_once)], rtol=0, atol=5e-4)
