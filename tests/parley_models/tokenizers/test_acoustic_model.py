"""Which of several texts explains a sound: phones are laid along its frames."""

from pathlib import Path

import numpy as np
import pytest

from parley_models.errors import BundleCorrupt, BundleMissing
from parley_models.tokenizers.acoustic_model import AcousticModel, Lexicon
from parley_models.tokenizers.forced_alignment import align

PHONES = ["pau", "k", "ae", "t", "d", "ao", "g"]
LEXICON = Lexicon(PHONES, {"cat": "k ae t", "dog": "d ao g", "at": "ae t"})
READER = np.concatenate([np.tile(8 * np.eye(len(PHONES)), 3), np.zeros((1, 3 * len(PHONES)))])
"""A frame says of one phone that all of its slots are that."""


def frames(*phones: str) -> np.ndarray:
    return np.stack([np.eye(len(PHONES), dtype=np.float32)[PHONES.index(phone)] for phone in phones])


CAT = frames("pau", "k", "ae", "ae", "t", "pau")


def test_what_was_said_is_likelier_than_what_was_not() -> None:
    model = AcousticModel(READER, LEXICON)
    cat, again, dog, at, both, nothing = model.log_likelihoods(CAT, ["cat", "Cat!", "dog", "at", "cat at", ""])
    assert cat == again > at > dog
    assert cat > both
    assert cat > nothing
    assert cat == pytest.approx(-18 * np.log(1 + (len(PHONES) - 1) * np.exp(-8)))


def test_a_word_that_nobody_knows_lies_between_the_right_one_and_a_wrong_one() -> None:
    right, strange, wrong = AcousticModel(READER, LEXICON).log_likelihoods(CAT, ["cat", "kath", "dog"])
    assert right > strange > wrong


def test_pauses_may_lie_between_words_and_need_not() -> None:
    together, apart = frames("k", "ae", "t", "d", "ao", "g"), frames("k", "ae", "t", "pau", "d", "ao", "g")
    model = AcousticModel(READER, LEXICON)
    for heard in (together, apart):
        (likely,) = model.log_likelihoods(heard, ["cat dog"])
        assert likely == pytest.approx(0, abs=0.1)


def test_a_text_that_is_too_long_for_the_sound_is_impossible() -> None:
    model = AcousticModel(READER, LEXICON)
    assert model.log_likelihoods(frames("k"), ["cat cat cat", "cat"]) == [-np.inf, pytest.approx(-16, abs=0.1)]
    assert model.log_likelihoods(CAT[:0], ["cat", "dog"]) == [0.0, 0.0]


def test_the_way_through_a_text_is_the_likeliest_of_all() -> None:
    rng = np.random.default_rng(0)
    emitted, optional = np.log(rng.uniform(size=(6, 5))), np.array([True, False, True, False, True])

    def ways(at: int, slot: int) -> list[list[int]]:
        if slot == 6:
            return [[]] if at >= 3 else []
        onward = [step for step in (at, at + 1, at + 2) if step < 5 and (step < at + 2 or optional[at + 1])]
        return [[step, *rest] for step in onward for rest in ways(step, slot + 1)]

    every = [way for first in (0, 1) for way in ([first, *rest] for rest in ways(first, 1))]
    likelihoods = [sum(emitted[slot, state] for slot, state in enumerate(way)) for way in every]
    states, log_likelihood = align(emitted, optional)
    assert log_likelihood == pytest.approx(max(likelihoods))
    assert list(states) == every[int(np.argmax(likelihoods))]


def test_its_files_are_read_as_they_were_written_and_refused_when_damaged(tmp_path: Path) -> None:
    reader, lexicon = tmp_path / "phones.npy", tmp_path / "lexicon.txt"
    with pytest.raises(BundleMissing, match="phones"):
        AcousticModel.open(reader, lexicon)
    np.save(reader, READER.astype(np.float16))
    with pytest.raises(BundleMissing, match="lexicon"):
        AcousticModel.open(reader, lexicon)
    LEXICON.write(lexicon)
    assert AcousticModel.open(reader, lexicon).log_likelihoods(CAT, ["cat"]) == AcousticModel(READER, LEXICON).log_likelihoods(CAT, ["cat"])
    for damage in ("", "pau k\ncat", "k ae t\ncat k ae t"):
        lexicon.write_text(damage)
        with pytest.raises(BundleCorrupt):
            AcousticModel.open(reader, lexicon)
    LEXICON.write(lexicon)
    np.save(reader, READER[:, :-1])
    with pytest.raises(BundleCorrupt, match="shape"):
        AcousticModel.open(reader, lexicon)
    np.save(reader, np.full_like(READER, np.nan))
    with pytest.raises(BundleCorrupt, match="damaged: it holds no phones"):
        AcousticModel.open(reader, lexicon)
    reader.write_bytes(b"no array")
    with pytest.raises(BundleCorrupt, match="damaged"):
        AcousticModel.open(reader, lexicon)
