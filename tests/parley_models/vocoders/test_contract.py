"""What every vocoder promises, and then what Mini's and upstream's promise besides."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

from parley_models.errors import BundleCorrupt, BundleMissing, UsageError
from parley_models.networks.hift import Hift, HiftConfig
from parley_models.networks.streaming_flow import StreamingFlow, StreamingFlowConfig
from parley_models.networks.upstream_export import export_sourced_hift, export_streaming_flow
from parley_models.onnx_session import TENSORRT, Array, OnnxSession, SessionSettings, provider_options
from parley_models.pcm import AudioChunk, Samples
from parley_models.prosody import PLAIN, Prosody
from parley_models.tokens import Codes, SpeechTokens
from parley_models.vocoders.config import VoiceConfig
from parley_models.vocoders.flow_hift import FlowHift, HiftStream
from parley_models.vocoders.kinds import VOCODERS, open_vocoder
from parley_models.vocoders.overlapped import OverlappedFlowHift
from parley_models.vocoders.pitch import shift_pitch
from parley_models.vocoders.vocoder import Vocoder
from parley_models.vocoders.voices import read_voice

TINY = Path(__file__).parents[2] / "data" / "tiny" / "voice"
FILES = VoiceConfig(
    flow_encoder="flow_encoder.onnx", flow_estimator="flow_estimator.onnx", hift="hift.onnx", f0="f0.onnx", voices="voices", euler_steps=2
)
CONFIGS = {
    "flow-hift": FILES,
    "flow-hift-overlapped": replace(FILES, kind="flow-hift-overlapped", hift="hift_whole.onnx"),
    "flow-hift-chunked": replace(FILES, kind="flow-hift-chunked", chunk_tokens=(6, 15, 24, 48)),
}
PATTERNS = ([1] * 25, [0, 7, 2, 16])
PERFORMED = (
    Prosody(rate=1.2, pitch=2.0, span=2.2, climb=8.0, tremor=0.9),
    Prosody(rate=0.77, span=0.4, climb=-2.0, level_db=-5.0, tilt_db=-2.0),
    Prosody(level_db=6.0, tilt_db=2.5),
)
INAUDIBLE = 0.01
"""-40 dB."""


@pytest.fixture(scope="module", params=sorted(VOCODERS))
def vocoder(request: pytest.FixtureRequest, tiny_chunked: Path) -> Vocoder:
    return open_vocoder(tiny_chunked if request.param == "flow-hift-chunked" else TINY, CONFIGS[request.param])


@pytest.fixture(scope="module")
def tiny_chunked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """stepvocoder's kind with random weights, written by our own export."""
    return written_chunked(tmp_path_factory.mktemp("chunked"), lookahead=3)


def written_chunked(folder: Path, lookahead: int) -> Path:
    torch.manual_seed(0)
    config = StreamingFlowConfig(
        vocab=5121, embedding=8, width=8, heads=2, hidden=16, layers=1, up_layers=1, lookahead=lookahead, stride=2,
        speaker=192, mels=80, channels=8, estimator_heads=1, head_width=8, blocks=1, mlp=16,
    )  # fmt: skip
    export_streaming_flow(StreamingFlow(config), folder / "flow_encoder.onnx", folder / "flow_estimator.onnx")
    hift = Hift(HiftConfig(channels=16, f0_channels=8, kernels=(3,), dilations=(1,), source_kernels=(3, 3, 3), interpolated_source=True))
    hift.f0_predictor.classifier.bias.data.fill_(150.0)
    hift.conv_post.weight_g.data.mul_(50.0)
    export_sourced_hift(hift, folder / "f0.onnx", folder / "hift.onnx")
    shutil.copytree(TINY / "voices", folder / "voices")
    return folder


@pytest.fixture(scope="module")
def mini() -> FlowHift:
    return FlowHift.open(TINY, CONFIGS["flow-hift"])


@pytest.fixture(scope="module")
def upstream() -> OverlappedFlowHift:
    return OverlappedFlowHift.open(TINY, CONFIGS["flow-hift-overlapped"])


def test_tensorrt_gets_only_estimators_that_remember_nothing(tiny_chunked: Path, tmp_path: Path) -> None:
    """A stream's memory begins empty, a length that no engine is built for: every first chunk would fail."""
    settings = SessionSettings(engine_cache=tmp_path)
    for folder, taken in ((TINY, True), (tiny_chunked, False)):
        path = folder / "flow_estimator.onnx"
        assert (provider_options(TENSORRT, path, OnnxSession(path).inputs, settings) is not None) == taken


