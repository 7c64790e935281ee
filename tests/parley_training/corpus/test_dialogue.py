import random
import re
from collections import Counter

import pytest

from parley_models.evaluation.questions import is_right, normalize, questions
from parley_models.numbers import number
from parley_training.corpus.dialogue import answers, holdout, write, write_by_word
from parley_training.corpus.exchange import Exchange, fill
from parley_training.corpus.reader import Reader, bare
from parley_training.corpus.world import facts, plural, respelled
from parley_training.corpus.writers import WRITERS
from parley_training.corpus.writers.arithmetic import difference_held_out, sum_held_out
from parley_training.corpus.writers.beyond import VOCABULARY


def drawn(count: int, intent: str | None = None) -> list[Exchange]:
    rng = random.Random(7)
    return [write(rng, intent) for _ in range(count)]


def slots(intent: str) -> dict[str, set[str]]:
    """What each slot of the intent's wordings is ever filled with."""
    filled: dict[str, set[str]] = {}
    for fact in (*WRITERS[intent].facts, *WRITERS[intent].examined):
        for name, value in fact.slots.items():
            filled.setdefault(name, set()).add(value)
    return filled


@pytest.mark.parametrize("intent", WRITERS)
def test_every_intent_has_many_wordings(intent: str) -> None:
    rng = random.Random(0)

    assert len({WRITERS[intent].grammar.sample(rng) for _ in range(600)}) >= 200


@pytest.mark.parametrize("intent", WRITERS)
def test_exchanges_are_plain_spoken_english(intent: str) -> None:
    for exchange in drawn(80, intent):
        assert re.fullmatch(r"[A-Z][A-Za-z' ,-]*[.?]", exchange.question), exchange
        assert re.fullmatch(r"[A-Z][A-Za-z' ,.!-]*[.]", exchange.answer), exchange
        assert all(word in normalize(exchange.answer).split() for word in exchange.key.split()), exchange
        assert "{" not in exchange.question


def test_the_same_seed_writes_the_same_dialogue() -> None:
    assert drawn(50) == drawn(50)


def test_every_intent_is_drawn() -> None:
    assert set(Counter(exchange.intent for exchange in drawn(4000))) == set(WRITERS)


def test_a_fifth_of_the_pairs_is_held_out_and_never_written() -> None:
    sums = [(a, b) for a in range(101) for b in range(101 - a)]
    differences = [(a, b) for a in range(101) for b in range(a + 1)]

    assert 0.18 < sum(sum_held_out(*pair) for pair in sums) / len(sums) < 0.23
    assert 0.18 < sum(difference_held_out(*pair) for pair in differences) / len(differences) < 0.23
    assert all(sum_held_out(a, b) == sum_held_out(b, a) for a, b in sums)
    assert not any(holdout(exchange) for intent in ("sum", "difference") for exchange in drawn(3000, intent))


def test_a_held_out_pair_is_known_as_such() -> None:
    a, b = next((a, b) for a in range(20) for b in range(20) if sum_held_out(a, b))
    exchange = Exchange("sum", "", f"{number(a).capitalize()} plus {number(b)} is {number(a + b)}.", number(a + b))

    assert holdout(exchange)


def test_all_answers_are_listed() -> None:
    listed = set(answers())

    assert all(exchange.answer in listed for exchange in drawn(3000))
    assert not any(fact.answer in listed for fact in WRITERS["sum"].examined)


@pytest.mark.parametrize(
    ("noun", "at_least"),
    [
        ("capitals", 80),
        ("animals", 40),
        ("colours", 40),
        ("currencies", 40),
        ("languages", 40),
        ("days", 7),
        ("months", 12),
        ("planets", 8),
    ],
)
def test_the_world_is_as_large_as_promised(noun: str, at_least: int) -> None:
    rows = facts(noun)
    names = [next(iter(row.values())) for row in rows]

    assert len(rows) >= at_least
    assert len(set(names)) == len(names)
    assert all(value and value == value.strip() for row in rows for value in row.values())


def test_opposites_go_both_ways_or_one_way_but_never_astray() -> None:
    opposite = {row["word"]: row["opposite"] for row in facts("opposites")}

    assert len({frozenset(pair) for pair in opposite.items()}) >= 40
    assert all(opposite.get(other, word) in {word, other} or opposite[other] in opposite for word, other in opposite.items())


def test_no_examined_wording_can_be_written_for_training() -> None:
    """Exact, not sampled: each question is read by the grammars, with every fact of the world in the slots."""
    readers = {intent: Reader(writer.grammar, slots(intent)) for intent, writer in WRITERS.items()}
    examined = questions()

    assert len(examined) >= 300
    for question in examined:
        for intent, reader in readers.items():
            assert not reader.reads(question.question), (intent, question.question)


@pytest.mark.parametrize("intent", WRITERS)
def test_what_is_written_can_be_read(intent: str) -> None:
    """The proof above is worth what the reader is worth."""
    rng, reader = random.Random(2), Reader(WRITERS[intent].grammar, slots(intent))

    for _ in range(20):
        fact = rng.choice(WRITERS[intent].facts)
        assert reader.reads(fill(WRITERS[intent].grammar.sample(rng), fact.slots))


def test_no_examined_question_from_outside_follows_a_trained_template() -> None:
    """As above, with any one to four words of the question in the place of a trained name or noun."""
    names = VOCABULARY.keys() - {"verb", "quality"}
    outside = [question.question for question in questions() if question.intent == "beyond"]

    assert len(outside) >= 60
    for question in outside:
        words = bare(question)
        spans = {" ".join(words[a:b]) for a in range(len(words)) for b in range(a + 1, min(a + 4, len(words)) + 1)}
        assert not Reader(WRITERS["beyond"].grammar, slots={}, aside=dict.fromkeys(names, spans)).reads(question), question


def test_examined_facts_are_the_world_s_own() -> None:
    taught = {intent: {fact.answer for fact in (*writer.facts, *writer.examined)} for intent, writer in WRITERS.items()}

    for question in questions():
        assert question.answer in taught[question.intent], question
        if question.intent in {"sum", "difference"}:
            assert holdout(Exchange(question.intent, "", question.answer, "")), question


def test_what_is_written_is_right_by_the_examination_s_own_rule() -> None:
    by_answer = {question.answer: question for question in questions() if question.intent != "beyond"}
    seen = [exchange for exchange in drawn(6000) if exchange.answer in by_answer]

    assert len(seen) > 300
    assert all(is_right(by_answer[exchange.answer], exchange.answer) for exchange in seen)


def test_names_are_respelled_for_synthesizers_word_by_word() -> None:
    assert respelled("The currency of Thailand is the baht.") == "The currency of Thailand is the bot."
    assert respelled("Phnom Penh, bahts, Abbaa.") == "Puhnom Penh, bahts, Abbaa."


def test_plurals() -> None:
    names = ("cow", "monkey", "donkey", "butterfly", "mouse", "sheep", "wolf", "polar bear")

    assert [plural(name) for name in names] == ["cows", "monkeys", "donkeys", "butterflies", "mice", "sheep", "wolves", "polar bears"]


def test_written_by_word_every_word_that_must_be_right_comes() -> None:
    rng = random.Random(3)
    exchanges = [write_by_word(rng) for _ in range(6000)]
    said = Counter(word for exchange in exchanges for word in set(exchange.key.split()))
    must = {word for writer in WRITERS.values() for fact in writer.facts for word in fact.key.split()}

    assert set(said) == must  # each comes about 14 times; by `write`, some of them once in 6,000
    assert not any(holdout(exchange) for exchange in exchanges)
