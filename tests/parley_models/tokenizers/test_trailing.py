"""A clip that is still going on: what leaves while it does, what that costs, and how near it comes to the whole clip's codes."""

import copy
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parley_models.pcm import AudioChunk, Samples
from parley_models.tokenizers import logmel
from parley_models.tokenizers.dual import ClipStream, DualTokenizer
from parley_models.tokenizers.linguistic import LinguisticStream, LinguisticTokenizer
from parley_models.tokenizers.loudness import normalise_peak
from parley_models.tokenizers.resample import ResampleStream, resample
from parley_models.tokenizers.semantic import SemanticTokenizer
from parley_models.tokenizers.spectrum import Frames
from parley_models.tokenizers.trailing import AHEAD_SAMPLES, CONTEXT_SAMPLES, HELD_SAMPLES, STEP_SAMPLES
from parley_models.tokens import Codes, SpeechTokens
from tests.fakes.clip_ears import tiny_clip_ears

SECOND = 16_000
MOST_LEFT = 10
"""Groups: 50 ids, and at most 14 of the template's tail, are 64."""


@pytest.fixture(scope="module")
def ears(tmp_path_factory: pytest.TempPathFactory, reference: Path) -> DualTokenizer:
    return tiny_clip_ears(tmp_path_factory.mktemp("ears"), reference)


def speech(seconds: float, seed: int = 3, rate_hz: int = SECOND) -> Samples:
    """Noise whose loudness wanders as syllables do, louder towards the end."""
    count = round(rate_hz * seconds)
    time = np.arange(count) / rate_hz
    level = np.abs(np.sin(2 * np.pi * 1.7 * time)) * (0.1 + 0.3 * time / max(seconds, 1))
    return (np.random.default_rng(seed).standard_normal(count) * level * 0.3).astype(np.float32)


def fed(stream: ClipStream, sound: Samples, piece: int = 512, rate_hz: int = SECOND) -> list[SpeechTokens]:
    """Sound as a microphone gives it: frames of 32 ms."""
    return [stream.feed(AudioChunk(sound[at : at + piece], rate_hz)) for at in range(0, len(sound), piece)]


def live(ears: DualTokenizer, sound: Samples, piece: int = 512, rate_hz: int = SECOND) -> Codes:
    """All codes of a clip that was heard while it went on."""
    stream = ears.stream()
    assert isinstance(stream, ClipStream)
    return np.concatenate([each.codes for each in [*fed(stream, sound, piece, rate_hz), stream.finish()]])


class CountedSemantic(SemanticTokenizer):
    """Notes how many mel frames each run took."""

    def __init__(self, real: SemanticTokenizer) -> None:
        super().__init__(real.encoder, logmel_floor=real.logmel_floor, context_frames=real.context_frames)
        self.runs: list[int] = []

    def name(self, mel: Frames) -> Codes:
        self.runs.append(len(mel))
        return super().name(mel)


class CountedLinguistic(LinguisticTokenizer):
    """Notes how many samples its streams took."""

    def __init__(self, real: LinguisticTokenizer) -> None:
        super().__init__(real.encoder, real.codebook, real.cmvn, fbank_floor=real.fbank_floor)
        self.samples = 0

    def stream(self) -> LinguisticStream:
        return CountedStream(self)


class CountedStream(LinguisticStream):
    def __init__(self, tokenizer: CountedLinguistic) -> None:
        super().__init__(tokenizer)
        self._counted = tokenizer

    def encode(self, samples: Samples, *, final: bool = False) -> Frames:
        self._counted.samples += len(samples)
        return super().encode(samples, final=final)


@dataclass
class Counted:
    """Ears that count."""

    real: DualTokenizer
    semantic: CountedSemantic = field(init=False)
    linguistic: CountedLinguistic = field(init=False)

    def __post_init__(self) -> None:
        self.semantic, self.linguistic = CountedSemantic(self.real.semantic), CountedLinguistic(self.real.linguistic)

    @property
    def ears(self) -> DualTokenizer:
        return replace(self.real, semantic=self.semantic, linguistic=self.linguistic)


def test_a_second_of_speech_costs_the_same_however_long_the_question_is(ears: DualTokenizer) -> None:
    counted = Counted(ears)
    stream = counted.ears.stream()
    seconds, heard, costs = 24, speech(24), []
    for second in range(seconds):
        before = sum(counted.semantic.runs)
        fed(stream, heard[second * SECOND : (second + 1) * SECOND])  # type: ignore[arg-type]
        costs.append((sum(counted.semantic.runs) - before) / 100)  # seconds of log mel

    assert max(costs[12:]) == max(costs[:12])
    assert np.mean(costs[4:]) == pytest.approx((CONTEXT_SAMPLES + HELD_SAMPLES) / STEP_SAMPLES, rel=0.05)  # 7.5
    assert max(counted.semantic.runs) * 160 <= CONTEXT_SAMPLES + HELD_SAMPLES
    assert len(counted.semantic.runs) <= seconds * SECOND / STEP_SAMPLES
    runs = len(counted.semantic.runs)
    stream.finish()
    assert len(counted.semantic.runs) == runs + 1
    assert counted.semantic.runs[-1] * 160 <= CONTEXT_SAMPLES + HELD_SAMPLES
    assert counted.linguistic.samples == len(heard)  # every sample once