SPEAKER = np.ones((1, 192), np.float32)


@pytest.mark.parametrize(("held", "says"), [
    ({}, "no speaker vector"),
    ({"speaker": SPEAKER * np.nan}, "no speaker vector"),
    ({"speaker": np.ones((2, 192), np.float32)}, "no speaker vector"),
    ({"speaker": SPEAKER, "prompt_mel": np.ones(80, np.float32)}, "no prompt"),
    ({"speaker": SPEAKER, "prompt_mel": np.ones((4, 100), np.float32), "prompt_tokens": np.arange(5)}, "no prompt"),
    ({"speaker": SPEAKER, "prompt_tokens": np.array([5120])}, "no prompt"),
    ({"speaker": SPEAKER, "prompt_tokens": np.array([-1])}, "no prompt"),
    ({"speaker": SPEAKER, "semitones": np.zeros(0, np.float32)}, "no place of its pitch"),
    ({"speaker": SPEAKER, "formants": np.zeros(1, np.float32)}, "no place of its pitch"),
])  # fmt: skip
def test_a_voice_that_makes_no_sense_is_named(tmp_path: Path, held: dict[str, Array], says: str) -> None:
    """It would fail in the middle of an answer, or sound of nothing."""
    save_file(held, tmp_path / "odd.safetensors")
    with pytest.raises(BundleCorrupt, match=rf"odd\.safetensors holds {says}"):
        read_voice(tmp_path, "odd", 80)


def codes_of(groups: int, seed: int = 0) -> Codes:
    random = np.random.default_rng(seed)
    columns = [random.integers(0, 1024, (groups, 2)), random.integers(0, 4096, (groups, 3))]
    return np.concatenate(columns, axis=1).astype(np.uint16)


def chunks_of(
    vocoder: Vocoder,
    codes: Codes,
    pattern: list[int] | None = None,
    rate: float = 1.0,
    pitch: float = 0.0,
    seed: int = 0,
    voice: str = "plain",
    prosody: Prosody = PLAIN,
) -> list[AudioChunk]:
    stream, chunks, start = vocoder.stream(voice, prosody + Prosody(rate=rate, pitch=pitch), seed), [], 0
    for count in pattern or [len(codes)]:
        chunks += stream.feed(SpeechTokens(codes[start : start + count]))
        start += count
    return chunks + stream.finish()


def sound_of(chunks: list[AudioChunk]) -> Samples:
    return np.concatenate([chunk.samples for chunk in chunks] or [np.zeros(0, np.float32)])


@pytest.mark.parametrize("rate", [1.0, 0.5, 1.37])
@pytest.mark.parametrize("groups", [0, 1, 3, 7, 25])
def test_length_is_exact(vocoder: Vocoder, groups: int, rate: float) -> None:
    sound = sound_of(chunks_of(vocoder, codes_of(groups), rate=rate))

    assert len(sound) == vocoder.samples(groups, rate)
    assert abs(len(sound) - groups * 2880 / rate) <= 480
    assert np.isfinite(sound).all()
    assert len(sound) == 0 or 0 < np.abs(sound).max() <= 1


def test_chunks_abut(vocoder: Vocoder) -> None:
    chunks = chunks_of(vocoder, codes_of(25), [3, 1, 6, 15])
    ends = [round((chunk.start_s + chunk.seconds) * vocoder.rate_hz) for chunk in chunks]

    assert len(chunks) > 2
    assert [round(chunk.start_s * vocoder.rate_hz) for chunk in chunks] == [0, *ends[:-1]]
    assert {chunk.rate_hz for chunk in chunks} == {vocoder.rate_hz}


def test_a_voice_that_does_not_look_ahead_has_its_exact_length_too(tmp_path: Path) -> None:
    """Then no code waits for others when an answer ends with a chunk; the frames that HiFT fades do."""
    voice = open_vocoder(written_chunked(tmp_path, lookahead=0), replace(CONFIGS["flow-hift-chunked"], lookahead_tokens=0))
    for groups, rate in ((0, 1.0), (1, 1.0), (2, 1.0), (7, 1.37)):
        assert len(sound_of(chunks_of(voice, codes_of(groups), rate=rate))) == voice.samples(groups, rate)


