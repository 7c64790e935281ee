import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from parley_models.interleave import Segment, Splitter, interleave, interleave_segment
from parley_models.tokens import SpeechTokens, TokenLayout

LAYOUT = TokenLayout(vocab_size=8000, audio_offset=2000, bos=1, bot=4, eot=3, stops=(3, 2), audio_start=7500, audio_end=7501)
UNMARKED = TokenLayout(vocab_size=8000, audio_offset=2000, bos=1, bot=4, eot=3, stops=(3,))

texts = st.lists(st.integers(5, 1999), max_size=45).map(tuple)
groups = st.tuples(*[st.integers(0, 1023)] * 2, *[st.integers(0, 4095)] * 3)


def speech(rows: list[tuple[int, ...]]) -> SpeechTokens:
    return SpeechTokens(np.array(rows, np.uint16).reshape(-1, 5))


spoken = st.builds(Segment, texts, st.lists(groups, min_size=1, max_size=12).map(speech))


def plain(segments: list[Segment]) -> list[tuple[tuple[int, ...], list[list[int]]]]:
    return [(segment.text, segment.speech.codes.tolist()) for segment in segments]


@given(st.lists(spoken, max_size=4))
@settings(deadline=None)
def test_an_answer_comes_back_segment_by_segment(segments: list[Segment]) -> None:
    ids = interleave(segments, LAYOUT)
    splitter = Splitter(LAYOUT)
    assert plain(splitter.segments(ids)) == plain(segments)
    assert splitter.dropped == 0
    assert ids[-1] == LAYOUT.eot


@given(spoken)
@settings(deadline=None)
def test_without_markers_too(segment: Segment) -> None:
    assert plain(Splitter(UNMARKED).segments(interleave([segment], UNMARKED))) == plain([segment])


@given(texts.filter(bool), spoken)
@settings(deadline=None)
def test_text_alone_has_no_markers(text: tuple[int, ...], after: Segment) -> None:
    silent = Segment(text, SpeechTokens.empty())
    assert interleave([silent], LAYOUT) == [*text, LAYOUT.eot]
    assert plain(Splitter(LAYOUT).segments(interleave([silent, after], LAYOUT))) == plain([silent, after])


@given(st.lists(st.integers(-5, 9000) | st.sampled_from([1, 2, 3, 4, 7500, 7501]) | st.integers(2000, 7119)))
@settings(deadline=None)
def test_garbage_is_sorted_without_a_fuss(ids: list[int]) -> None:
    splitter = Splitter(LAYOUT)
    codes = 0
    for token_id in ids:
        split = splitter.feed(token_id)
        assert all(5 <= text < 2000 or text == 0 for text in split.text)
        if split.speech is not None:
            codes += 5
            assert (split.speech.codes[:, :2] < 1024).all()
            assert (split.speech.codes[:, 2:] < 4096).all()
    heard = sum(LAYOUT.is_audio(token_id) for token_id in ids)
    assert 0 <= heard - codes - splitter.dropped < 5  # what is neither spoken nor dropped is a group begun


def test_blocks_hold_ten_and_fifteen() -> None:
    segment = Segment(tuple(range(100, 124)), speech([(1, 2, 3, 4, 5)] * 10))
    kinds = "".join("a" if LAYOUT.is_audio(token_id) else "t" for token_id in interleave_segment(segment, UNMARKED))
    assert kinds == "t" * 10 + "a" * 15 + "t" * 10 + "a" * 15 + "t" * 4 + "a" * 15 + "a" * 5  # nothing fills the short block


def test_text_left_when_the_sound_ends_follows_in_one_piece() -> None:
    ids = list(interleave_segment(Segment(tuple(range(100, 130)), speech([(1, 2, 3, 4, 5)])), LAYOUT))
    assert ids == [7500, *range(100, 110), 2001, 2002, 3027, 3028, 3029, *range(110, 130), 7501]


def test_a_group_is_known_with_its_fifth_code() -> None:
    splitter = Splitter(LAYOUT)
    found = [splitter.feed(token_id).speech for token_id in (2009, 2008, 3031, 3030, 3029)]
    assert found[:4] == [None] * 4
    assert found[4] is not None
    assert found[4].codes.tolist() == [[9, 8, 7, 6, 5]]


def test_codes_out_of_order_are_dropped_until_the_next_pair() -> None:
    splitter = Splitter(LAYOUT)
    stray = [3030, 2001, 3030, 3031, 2001, 2002, 3024]  # semantic first; one linguistic only; cut short by the next pair
    good = [2001, 2002, 3024, 3025, 3026]
    heard = [split.speech.codes.tolist() for token_id in [*stray, *good] if (split := splitter.feed(token_id)).speech is not None]
    assert heard == [[[1, 2, 0, 1, 2]]]
    assert splitter.dropped == len(stray)
