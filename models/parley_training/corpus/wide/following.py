"""Follow-ups, which need the turn before: the same about something else, something else about the same, one more step, why."""

from __future__ import annotations

import random
import re
from dataclasses import replace

from parley_models.evaluation.large_numbers import number
from parley_training.corpus.exchange import Exchange, Fact, Writer, sentence
from parley_training.corpus.frames import SHARED
from parley_training.corpus.grammar import Grammar
from parley_training.corpus.reader import bare
from parley_training.corpus.wide.products import product_held_out, products
from parley_training.corpus.wide.scene import Scene, SceneWriter, asked, plainly, rows
from parley_training.corpus.writers import WRITERS
from parley_training.corpus.writers.arithmetic import difference_held_out, sum_held_out

_CATEGORY = "Conversation"
LONGEST_BEFORE = 3
"""Turns before a follow-up; with it they are four."""

_SLOT = {
    "capital": "country",
    "country_of_capital": "city",
    "currency": "country",
    "language": "country",
    "animal_sound": "a_cow",
    "animal_legs": "a_cow",
    "animal_home": "a_cow",
    "colour": "thing",
    "opposite": "word",
    "day_after": "it",
    "day_before": "it",
    "month_after": "it",
    "month_before": "it",
    "season_after": "it",
    "season_before": "it",
    "number_after": "n",
    "number_before": "n",
    "parity": "n",
}
"""What may be put in the place of what was asked about before, by intent."""


def _same_again(rng: random.Random) -> Scene:
    """The same question about something else."""
    intent = rng.choices(list(_SLOT), [WRITERS[name].weight for name in _SLOT])[0]
    writer: Writer = WRITERS[intent]
    first, *others = rng.sample(list(writer.facts), rng.randint(2, LONGEST_BEFORE + 1))
    before = (asked(writer, first, rng), *(_and(writer, fact, rng) for fact in others[:-1]))
    return replace(_of(writer, others[-1], rng), before=before)


_WITH = {"capital": "of", "currency": "in", "language": "in", "animal_sound": "of", "colour": "of", "opposite": "of"}
"""The word between "and" and what is asked about, besides `after` and `before`."""


def _of(writer: Writer, fact: Fact, rng: random.Random) -> Scene:
    where = writer.intent.rpartition("_")[2]
    word = where if where in {"after", "before"} else _WITH.get(writer.intent)
    rule = f"with_{word}" if word and rng.random() < 0.3 else "plain"
    return Scene({"x": fact.slots[_SLOT[writer.intent]]}, plainly(fact.answer), fact.key, rule=rule)


def _and(writer: Writer, fact: Fact, rng: random.Random) -> Exchange:
    return follow_same.ask(_of(writer, fact, rng), rng)


_XS = {fact.slots[slot] for intent, slot in _SLOT.items() for fact in WRITERS[intent].facts}
follow_same = SceneWriter(
    "follow_same",
    _CATEGORY,
    Grammar(
        {
            **SHARED,
            "and": "(and|and|and what about|what about|how about|and how about|okay, and|now|and now|alright, and|thanks, and|good, and|then what about|now what about|and then|so what about|what would you say about|and the same for|the same for|"
            "now for|tell me about|please tell me about|next|and next|i also want to know about|also)",
            "end": "(||||, please|, parley)",
            "plain": "(<and> {x} <end>?|<and> {x} <end>?|<and> {x}?|<and> {x}?|<opener> <and> {x}?|<filler>, <and> {x} <end>?)",
            **{
                f"with_{word}": f"(and {word} {{x}} <end>?|<filler>, and {word} {{x}} <end>?|<opener> and {word} {{x}}?|and what about {word} {{x}}?|{word} {{x}}?)"
                for word in ("of", "in", "after", "before")
            },
            "ask": "(<plain>|<plain>|<plain>|<plain>|<plain>|<plain>|<plain>|<plain>|<with_of>|<with_in>|<with_after>|<with_before>)",
        },
        "ask",
    ),
    _same_again,
    weight=12,
    slots={"x": _XS},
    stands_alone=False,
)

