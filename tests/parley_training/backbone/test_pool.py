"""Which heard questions become examples."""

import random

import numpy as np

from parley_models.evaluation.questions import declines
from parley_training.backbone.pool import COURTESY_SHARE, FACTS_SHARE, HARD_SHARE, IDLE_SHARE, Pool, idle_ones
from parley_training.backbone.questions import Question
from parley_training.corpus.exchange import Exchange

DRAWN = 4000


def heard(intent: str, words: str, key: str = "") -> Question:
    return Question((), Exchange(intent, words, "", key), np.zeros(0, np.int64), np.zeros((0, 6), np.uint8))


def test_only_phrases_that_ask_nothing_are_declined() -> None:
    phrases = [
        heard("words", "of relevance because nobody reported"),
        heard("words", "the capital was reported because"),  # something of Mini's world
        heard("words", "because nobody"),  # half of anything
        heard("human", "nobody reported relevance because"),  # people were given texts that may ask
    ]

    (idle,) = idle_ones(phrases)

    assert idle.words == phrases[0].words
    assert declines(idle.exchange.answer)


def test_hard_questions_are_drawn_more_often_than_they_come_and_idle_ones_now_and_then() -> None:
    easy, hard, idle = heard("colour", "what"), heard("sum", "how much"), heard("beyond", "nobody")
    pool, rng = Pool([easy] * 99 + [hard], [idle]), random.Random(0)

    drawn = [pool.draw(rng) for _ in range(DRAWN)]

    assert abs(drawn.count(hard) / DRAWN - HARD_SHARE) < 0.03
    assert abs(drawn.count(idle) / DRAWN - IDLE_SHARE) < 0.02


def test_facts_are_drawn_more_often_than_they_come_in_a_wider_world() -> None:
    fact, wider, idle = heard("capital", "what"), heard("follow_same", "and of spain"), heard("beyond", "nobody")
    pool, rng = Pool([wider] * 99 + [fact], [idle]), random.Random(0)

    drawn = [pool.draw(rng) for _ in range(DRAWN)]

    assert abs(drawn.count(fact) / DRAWN - FACTS_SHARE) < 0.03


def test_of_somebody_in_a_role_courtesies_are_drawn_often() -> None:
    fact, greeting = heard("colour", "what"), heard("greeting", "hello")
    pool, rng = Pool([fact] * 99 + [greeting]), random.Random(0)

    shares = [np.mean([pool.draw(rng, in_role=in_role) == greeting for _ in range(DRAWN)]) for in_role in (True, False)]

    assert abs(shares[0] - COURTESY_SHARE) < 0.03
    assert shares[1] < 0.03


def test_drawn_by_word_the_rarest_answer_comes_as_often_as_the_commonest() -> None:
    hoot, numbers = heard("animal_sound", "owl", key="hoot"), [heard("sum", "how much", key="thirty two"), heard("sum", "what", key="two")]
    pool, rng = Pool([*numbers * 50, hoot]), random.Random(0)

    drawn = [pool.draw(rng, by_word=True) for _ in range(DRAWN)]

    assert abs(drawn.count(hoot) / DRAWN - 1 / 3) < 0.03  # hoot, thirty, two
    assert drawn.count(numbers[0]) > drawn.count(numbers[1]) > 0
