"""Which words were heard: what is cut off is gone from text and sound alike, and nobody is credited with words he did not hear."""

from pathlib import Path

import numpy as np
import pytest

from parley_models.alignment import GroupLevels, cut, syllables
from parley_models.interleave import Segment, Splitter, interleave
from parley_models.style import Style
from parley_models.text_tokenizer import TextTokenizer
from parley_models.tokens import SpeechTokens
from tests.fakes.thimble import LAYOUT, thimble_folder

LABELS = {"happy": Style(emotion="happy")}


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> TextTokenizer:
    folder: Path = thimble_folder(tmp_path_factory.mktemp("bundles") / "thimble")
    return TextTokenizer(folder / "text.model")


def spoken(tokenizer: TextTokenizer, *parts: tuple[str, int]) -> list[int]:
    groups = [SpeechTokens(np.full((size, 5), place + 1, np.uint16)) for place, (_, size) in enumerate(parts)]
    return interleave([Segment(tuple(tokenizer.encode(text)), group) for (text, _), group in zip(parts, groups, strict=True)], LAYOUT)[:-1]


def heard(
    tokenizer: TextTokenizer, ids: list[int], groups: int, levels: list[float] | None = None, *, complete: bool = True
) -> tuple[list[str], int]:
    left = cut(ids, groups, levels or [], complete=complete, syllables_per_s=4.0, tokenizer=tokenizer, layout=LAYOUT, labels=LABELS)
    segments = Splitter(LAYOUT).segments(left)
    return [tokenizer.decode(segment.text) for segment in segments], sum(len(segment.speech) for segment in segments)


def test_text_and_sound_are_cut_together(tokenizer: TextTokenizer) -> None:
    ids = spoken(tokenizer, ("The capital of France is Paris.", 20))  # 9 syllables
    assert heard(tokenizer, ids, 20) == (["The capital of France is Paris."], 20)
    assert heard(tokenizer, ids, 9) == (["The capital"], 9)  # 4 of 9 syllables' time
    assert heard(tokenizer, ids, 0) == ([], 0)


def test_pauses_take_no_words(tokenizer: TextTokenizer) -> None:
    ids = spoken(tokenizer, ("The capital of France, it is Paris.", 20))
    levels = [0.2] * 5 + [0.0] * 10 + [0.2] * 5
    assert heard(tokenizer, ids, 15, levels) == (["The capital of France,"], 15)
    assert heard(tokenizer, ids, 5, levels) == (["The capital of France,"], 5)


def test_of_an_unfinished_answer_no_more_words_than_its_time_holds(tokenizer: TextTokenizer) -> None:
    ids = spoken(tokenizer, ("The capital of France is Paris, and that of Japan is another.", 6))
    assert heard(tokenizer, ids, 6, complete=False) == (["The"], 6)  # 0.72 s at four syllables a second: "capital" would be too much


def test_segments_before_the_cut_stay_whole(tokenizer: TextTokenizer) -> None:
    ids = spoken(tokenizer, ("The capital.", 6), ("It is Paris.", 6))
    assert heard(tokenizer, ids, 6) == (["The capital."], 6)
    assert heard(tokenizer, ids, 9) == (["The capital.", "It is"], 9)


def test_a_label_takes_no_time_and_is_never_cut_in_two(tokenizer: TextTokenizer) -> None:
    plain = spoken(tokenizer, ("The capital of France is Paris.", 20))
    labelled = spoken(tokenizer, ("(happy) The capital of France is Paris.", 20))
    for complete in (True, False):
        for groups in range(1, 21):
            (words,), size = heard(tokenizer, plain, groups, complete=complete)
            assert heard(tokenizer, labelled, groups, complete=complete) == ([f"(happy) {words}".strip()], size)


def test_the_last_group_counts_though_it_is_a_few_samples_short() -> None:
    levels = GroupLevels(24_000, 1.0)
    levels.feed(np.full(2 * 2_880 - 100, 0.5, np.float32))
    assert len(levels.levels) == 1
    for _ in range(2):
        levels.finish(2)
        assert levels.levels == pytest.approx([0.5, 0.5])


def test_syllables_are_about_right() -> None:
    texts = ["Paris", "the capital of France", "I'm here", "法国的首都", ""]
    assert [syllables(text) for text in texts] == [2, 6, 2, 5, 0]


@pytest.mark.parametrize("rate", [0.5, 1.0, 1.3, 2.0])
def test_levels_keep_step_with_the_rate(rate: float) -> None:
    levels = GroupLevels(24_000, rate)
    size = 0.12 / rate * 24_000
    sound = np.concatenate([np.full(round((at + 1) * size) - round(at * size), at / 50, np.float32) for at in range(40)])
    for piece in np.array_split(sound, 7):
        levels.feed(piece)
    assert levels.levels == pytest.approx([at / 50 for at in range(40)], abs=1e-6)
