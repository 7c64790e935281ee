"""Words from outside Mini's world: those that people say, in an order in which they say them, and never such that ask something."""

import random
from itertools import pairwise

from parley_training.corpus.dialogue import write
from parley_training.corpus.disturbance import disturbed, plain
from parley_training.corpus.vocabulary import IMPOLITE, phrase, random_words

SAID_OFTEN = {"idea", "remind", "homework", "someone", "bought", "mouth", "math", "forgot"}
NAMES = {"germany", "lisbon", "plus", "minus", "seven", "tuesday"}


def test_what_people_say_every_day_is_drawn() -> None:
    rng = random.Random(0)
    drawn = {word for _ in range(6000) for word in phrase(rng, 5)}
    assert drawn >= SAID_OFTEN
    assert not drawn & IMPOLITE
    assert len(drawn) > 3000


def test_words_follow_one_another_as_people_talk() -> None:
    rng = random.Random(0)
    pairs = [pair for _ in range(4000) for pair in pairwise(phrase(rng, 4))]
    assert pairs.count(("going", "to")) > 3 * pairs.count(("to", "going"))


def test_a_seed_says_the_same_again() -> None:
    assert [random_words(random.Random(seed)) for seed in range(20)] == [random_words(random.Random(seed)) for seed in range(20)]


def test_words_put_around_a_question_ask_nothing_themselves() -> None:
    rng = random.Random(0)
    put = set[str]()
    for _ in range(1500):
        put |= set(disturbed("xyzzy", rng).split())
    assert "xyzzy" in put
    assert len(put) > 800, "they are always the same"
    assert not put & NAMES
    asked = {word for _ in range(300) for word in plain(write(rng, "sum").question).split()}
    assert "plus" in asked, "it is no word of the world"