def test_first_sound_leaves_with_the_third_group(vocoder: Vocoder) -> None:
    stream = vocoder.stream("plain")

    assert stream.feed(SpeechTokens(codes_of(2))) == []
    assert len(stream.feed(SpeechTokens(codes_of(1)))) == 1


@pytest.mark.parametrize(("rate", "voice"), [(1.0, "prompted"), (0.77, "plain"), (2.0, "plain")])
def test_how_groups_come_in_changes_nothing(vocoder: Vocoder, rate: float, voice: str) -> None:
    codes = codes_of(25)
    whole = sound_of(chunks_of(vocoder, codes, rate=rate, voice=voice))
    for pattern in PATTERNS:
        pieces = sound_of(chunks_of(vocoder, codes, pattern, rate=rate, voice=voice))
        assert np.abs(pieces - whole).max() < INAUDIBLE * np.abs(whole).max()


@pytest.mark.parametrize("pattern", [[25], *PATTERNS])
@pytest.mark.parametrize("prosody", PERFORMED)
def test_a_performance_has_its_exact_length_and_does_not_hang_on_how_groups_come_in(
    vocoder: Vocoder, prosody: Prosody, pattern: list[int]
) -> None:
    codes = codes_of(25)
    whole, chunks = sound_of(chunks_of(vocoder, codes, prosody=prosody)), chunks_of(vocoder, codes, pattern, prosody=prosody)
    pieces = sound_of(chunks)

    assert len(pieces) == vocoder.samples(25, prosody.rate)
    assert [chunk.start_s for chunk in chunks] == pytest.approx([0.0, *np.cumsum([chunk.seconds for chunk in chunks])[:-1]])
    assert np.abs(pieces - whole).max() < INAUDIBLE * np.abs(whole).max()
    assert not np.allclose(whole, sound_of(chunks_of(vocoder, codes, rate=prosody.rate)), atol=1e-6)


def test_nothing_to_perform_is_nothing_to_hear(vocoder: Vocoder) -> None:
    for prosody in PERFORMED:
        assert len(sound_of(chunks_of(vocoder, codes_of(0), prosody=prosody))) == 0


def test_6_db_more_are_twice_the_amplitude(vocoder: Vocoder) -> None:
    plain, softer, soft = (sound_of(chunks_of(vocoder, codes_of(6), prosody=Prosody(level_db=db))) for db in (0.0, -26.0, -20.0))

    np.testing.assert_allclose(soft, softer * 10 ** (6 / 20), rtol=1e-4)
    assert np.abs(soft).max() < np.abs(plain).max()


def test_a_bright_voice_has_more_high_tones_and_a_dull_one_fewer(vocoder: Vocoder) -> None:
    plain, bright, dull = (sound_of(chunks_of(vocoder, codes_of(25), prosody=Prosody(level_db=-20, tilt_db=db))) for db in (0.0, 3.0, -3.0))

    for changed, sign in ((bright, 1), (dull, -1)):
        assert abs(gain_db(changed, plain, 80, 400)) < 1
        assert gain_db(changed, plain, 950, 1050) == pytest.approx(sign * 3, abs=1)  # an octave above 500 Hz
        assert gain_db(changed, plain, 5000, 10_000) == pytest.approx(sign * 9, abs=1)


def gain_db(changed: Samples, plain: Samples, lowest_hz: float, highest_hz: float) -> float:
    hz = np.fft.rfftfreq(len(plain), 1 / 24_000)
    band = (hz >= lowest_hz) & (hz <= highest_hz)
    energies = [np.square(np.abs(np.fft.rfft(sound)[band])).sum() for sound in (changed, plain)]
    return float(10 * np.log10(energies[0] / energies[1]))


def test_seed_and_voice_decide_the_sound(vocoder: Vocoder) -> None:
    codes = codes_of(6)
    first, again = (sound_of(chunks_of(vocoder, codes, seed=3)) for _ in range(2))

    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, sound_of(chunks_of(vocoder, codes, seed=4)), atol=1e-6)
    assert not np.allclose(first, sound_of(chunks_of(vocoder, codes, seed=3, voice="prompted")), atol=1e-6)


def test_other_codes_other_sound(vocoder: Vocoder) -> None:
    first, second = (sound_of(chunks_of(vocoder, codes_of(6, seed))) for seed in (0, 1))

    assert not np.allclose(first, second, atol=1e-6)


