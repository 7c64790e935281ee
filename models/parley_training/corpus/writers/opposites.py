"""Opposites."""

from parley_training.corpus.exchange import Fact, Writer
from parley_training.corpus.frames import wording
from parley_training.corpus.world import facts

opposite = Writer(
    "opposite",
    wording(
        word="({word}|{word}|the word {word})",
        direct="(what is the opposite of <word>|what's the opposite of <word>|what word is the opposite of <word>|which (word|one) is the opposite of <word>|what is the opposite word (of|to|for) {word}|"
        "what would be the opposite of <word>|what do you call the opposite of <word>|{word} is the opposite of (what|which word)|what's opposite to <word>|what is opposite to <word>|what is (the|) contrary (of|to) <word>|"
        "what word means the opposite of <word>|what means the opposite of <word>|{word}, what's the opposite|what word is opposite to {word}|how do you say the opposite of <word>|not {word} but what|if it's not {word}, what is it)",
        clause="(what the opposite of <word> is|what is the opposite of <word>|(which|what) word is the opposite of <word>|what the opposite word (of|to) {word} is|what the contrary of <word> is|what you call the opposite of <word>|"
        "(which|what) word means the opposite of <word>)",
        topic="(the opposite of <word>|the opposite word (of|to|for) {word}|the contrary of <word>|a word that means the opposite of {word}|an opposite (for|of) {word}|the word opposite to {word})",
        fragment="(opposite of <word>|{word}, opposite|{word}, and the opposite|the opposite, {word}|opposite, {word}|contrary of <word>|{word} and its opposite|and the opposite of <word>)",
    ),
    [Fact({"word": row["word"]}, f"The opposite of {row['word']} is {row['opposite']}.", row["opposite"]) for row in facts("opposites")],
    weight=7,
)
