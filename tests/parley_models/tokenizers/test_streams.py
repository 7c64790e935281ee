"""However sound is cut into pieces, the same comes out."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parley_models.errors import InputError
from parley_models.pcm import AudioChunk, Samples
from parley_models.tokenizers.config import EarsConfig
from parley_models.tokenizers.dual import DualTokenizer
from parley_models.tokenizers.fbank import FbankStream, fbank
from parley_models.tokenizers.lfr import LfrStream, stack
from parley_models.tokenizers.logmel import LogmelStream, block_logmel, silence
from tests.fakes.tiny_bundle import tiny_bundle

SECOND = 16_000


def noise(samples: int, seed: int = 1) -> Samples:
    """Noise whose loudness wanders, with digital silence in it."""
    rng = np.random.default_rng(seed)
    sound = rng.standard_normal(samples) * np.abs(np.sin(np.arange(samples) / 2500)) * 0.3
    sound[samples // 3 : samples // 3 + 1500] = 0
    return sound.astype(np.float32)


@pytest.fixture(scope="module")
def reading_ears(tmp_path_factory: pytest.TempPathFactory) -> DualTokenizer:
    """They read phones."""
    return DualTokenizer.open(tiny_bundle(tmp_path_factory.mktemp("bundles") / "tiny"), EarsConfig(phones="linguistic/phones.npy"))


SOUND = noise(SECOND)
CUTS = st.lists(st.integers(0, SECOND), max_size=40).map(sorted)


@given(CUTS)
@settings(max_examples=25, deadline=None)
def test_front_ends_equal_the_whole_for_every_cut(cuts: list[int]) -> None:
    pieces = np.split(SOUND, cuts)
    bank, stacks, mel = FbankStream(floor=8.0), LfrStream(), LogmelStream()
    banks = [bank.feed(piece) for piece in pieces]
    whole = fbank(SOUND, floor=8.0)

    assert np.array_equal(np.concatenate(banks), whole)
    assert np.array_equal(np.concatenate([stacks.feed(frames) for frames in banks]), stack(whole))
    assert np.array_equal(np.concatenate([mel.feed(piece) for piece in pieces]), block_logmel(SOUND))


def test_frames_come_as_soon_as_their_sound_is_there() -> None:
    assert len(fbank(SOUND[:399])) == 0
    assert len(fbank(SOUND[:400])) == 1
    assert len(block_logmel(SOUND[:159])) == 0
    assert len(block_logmel(SOUND[:160])) == 1


def test_silence_is_the_floor() -> None:
    zeros = np.zeros(3840, np.float32)

    assert (block_logmel(zeros) == silence()).all()
    assert np.allclose(fbank(zeros, floor=8.0), 8.0)
    assert (fbank(SOUND, floor=8.0) >= np.float32(7.9999)).all()


@given(CUTS)
@settings(max_examples=8, deadline=None)
def test_codes_equal_the_whole_for_every_cut(block_ears: DualTokenizer, cuts: list[int]) -> None:
    stream = block_ears.stream()
    heard = [stream.feed(AudioChunk(piece, SECOND)).codes for piece in np.split(SOUND, cuts)]

    assert np.array_equal(np.concatenate([*heard, stream.finish().codes]), block_ears.tokens(AudioChunk(SOUND, SECOND)).codes)


@given(CUTS)
@settings(max_examples=8, deadline=None)
def test_another_view_is_the_same_sound_later_for_every_cut(block_ears: DualTokenizer, cuts: list[int]) -> None:
    ears = replace(block_ears, config=replace(block_ears.config, delays=(1280, 1920)))

    assert ears.views == 3
    for view, delay in enumerate((0, 1280, 1920)):
        stream = ears.stream(view)
        heard = [stream.feed(AudioChunk(piece, SECOND)).codes for piece in np.split(SOUND, cuts)]
        later = block_ears.tokens(AudioChunk(np.pad(SOUND, (delay, 0)), SECOND)).codes
        assert np.array_equal(np.concatenate([*heard, stream.finish().codes]), later)


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 48_000])
def test_other_rates_are_resampled_as_they_come(block_ears: DualTokenizer, rate_hz: int) -> None:
    sound = noise(rate_hz)
    cuts = np.sort(np.random.default_rng(rate_hz).integers(0, len(sound), 30))
    stream = block_ears.stream()
    heard = [stream.feed(AudioChunk(piece, rate_hz)).codes for piece in np.split(sound, cuts)]
    whole = block_ears.tokens(AudioChunk(sound, rate_hz)).codes

    assert len(whole) == 10  # 1 s, filled up to 1.2 s
    assert np.array_equal(np.concatenate([*heard, stream.finish().codes]), whole)


def test_two_groups_leave_with_every_block_and_stay(block_ears: DualTokenizer) -> None:
    stream = block_ears.stream()
    counts = [len(stream.feed(AudioChunk(SOUND[first : first + 1920], SECOND))) for first in range(0, 4 * 3840, 1920)]

    assert counts == [0, 2] * 4
    assert len(stream.finish()) == 0


@given(CUTS, st.integers(1, 4))
@settings(max_examples=8, deadline=None)
def test_ears_that_look_ahead_say_the_same_of_every_cut_and_lose_nothing(block_ears: DualTokenizer, cuts: list[int], frames: int) -> None:
    ears = replace(block_ears, config=replace(block_ears.config, lookahead_frames=frames))
    stream = ears.stream()
    heard = [stream.feed(AudioChunk(piece, SECOND)).codes for piece in np.split(SOUND, cuts)]
    codes = np.concatenate([*heard, stream.finish().codes])

    assert np.array_equal(codes, ears.tokens(AudioChunk(SOUND, SECOND)).codes)
    # The test's encoder looks at no future: what it says `frames` later is what it says of that moment.
    padded = block_ears.tokens(AudioChunk(np.pad(SOUND, (0, 2 * 3840)), SECOND)).codes
    assert np.array_equal(codes[:, :2].ravel(), padded[:, :2].ravel()[frames:][: 2 * len(codes)])
    assert np.array_equal(codes[:, 2:], block_ears.tokens(AudioChunk(SOUND, SECOND)).codes[:, 2:])


def test_groups_of_ears_that_look_ahead_leave_a_block_later(block_ears: DualTokenizer) -> None:
    stream = replace(block_ears, config=replace(block_ears.config, lookahead_frames=4)).stream()
    counts = [len(stream.feed(AudioChunk(SOUND[first : first + 3840], SECOND))) for first in range(0, 4 * 3840, 3840)]

    assert counts == [0, 2, 2, 2]
    assert len(stream.finish()) == 2


@pytest.mark.parametrize(("samples", "groups"), [(0, 0), (1, 2), (3840, 2), (3841, 4)])
def test_the_end_is_filled_up_to_a_whole_block(block_ears: DualTokenizer, samples: int, groups: int) -> None:
    padded = np.pad(SOUND[:samples], (0, -samples % 3840))
    tokens = block_ears.tokens(AudioChunk(SOUND[:samples], SECOND))

    assert len(tokens) == groups
    assert np.array_equal(tokens.codes, block_ears.tokens(AudioChunk(padded, SECOND)).codes)


def test_semantic_codes_are_those_of_the_window_that_ends_with_their_block(block_ears: DualTokenizer) -> None:
    tokenizer, whole = block_ears.semantic, SOUND[: 4 * 3840]
    mel = np.concatenate([np.full((48, 128), silence(), np.float32), block_logmel(whole)])
    windows = [mel[first : first + 72] for first in range(0, 4 * 24, 24)]
    deaf = [np.concatenate([mel[:48], window[48:]]) for window in windows]

    assert tokenizer.stream().feed(whole).tolist() == [code for window in windows for code in tokenizer.name(window)[-6:]]
    # the context matters: without it these weights give other codes
    assert not np.array_equal(tokenizer.name(windows[3])[-6:], tokenizer.name(deaf[3])[-6:])


def test_a_stream_keeps_its_rate(block_ears: DualTokenizer, clip_ears: DualTokenizer) -> None:
    for ears in (block_ears, clip_ears):
        stream = ears.stream()
        stream.feed(AudioChunk(SOUND[:100], SECOND))
        with pytest.raises(InputError, match=r"16,000 .* 48,000"):
            stream.feed(AudioChunk(SOUND[:100], 48_000))


def test_a_short_clip_is_heard_at_its_end(clip_ears: DualTokenizer) -> None:
    stream = clip_ears.stream()
    heard = [len(stream.feed(AudioChunk(piece, SECOND))) for piece in np.split(SOUND, 5)]

    assert heard == [0] * 5
    assert np.array_equal(stream.finish().codes, clip_ears.tokens(AudioChunk(SOUND, SECOND)).codes)
    assert len(clip_ears.stream().finish()) == 0
    assert clip_ears.views == 1


@given(CUTS)
@settings(max_examples=8, deadline=None)
def test_what_explains_a_sound_does_not_depend_on_how_it_came(reading_ears: DualTokenizer, cuts: list[int]) -> None:
    told = []
    for pieces in ([SOUND], np.split(SOUND, cuts)):
        stream = reading_ears.stream()
        for piece in pieces:
            stream.feed(AudioChunk(piece, SECOND))
        stream.finish()
        told.append(stream.log_likelihoods(["yes", "no", "yes no"]))
    assert told[0] == told[1]
    assert told[0] is not None and len(set(told[0])) == 3


def test_who_reads_no_phones_cannot_tell_what_explains_a_sound(block_ears: DualTokenizer) -> None:
    for ears in (block_ears, replace(block_ears, config=replace(block_ears.config, mode="clip"))):
        stream = ears.stream()
        stream.feed(AudioChunk(SOUND, SECOND))
        assert stream.log_likelihoods(["yes", "no"]) is None