_COUNTRY = {"capital": "country", "currency": "country", "language": "country"}
_ANIMAL = {"animal_sound": "a_cow", "animal_legs": "a_cow", "animal_home": "a_cow"}
_THERE = {
    "capital": "what is the capital there|what's its capital|and its capital|and the capital|what is its capital city|which city is the capital there|do you know its capital|and what is the capital|how is its capital called|what about the capital",
    "currency": "what do they pay with there|what is the currency there|what's its currency|and its currency|what money do they use there|and the currency|what kind of money do they have there|which money do i need there|what about the currency|and the money",
    "language": "what do they speak there|what language do they speak there|and the language|which language is spoken there|what's their language|what do people speak there|and what do they speak|which language do i need there|what about the language|and their language",
    "animal_sound": "what does it say|what sound does it make|and what does it say|what noise does it make|how does it sound|and its sound|what does it sound like|what about its sound|and what sound does it make|which noise comes from it",
    "animal_legs": "how many legs does it have|and how many legs|how many legs has it got|how many legs are there on it|and its legs, how many|what about its legs|and how many legs does it have|on how many legs does it walk|does it have legs, how many|and the number of its legs",
    "animal_home": "where does it live|and where does it live|where is its home|where can i find it|and its home|where does it have its home|where do i find it|what about its home|and where is it at home|in which place does it live",
}


def _about(intent: str, slot: str) -> dict[str, Fact]:
    return {fact.slots[slot]: fact for fact in WRITERS[intent].facts}


_BY_THING = {intent: _about(intent, slot) for group in (_COUNTRY, _ANIMAL) for intent, slot in group.items()}


def _something_else(rng: random.Random) -> Scene:
    """Another question about the same country or animal."""
    group = rng.choice((_COUNTRY, _ANIMAL))
    thing = rng.choice(list(_BY_THING[rng.choice(list(group))]))
    known = [intent for intent in group if thing in _BY_THING[intent]]
    if len(known) < 2:
        return _something_else(rng)
    first, *others = rng.sample(known, rng.randint(2, len(known)))
    before = (
        asked(WRITERS[first], _BY_THING[first][thing], rng),
        *(follow_other.ask(_there(intent, thing), rng) for intent in others[:-1]),
    )
    return replace(_there(others[-1], thing), before=before)


def _there(intent: str, thing: str) -> Scene:
    fact = _BY_THING[intent][thing]
    return Scene({}, plainly(fact.answer), fact.key, rule=intent)


_OTHER_SHAPE = "(({q})?|({q})?|<opener> ({q})?|<filler>, ({q})?|({q}) <tail>?|<know>, ({q})?|({q}), please?)"
follow_other = SceneWriter(
    "follow_other",
    _CATEGORY,
    Grammar(
        {
            **SHARED,
            **{intent: _OTHER_SHAPE.replace("{q}", pattern) for intent, pattern in _THERE.items()},
            "ask": "(" + "|".join(f"<{intent}>" for intent in _THERE) + ")",
        },
        "ask",
    ),
    _something_else,
    weight=9,
    stands_alone=False,
)

_MOST = 100
_OPERATIONS = {"plus": 1, "minus": -1}
_KEPT = {"plus": sum_held_out, "minus": difference_held_out, "times": product_held_out}
"""What the examination asks must not be said on the way to something else either."""


def _reckoned(rng: random.Random) -> tuple[Exchange, int]:
    """A sum, difference or product, and its result."""
    writer = rng.choice((WRITERS["sum"], WRITERS["difference"], products))
    while True:
        exchange = writer.write(rng)
        result = _VALUES.get(exchange.key, _MOST + 1)
        if result <= _MOST:
            return exchange, result


_VALUES = {number(n).replace("-", " "): n for n in range(_MOST + 1)}


def _then(value: int, rng: random.Random) -> tuple[Scene, int]:
    """One more step from this value."""
    while True:
        operation = rng.choice(("plus", "plus", "minus", "minus", "times"))
        n = rng.randint(1, 20) if operation != "times" else rng.choice((2, 2, 3, 4, 5, 10))
        result = value * n if operation == "times" else value + _OPERATIONS[operation] * n
        if 0 <= result <= _MOST and (operation != "times" or value <= 12) and not _KEPT[operation](value, n):
            answer = f"{number(value).capitalize()} {operation} {number(n)} is {number(result)}."
            return Scene({"n": number(n)}, plainly(answer), number(result).replace("-", " "), rule=operation), result


