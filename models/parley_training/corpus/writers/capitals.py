"""Capitals of countries, both ways round."""

from parley_training.corpus.exchange import Fact, Writer
from parley_training.corpus.frames import wording
from parley_training.corpus.world import facts, possessive

_ROWS = facts("capitals")

capital = Writer(
    "capital",
    wording(
        city="(capital|capital city)",
        direct="((what is|what's) (the <city> of {country}|{whose} <city>)|which city is (the <city> of {country}|{whose} <city>)|"
        "which (city|town) is the capital in {country}|what (city|town) is (the <city> of {country}|{whose} <city>)|what is the name of (the <city> of {country}|{whose} <city>)|"
        "what (is|do you call) the <city> of {country} [called]|what's the <city> of {country} called|{country}, what's its <city>|{country}, what is the <city> there|i was in {country}, what was the <city> there|take {country}, which city is its <city>|for {country}, which city is the <city>|{country} is a country, what is its <city>|there is {country}, and what is the <city> over there|over in {country}, what is the <city>|{country} has what <city>|"
        "what <city> does {country} have|where is the government of {country}, in which <city>|{whose} <city> is what|the <city> of {country} is what|"
        "the <city> of {country} is which city|how is the <city> of {country} called|what's the <city> in {country}|which is the <city> of {country})",
        clause="(what (the <city> of {country}|{whose} <city>) is|what the <city> of {country} is called|which city is (the <city> of {country}|{whose} <city>)|"
        "what (the name of the <city> of {country}|the <city> in {country}) is|what <city> {country} has|what is (the <city> of {country}|{whose} <city>))",
        topic="(the <city> of {country}|{whose} <city>|the name of {whose} <city>|the name of the <city> of {country})",
        fragment="(<city> of {country}|{country}, <city>|{country} <city>|<city> {country}|{whose} <city>|{country}, which <city>|and the <city> of {country}|the <city> for {country}|<city>, {country})",
    ),
    [
        Fact(
            {"country": row["country"], "whose": possessive(row["country"])},
            f"The capital of {row['country']} is {row['capital']}.",
            row["capital"].lower(),
        )
        for row in _ROWS
    ],
    weight=12,
)

country_of = Writer(
    "country_of_capital",
    wording(
        city="(capital|capital city)",
        direct="((which|what) country has {city} as its <city>|{city} is the <city> of (which|what) country|of (which|what) country is {city} the <city>|"
        "(which|what) country is {city} the <city> of|{city} is which {whose} <city>|{city}, (which|what) country is it the <city> of|what is {city} the <city> of|"
        "{city} is the <city> of what|(which|what) {whose} <city> is {city}|(which|what) country has the <city> {city}|(which|what) country's <city> is (called|named) {city}|"
        "(which|what) is the country whose <city> is {city})",
        clause="((which|what) country has {city} as its <city>|(which|what) country {city} is the <city> of|what {city} is the <city> of|of which country {city} is the <city>|"
        "(which|what) {whose} <city> is {city}|(which|what) country has the <city> {city})",
        topic="(the country with the <city> {city}|the country whose <city> is {city}|the country that has {city} as its <city>|the country that {city} is the <city> of)",
        fragment="({city}, <city> of (which|what) country|{city} is the <city> of|{city}, <city> of what|{city}, <city> of where|country with the <city> {city})",
    ),
    [
        Fact(
            {"city": row["capital"], "whose": "country's"},
            f"{row['capital']} is the capital of {row['country']}.",
            row["country"].removeprefix("the ").lower(),
        )
        for row in _ROWS
    ],
    weight=8,
)
