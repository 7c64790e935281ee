"""Words are timed by the phones that say them, whatever the accent."""

import numpy as np

from parley_training.corpus.phones import NUMBER
from parley_training.corpus.word_times import word_edges, written_along


def spoken(*phones: str) -> np.ndarray:
    """Three slots a phone."""
    return np.repeat(np.array([NUMBER[phone] for phone in phones], np.uint8), 3)


def first_slots(labels: np.ndarray, words: list[str]) -> list[int]:
    said = written_along({"question": " ".join(words)}, labels).said
    return [int(np.searchsorted(said, count + 1)) for count in range(len(words))]


def test_a_word_is_said_when_its_last_phone_begins() -> None:
    labels = spoken("pau", "w", "ah", "t", "ih", "z", "pau")
    assert first_slots(labels, ["what", "is"]) == [9, 15]
    assert word_edges(labels, ["what", "is"]).tolist() == [[3, 9], [12, 15]]


def test_other_vowels_and_lost_phones_move_nothing() -> None:
    labels = spoken("pau", "w", "ao", "pau", "ih", "z", "dh", "iy", "pau")
    assert first_slots(labels, ["what", "is", "the"]) == [6, 15, 21]


def test_long_words_take_their_own_time() -> None:
    labels = spoken("f", "ih", "f", "t", "iy", "f", "ao", "r")
    assert first_slots(labels, ["fifty", "four"]) == [12, 21]


def test_silence_says_nothing() -> None:
    words, said, begun = written_along({"question": "What?"}, spoken("pau", "pau"))
    assert (words, said.tolist(), len(begun)) == (["what"], [0] * 6, 0)