def test_pitch_is_a_shift_of_codes(vocoder: Vocoder) -> None:
    codes = codes_of(6)
    raised = sound_of(chunks_of(vocoder, codes, pitch=3.0))

    np.testing.assert_array_equal(raised, sound_of(chunks_of(vocoder, shift_pitch(codes, 3.0, VoiceConfig()))))
    assert not np.allclose(raised, sound_of(chunks_of(vocoder, codes)), atol=1e-6)


def test_guidance_is_another_where_a_pitch_is_asked_for(mini: FlowHift) -> None:
    codes = codes_of(6)
    other = replace(mini, config=replace(mini.config, shifted_guidance=3.0))
    everywhere = replace(mini, config=replace(mini.config, guidance=3.0))

    np.testing.assert_array_equal(sound_of(chunks_of(other, codes)), sound_of(chunks_of(mini, codes)))
    raised = sound_of(chunks_of(other, codes, pitch=3.0))
    np.testing.assert_array_equal(raised, sound_of(chunks_of(everywhere, codes, pitch=3.0)))
    assert not np.allclose(raised, sound_of(chunks_of(mini, codes, pitch=3.0)), atol=1e-6)


def test_a_voice_may_lie_below_what_the_codes_say(mini: FlowHift, tmp_path: Path) -> None:
    shutil.copytree(TINY / "voices", tmp_path / "voices")
    save_file(
        {**load_file(TINY / "voices" / "plain.safetensors"), "semitones": np.array([-9.0], np.float32)},
        tmp_path / "voices" / "low.safetensors",
    )
    low, codes = replace(mini, folder=tmp_path / "voices"), codes_of(6)

    np.testing.assert_array_equal(sound_of(chunks_of(low, codes, voice="low")), sound_of(chunks_of(mini, codes, pitch=-9.0)))
    np.testing.assert_array_equal(sound_of(chunks_of(low, codes, voice="low", pitch=12.0)), sound_of(chunks_of(mini, codes, pitch=3.0)))


def test_refusals(vocoder: Vocoder) -> None:
    with pytest.raises(UsageError, match=r"rate is 2\.5; it can be 0\.5 to 2"):
        vocoder.stream("plain", Prosody(rate=2.5))
    with pytest.raises(UsageError, match="pitch is 13 semitones"):
        vocoder.stream("plain", Prosody(pitch=13))
    with pytest.raises(BundleMissing, match="no voice “nobody”; there are: plain, prompted"):
        vocoder.stream("nobody")


def test_who_can_t_whisper_says_so_in_a_sentence(vocoder: Vocoder) -> None:
    if isinstance(vocoder, FlowHift):
        assert len(sound_of(chunks_of(vocoder, codes_of(6), prosody=Prosody(whispered=True)))) == vocoder.samples(6, 1.0)
        return
    with pytest.raises(UsageError, match=r"^This voice can't whisper\.$"):
        vocoder.stream("plain", Prosody(whispered=True))


def test_a_shift_moves_voiced_levels_only() -> None:
    codes = np.array([[5, 1023, 20 * 85 + 7, 84, 46 * 85], [0, 0, 1 * 85 + 3, 48 * 85 + 1, 47 * 85 + 84]], np.uint16)
    up, down = (shift_pitch(codes, semitones, VoiceConfig()) for semitones in (3.0, -1.4))

    assert up.tolist() == [[5, 1023, 24 * 85 + 7, 84, 47 * 85], [0, 0, 5 * 85 + 3, 48 * 85 + 1, 47 * 85 + 84]]
    assert down.tolist() == [[5, 1023, 18 * 85 + 7, 84, 44 * 85], [0, 0, 1 * 85 + 3, 48 * 85 + 1, 45 * 85 + 84]]
    assert shift_pitch(codes, 0.3, VoiceConfig()) is codes


def test_codes_without_pitch_refuse_a_shift() -> None:
    silent_about_pitch = replace(FILES, pitch_details=0)

    with pytest.raises(UsageError, match="no pitch"):
        open_vocoder(TINY, silent_about_pitch).stream("plain", Prosody(pitch=1))
    for prosody in (Prosody(span=0.5), Prosody(climb=1.0), Prosody(tremor=0.5)):
        with pytest.raises(UsageError, match="no pitch"):
            open_vocoder(TINY, silent_about_pitch).stream("plain", prosody)
    assert open_vocoder(TINY, silent_about_pitch).stream("plain", Prosody(level_db=6.0, tilt_db=1.0))