def test_groups_leave_while_the_question_is_asked(ears: DualTokenizer) -> None:
    stream = ears.stream()
    assert isinstance(stream, ClipStream)
    given = 0
    for number, groups in enumerate(fed(stream, speech(10.0), piece=1920), 1):  # a piece is a group's length
        given += len(groups)
        assert number - given <= MOST_LEFT
        assert given == max(0, (number * 1920 - AHEAD_SAMPLES) // STEP_SAMPLES) * 4  # nothing before 0.72 s have followed it
    assert len(stream.finish()) <= MOST_LEFT


@pytest.mark.parametrize(
    "samples", [HELD_SAMPLES, 19_201, 26_879, 26_880, 28_799, 28_800, 28_801, 40_000, 96_001, 160_000, 163_199, 320_479]
)
def test_little_is_left_at_the_end_and_nothing_is_lost(ears: DualTokenizer, samples: int) -> None:
    sound = speech(samples / SECOND)
    stream = ears.stream()
    assert isinstance(stream, ClipStream)
    before = sum(len(each) for each in fed(stream, sound))
    left = len(stream.finish())

    assert left <= MOST_LEFT
    assert before + left == len(ears.tokens(AudioChunk(sound, SECOND)))


@pytest.mark.parametrize("rate_hz", [16_000, 24_000, 44_100])
@pytest.mark.parametrize("seconds", [0.001, 0.02, 0.31, 0.9, 1.1999])
def test_a_short_clip_has_the_whole_clips_codes(ears: DualTokenizer, seconds: float, rate_hz: int) -> None:
    sound = speech(seconds, rate_hz=rate_hz)
    assert np.array_equal(live(ears, sound, 333, rate_hz), ears.tokens(AudioChunk(sound, rate_hz)).codes)


@given(st.lists(st.integers(0, 4 * SECOND), max_size=12).map(sorted))
@settings(max_examples=8, deadline=None)
def test_what_leaves_does_not_depend_on_the_pieces(ears: DualTokenizer, cuts: list[int]) -> None:
    sound = speech(4.0)
    stream = ears.stream()
    heard = [stream.feed(AudioChunk(piece, SECOND)).codes for piece in np.split(sound, cuts)]

    assert np.array_equal(np.concatenate([*heard, stream.finish().codes]), live(ears, sound))


def test_where_the_loudest_comes_first_the_linguistic_codes_are_upstreams(ears: DualTokenizer) -> None:
    sound = speech(9.3)
    sound[700] = 0.9
    whole = ears.tokens(AudioChunk(sound, SECOND))

    assert np.array_equal(SpeechTokens(live(ears, sound)).linguistic, whole.linguistic)


def test_semantic_codes_are_those_of_their_window_under_the_loudest_so_far(ears: DualTokenizer) -> None:
    sound = 0.2 * speech(8.0)
    sound[:8_000] = 0.2 * np.sin(np.arange(8_000) / 5)  # the peak and the loudest band are known from the beginning
    sound[4 * SECOND :] *= 1e-4  # more than 8 decades below them
    mel, expected = logmel.clip_logs(normalise_peak(sound)), []
    loudest, done = np.float32(-np.inf), 0
    while len(sound) - done >= HELD_SAMPLES:
        first, stop = max(0, done - CONTEXT_SAMPLES), done + HELD_SAMPLES
        # frames at a window's edges see its reflection, which only the network's context does
        logs = logmel.clip_logs(normalise_peak(sound)[first:stop])
        assert np.array_equal(logs[2:-2], mel[first // 160 + 2 : stop // 160 - 2])
        loudest = max(loudest, logs.max())
        codes = ears.semantic.name(logmel.within_range(logs, loudest))
        expected += codes[(done - first) // 640 :][:12].tolist()
        done += STEP_SAMPLES

    assert len(expected) > 12 * 12
    assert SpeechTokens(live(ears, sound)).semantic.tolist()[: len(expected)] == expected


def test_an_end_that_was_only_supposed_changes_nothing(ears: DualTokenizer) -> None:
    sound = speech(7.0)
    stream = ears.stream()
    heard = []
    for at in range(0, len(sound), 4_000):
        supposed = copy.deepcopy(stream)
        heard.append(stream.feed(AudioChunk(sound[at : at + 4_000], SECOND)).codes)
        ended = [*heard[:-1], supposed.finish().codes]
        assert np.array_equal(np.concatenate(ended), live(ears, sound[:at]))
    heard.append(stream.finish().codes)

    assert np.array_equal(np.concatenate(heard), live(ears, sound))


def test_silence_is_trimmed_as_upstream_does(ears: DualTokenizer) -> None:
    trimming = replace(ears, config=replace(ears.config, trim_silence=True))
    sound = np.concatenate([np.zeros(30_000, np.float32), speech(3.0), np.zeros(30_000, np.float32)])
    trimmed = live(trimming, sound)

    assert np.array_equal(trimmed, trimming.tokens(AudioChunk(sound, SECOND)).codes)
    assert len(trimmed) * 1920 < 3.4 * SECOND


def test_digital_silence_before_speech_is_no_trouble(ears: DualTokenizer) -> None:
    sound = np.concatenate([np.zeros(3 * SECOND, np.float32), speech(2.0)])
    assert len(live(ears, sound)) == len(ears.tokens(AudioChunk(sound, SECOND)))


@pytest.mark.parametrize("rate_hz", [8_000, 24_000, 44_100, 48_000])
def test_other_rates_are_resampled_as_they_come(ears: DualTokenizer, rate_hz: int) -> None:
    sound = speech(5.0, rate_hz=rate_hz)
    stream = ResampleStream(rate_hz, SECOND)
    cuts = np.sort(np.random.default_rng(rate_hz).integers(0, len(sound), 30))
    pieces = [stream.feed(piece) for piece in np.split(sound, cuts)]

    np.testing.assert_allclose(np.concatenate([*pieces, stream.finish()]), resample(sound, rate_hz, SECOND), rtol=0, atol=1e-6)
    assert len(live(ears, sound, 777, rate_hz)) == len(ears.tokens(AudioChunk(sound, rate_hz)))
