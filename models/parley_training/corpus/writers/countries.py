"""What people speak and pay with in a country."""

from parley_training.corpus.exchange import Fact, Writer
from parley_training.corpus.frames import wording
from parley_training.corpus.world import facts, possessive

currency = Writer(
    "currency",
    wording(
        money="(currency|money|kind of money)",
        direct="(what is the currency (of|in) {country}|what's {whose} currency|what is {whose} currency|what <money> (do they use|do people use|is used) in {country}|"
        "which (currency|money) (do they use|do people use|is used|do people pay with) in {country}|what do (people|they|you) pay with in {country}|what <money> does {country} (use|have)|"
        "which currency does {country} (use|have)|what <money> do i need in {country}|what (currency|money) is it in {country}|in {country}, what <money> (do they use|is used)|"
        "what is the currency of {country} called|what do you call the (money|currency) (of|in) {country}|{country}, what's its currency|what is the money in {country} called)",
        clause="(what the currency (of|in) {country} is|what {whose} currency is|what <money> (they use|people use|is used) in {country}|what (people|they) pay with in {country}|"
        "which currency {country} (uses|has)|what <money> {country} uses|what the (money|currency) (of|in) {country} is called)",
        topic="(the currency (of|in) {country}|{whose} currency|the money (of|in) {country}|the name of {whose} currency|the name of the currency (of|in) {country})",
        fragment="(currency (of|in) {country}|{country}, currency|{country} currency|currency {country}|money in {country}|{whose} currency|{country}, which currency|and the currency (of|in) {country})",
    ),
    [
        Fact(
            {"country": row["country"], "whose": possessive(row["country"])},
            f"The currency of {row['country']} is the {row['currency']}.",
            row["currency"],
        )
        for row in facts("currencies")
    ],
    weight=5,
)

language = Writer(
    "language",
    wording(
        direct="((what|which) language (is spoken|do (people|they) speak|do most people speak|do you speak|is used) in {country}|what do (people|they) speak in {country}|"
        "what is (the (main|official|) language (of|in) {country}|{whose} language|{whose} main language)|what's (the (main|official|) language (of|in) {country}|{whose} language)|"
        "in {country}, (what|which) language (is spoken|do they speak|do people speak)|(what|which) language does {country} (speak|have|use)|"
        "(what|which) language should i (learn|speak) for {country}|{country}, what language do they speak|(what|which) language is the language of {country}|"
        "(what|which) language will i hear in {country})",
        clause="((what|which) language (is spoken|people speak|they speak|most people speak|is used) in {country}|what (people|they) speak in {country}|what the (main|official|) language (of|in) {country} is|"
        "what {whose} (main|) language is)",
        topic="(the (main|official|) language (of|in) {country}|{whose} (main|) language|the language (they speak|people speak|spoken) in {country})",
        fragment="(language (of|in) {country}|{country}, language|{country} language|language spoken in {country}|{whose} language|{country}, (what|which) language|and the language (of|in) {country})",
    ),
    [
        Fact(
            {"country": row["country"], "whose": possessive(row["country"])},
            f"The language of {row['country']} is {row['language']}.",
            row["language"].lower(),
        )
        for row in facts("languages")
    ],
    weight=5,
)
