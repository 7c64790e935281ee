"""One writer an intent: what Mini 0 is asked, in every wording, and what it answers."""

from parley_training.corpus.exchange import Writer
from parley_training.corpus.writers import animals, arithmetic, calendar, capitals, colours, countries, numbers, opposites, planets
from parley_training.corpus.writers.beyond import beyond
from parley_training.corpus.writers.manners import manners

WRITERS: dict[str, Writer] = {
    writer.intent: writer
    for writer in (
        capitals.capital,
        capitals.country_of,
        countries.currency,
        countries.language,
        animals.sound,
        animals.legs,
        animals.home,
        colours.colour,
        opposites.opposite,
        planets.nth_planet,
        planets.planet,
        *calendar.neighbours,
        calendar.season,
        calendar.amount,
        arithmetic.sums,
        arithmetic.differences,
        numbers.after,
        numbers.before,
        numbers.count,
        numbers.repeat,
        numbers.larger,
        numbers.smaller,
        numbers.parity,
        *manners,
        beyond,
    )
}