def test_what_comes_later_never_changes_what_was_said(mini: FlowHift) -> None:
    codes, other = codes_of(12), codes_of(12)
    other[6:] = codes_of(6, seed=9)
    first, second = (sound_of(chunks_of(mini, each)) for each in (codes, other))
    sure = (36 - mini.config.lookahead_frames) * mini.config.hop

    np.testing.assert_array_equal(first[:sure], second[:sure])
    assert not np.allclose(first[sure:], second[sure:], atol=1e-6)


def whispered(vocoder: FlowHift, mels: list[Samples], voicing: float = 0.0) -> Samples:
    stream = HiftStream(vocoder, 0, voicing)
    return sound_of([chunk for mel in mels for chunk in stream.sound([mel])] + stream.sound([], last=True))


def test_a_whisper_has_no_fundamental(mini: FlowHift) -> None:
    mel, noise = np.full((1, 80, 5), -2.0, np.float32), np.zeros((1, 9, 5 * 480), np.float32)
    given: dict[str, Array] = {"mel": mel, "noise": noise, "cycles": np.zeros((1, 1)), "state": mini.hift.zeros("state")}
    voiced, bare = (mini.hift.run(given | {"voicing": np.full((1, 1), each, np.float32)}, ("f0",))[0] for each in (1.0, 0.0))

    assert mini.whispers
    assert (voiced > 100).all()
    assert (bare == 0).all()


def test_a_voice_is_whispered_only_where_that_is_asked_for(mini: FlowHift) -> None:
    mel = np.random.default_rng(0).normal(-4, 2, (1, 80, 30)).astype(np.float32)
    usual = sound_of([*(stream := HiftStream(mini, 0)).sound([mel]), *stream.sound([], last=True)])

    np.testing.assert_array_equal(whispered(mini, [mel], voicing=1.0), usual)
    assert not np.allclose(whispered(mini, [mel]), usual, atol=1e-6)


def test_how_a_whisper_comes_in_changes_nothing(mini: FlowHift) -> None:
    mel = np.random.default_rng(0).normal(-4, 2, (1, 80, 30)).astype(np.float32)
    whole = whispered(mini, [mel])
    pieces = whispered(mini, np.split(mel, [1, 4, 22], axis=2))

    assert len(whole) == 30 * 480
    assert np.abs(pieces - whole).max() < INAUDIBLE * np.abs(whole).max()


def test_a_stream_of_upstreams_kind_stays_near_the_whole(upstream: OverlappedFlowHift) -> None:
    codes = codes_of(25)
    streamed = sound_of(chunks_of(upstream, codes))
    whole = upstream.whole(SpeechTokens(codes), "plain")

    assert len(streamed) == len(whole.samples)
    assert np.corrcoef(streamed, whole.samples)[0, 1] > 0.5


def test_damaged_or_foreign_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(BundleCorrupt, match="of kind “vocoder-9000”; this Parley knows flow-hift, flow-hift-chunked, flow-hift-overlapped"):
        open_vocoder(TINY, VoiceConfig(kind="vocoder-9000"))
    with pytest.raises(BundleMissing, match="flow_encoder"):
        open_vocoder(tmp_path, VoiceConfig())
    with pytest.raises(BundleCorrupt, match="carries no state"):
        open_vocoder(TINY, replace(FILES, hift="hift_whole.onnx"))
    (tmp_path / "broken.safetensors").write_bytes(b"no tensors")
    config = replace(FILES, voices=str(tmp_path))
    with pytest.raises(BundleCorrupt, match="broken"):
        open_vocoder(TINY, config).stream("broken")


def test_config_names_what_is_wrong() -> None:
    assert VoiceConfig.read({"euler_steps": 4}).euler_steps == 4
    with pytest.raises(BundleCorrupt, match=r"\[voice\] is damaged at hop"):
        VoiceConfig.read({"hop": -1})
    with pytest.raises(BundleCorrupt, match=r"\[voice\] is damaged at chunk_tokens"):
        VoiceConfig.read({"chunk_tokens": []})
    with pytest.raises(BundleCorrupt, match="at colour"):
        VoiceConfig.read({"colour": "red"})