def _next_step(rng: random.Random) -> Scene:
    exchange, value = _reckoned(rng)
    before = [exchange]
    for _ in range(rng.choice((0, 0, 1, 2))):
        scene, value = _then(value, rng)
        before.append(follow_number.ask(scene, rng))
    scene, _ = _then(value, rng)
    return replace(scene, before=tuple(before))


_STEP = {
    "plus": "now add {n}|add {n}|and {n} more|plus {n}|and plus {n}|add {n} to that|now add {n} to it|and now plus {n}|and add {n}|{n} more|put {n} on top|add another {n}|then add {n}|and if i add {n}",
    "minus": "now subtract {n}|minus {n}|and minus {n}|take away {n}|now take away {n}|subtract {n} from that|and now minus {n}|take {n} away from that|{n} less|and subtract {n}|now minus {n}|then take away {n}|and if i take away {n}",
    "times": "times {n}|now times {n}|multiply that by {n}|now multiply by {n}|and times {n}|multiply it by {n}|and now times {n}|take that {n} times|{n} times that|and all of that times {n}|then times {n}|and if i multiply by {n}",
}
follow_number = SceneWriter(
    "follow_number",
    _CATEGORY,
    Grammar(
        {
            **SHARED,
            **{
                name: f"(({pattern}).|({pattern}).|({pattern})?|<opener> ({pattern}).|<filler>, ({pattern}).|({pattern}), please.|({pattern}), parley.|({pattern}), what do i get?|({pattern}), how much is that?)"
                for name, pattern in _STEP.items()
            },
            "ask": "(<plus>|<minus>|<times>)",
        },
        "ask",
    ),
    _next_step,
    weight=9,
    slots={"n": {number(n) for n in range(1, 21)}},
    stands_alone=False,
)

_WHY = [
    (
        "(why|why is that|why so|how come|why is it so|and why|can you explain that|can you explain why|what is the reason|how do you know|how do you know that|why do you say that|how is that|please explain, why|but why|tell me why|explain that to me)",
        "?",
    ),
]


_REASONS = {
    "sum": (r"(.+) plus (.+) is (.+)\.", r"Because \3 minus \2 is \1."),
    "difference": (r"(.+) minus (.+) is (.+)\.", r"Because \3 plus \2 is \1."),
    "larger": (r".+", "Because it comes later when you count."),
    "smaller": (r".+", "Because it comes first when you count."),
    "parity": (r".+ is (even|odd)\.", ""),
    "day_after": (r".+", "Because that is how the week goes."),
    "month_after": (r".+", "Because that is how the year goes."),
}
_PARITY = {"even": "Because two can share it fairly.", "odd": "Because two cannot share it fairly."}
UNEXPLAINED = "I only know that it is so."


def because(earlier: Exchange) -> str:
    """What can be said for an answer."""
    if earlier.intent == "parity":
        return _PARITY[earlier.key]
    if earlier.intent not in _REASONS:
        return UNEXPLAINED
    pattern, reason = _REASONS[earlier.intent]
    words = re.sub(pattern, reason, earlier.answer, count=1).lower()
    return sentence(words)


def _reason(rng: random.Random) -> Scene:
    intent = rng.choice((*_REASONS, "capital", "colour", "animal_home"))
    earlier = WRITERS[intent].write(rng)
    reason = because(earlier)
    return Scene({}, plainly(reason), " ".join(bare(reason)), before=(earlier,))


why = SceneWriter("why", _CATEGORY, rows(_WHY), _reason, weight=4, stands_alone=False)

_SURE = [
    (
        "(are you sure|are you sure about that|are you certain|is that right|is that true|is that correct|really|are you really sure|can i trust that|do you really know that|is that so|are you quite sure|did you get that right)",
        "?",
    ),
    (
        "(i don't believe you|i don't believe that|you must be joking|that can't be right|that can't be true|i doubt it|i am not so sure|that sounds wrong)",
        ".",
    ),
]


def _sure(rng: random.Random) -> Scene:
    earlier = WRITERS[rng.choice((*_SLOT, "sum", "difference"))].write(rng)
    return Scene({}, plainly(f"Yes, I am sure. {earlier.answer}"), f"sure {earlier.key}", before=(earlier,))


sure = SceneWriter("sure", _CATEGORY, rows(_SURE), _sure, weight=3, stands_alone=False)
