"""Games: Mini guesses a number by halving, plays rock, paper, scissors, and plays word chains."""

from __future__ import annotations

import random
from dataclasses import replace

from parley_models.numbers import number
from parley_training.corpus.exchange import Exchange, Part
from parley_training.corpus.frames import wording
from parley_training.corpus.reader import bare
from parley_training.corpus.wide.alphabet import SPELLED
from parley_training.corpus.wide.scene import Scene, SceneWriter, among, plainly, rows, styled
from parley_training.corpus.wide.styles import EMOTIONS

_CATEGORY = "Gaming"
_HAPPY, _SAD = EMOTIONS["happy"].style, EMOTIONS["sad"].style

LOWEST, HIGHEST = 1, 10
"""Between these Mini guesses, in four turns at most."""


def guess(low: int, high: int) -> int:
    """The number that halves what is left."""
    return (low + high) // 2


def _ask(n: int) -> str:
    return f"Is it {number(n)}?"


start_guessing = SceneWriter(
    "guess_number",
    _CATEGORY,
    wording(
        between="(|||from one to ten|between one and ten|up to ten)",
        direct="(can you guess my number <between>|will you guess my number <between>|do you want to guess my number <between>|can you guess which number i am thinking of|which number am i thinking of <between>|what number am i thinking of <between>|"
        "shall we play guess my number|can we play guess my number|do you know my secret number)",
        clause="(which number i am thinking of|what my number is <between>|what my secret number is)",
        topic="(my number <between>|the number i am thinking of|guess my number)",
        fragment="(guess my number|a number <between>|i have a number <between>|i am thinking of a number <between>|i thought of a number <between>|number game, i have one)",
        order="(guess my number <between>|guess the number i am thinking of|guess a number <between>|play guess my number|guess which number i have|find out my number <between>|guess my secret number <between>|start guessing my number)",
    ),
    among([Scene({}, plainly(f"Okay. {_ask(guess(LOWEST, HIGHEST))}"), number(guess(LOWEST, HIGHEST)))]),
    weight=3,
)

_REPLIES = {
    "higher": "higher|no, higher|it is higher|it's higher|my number is higher|bigger|no, bigger|it is bigger|larger|no, it's larger|more|no, more|too low|that is too low|too small|go higher|up|no, it is greater|greater|a bit higher|mine is bigger",
    "lower": "lower|no, lower|it is lower|it's lower|my number is lower|smaller|no, smaller|it is smaller|less|no, less|too high|that is too high|too big|too large|go lower|down|no, it is less|a bit lower|mine is smaller|no, it's smaller",
    "yes": "yes|yes, it is|that is right|that's right|correct|right|exactly|you got it|yes, that's it|that is my number|yes, you guessed it|that's it|yes, well done|you found it|bingo|yes, that is correct|true|you are right",
}
_REPLY = "(({q}).|({q}).|<filler>, ({q}).|<filler>, ({q}).|({q}), parley.|<filler>, <filler>, ({q}).|({q}), <tag>.|<filler>, ({q}), <tag>.)"


def _guessing(rng: random.Random) -> Scene:
    """A game in the middle or at its end, about any number."""
    secret, low, high = rng.randint(LOWEST, HIGHEST), LOWEST, HIGHEST
    played = [start_guessing.write(rng)]
    last = rng.randint(1, 4)
    while True:
        tried = guess(low, high)
        if tried == secret:
            scene = Scene({}, styled("Hooray! I found it!", _HAPPY), "found it", rule="yes")
        else:
            low, high = (tried + 1, high) if secret > tried else (low, tried - 1)
            coming = guess(low, high)
            text = _ask(coming) if low < high else f"Then it must be {number(coming)}."
            scene = Scene({}, plainly(text), number(coming), rule="higher" if secret > tried else "lower")
        if tried == secret or len(played) == last:
            return replace(scene, before=tuple(played))
        played.append(guessing.ask(scene, rng))


guessing = SceneWriter(
    "guess_next",
    _CATEGORY,
    rows(
        [("x", ".")],
        **{name: _REPLY.replace("{q}", pattern) for name, pattern in _REPLIES.items()},
        ask="(<higher>|<lower>|<yes>)",
    ),
    _guessing,
    weight=8,
    stands_alone=False,
)

_BEATS = {"rock": "scissors", "paper": "rock", "scissors": "paper"}
_HOW = {"rock": "Rock breaks scissors", "paper": "Paper covers rock", "scissors": "Scissors cut paper"}


def shown(human: str, mini: str) -> tuple[Part, ...]:
    """What Mini says when both have shown their hands."""
    took = Part(f"I took {mini}.")
    if human == mini:
        return (took, Part("It is a draw!"))
    if _BEATS[mini] == human:
        return (took, Part(f"{_HOW[mini]}, so I win!", _HAPPY))
    return (took, Part(f"{_HOW[human]}, so you win!", _SAD))


_HANDS = [
    Scene({"hand": human}, shown(human, mini), f"{mini} {'draw' if human == mini else 'i win' if _BEATS[mini] == human else 'you win'}")
    for human in _BEATS
    for mini in _BEATS
]
start_hands = SceneWriter(
    "rock_paper_scissors",
    _CATEGORY,
    wording(
        game="(rock, paper, scissors|rock, paper, scissors|scissors, paper, rock|rock paper scissors)",
        direct="(shall we play <game>|can we play <game>|do you play <game>|do you want to play <game>|will you play <game> with me|do you know <game>|how about a game of <game>|could we play <game>|are you ready for <game>)",
        topic="(a game of <game>|a round of <game>|another round of <game>)",
        fragment="(<game>|let's play <game>|a game of <game>|<game>, one more time|<game>, let's go)",
        order="(play <game> [with me]|start a game of <game>|play a round of <game>|begin <game>)",
    ),
    among([Scene({}, plainly("Gladly! What do you take?"), "what do you take")]),
    weight=2,
)

_SHOW = (
    "({hand}|{hand}|i take {hand}|i choose {hand}|i pick {hand}|i say {hand}|i have {hand}|my choice is {hand}|mine is {hand}|one, two, three, {hand}|rock, paper, scissors, {hand}|{hand} for me|i go with {hand}|i show {hand}|i play {hand}|it's {hand}|"
    "let me take {hand}|this time {hand}|i will take {hand}|{hand}, and you)"
)
hands = SceneWriter(
    "hand",
    _CATEGORY,
    rows([(_SHOW, ".")]),
    lambda rng: replace(rng.choice(_HANDS), before=(start_hands.write(rng),)),
    weight=4,
    slots={"hand": set(_BEATS)},
    stands_alone=False,
)
_CHAIN = tuple(word for word in SPELLED if 3 <= len(word) <= 7)
FAVOURITES = {
    words[0]: tuple(words.split())
    for words in (
        "apple animal airport|banana bread boat|carrot camel cake|dog dinner door|egg elephant evening|flower forest frog|garden goat guitar|house horse hat|island idea ice|juice jacket jungle|kitchen kettle king|lemon lamp lion|"
        "mountain monkey moon|needle nurse night|orange owl onion|piano parrot pencil|queen quarter question|rabbit river rose|star spoon sun|tree table tiger|umbrella uncle uniform|violin village valley|window water wolf|"
        "yellow yogurt yacht|zebra zipper zoo"
    ).split("|")
}
"""What Mini says to each letter: three words, so that they can be learned by heart."""


def next_word(word: str, used: tuple[str, ...]) -> str:
    """A word that begins with the last letter of this one and was not used; raises StopIteration if there is none."""
    return next(other for other in FAVOURITES[word[-1]] if other not in used and other != word)


_PLAYABLE = tuple(word for word in _CHAIN if word[-1] in FAVOURITES)
start_chain = SceneWriter(
    "word_chain",
    _CATEGORY,
    wording(
        chain="(word chains|word chain|the word chain game|a word chain|the last letter game)",
        direct="(shall we play <chain>|can we play <chain>|do you know <chain>|do you want to play <chain>|will you play <chain> with me|how about <chain>|could we play <chain>|are you ready for <chain>)",
        topic="(a round of <chain>|a game of <chain>|another round of <chain>)",
        fragment="(<chain>|let's play <chain>|a game of <chain>|<chain>, you start|<chain>, let's go)",
        order="(play <chain> [with me]|start <chain>|play a round of <chain>|begin <chain>|start a game of <chain>)",
    ),
    lambda rng: _first(rng.choice(_PLAYABLE)),
    weight=2,
)


def _first(word: str) -> Scene:
    return Scene({}, plainly(f"I begin with {word}."), word)


def _chained(rng: random.Random) -> Scene:
    """A chain after one to three words of Mini's."""
    said = rng.choice(_PLAYABLE)
    before: list[Exchange] = [start_chain.ask(_first(said), rng)]
    used: tuple[str, ...] = (said,)
    for _ in range(rng.randint(0, 2)):
        scene = _step(said, used, rng)
        if scene is None:
            break
        before.append(chain.ask(scene, rng))
        said = scene.key
        used = (*used, scene.slots["word"], said)
    scene = _step(said, used, rng)
    return _chained(rng) if scene is None else replace(scene, before=tuple(before))


def _step(said: str, used: tuple[str, ...], rng: random.Random) -> Scene | None:
    """The human's word and Mini's; None if one of them can find none."""
    fitting = [word for word in _PLAYABLE if word[0] == said[-1] and word not in used]
    if not fitting:
        return None
    word = rng.choice(fitting)
    try:
        answer = next_word(word, (*used, word))
    except StopIteration:
        return None
    return Scene({"word": word}, plainly(f"{answer.capitalize()}."), " ".join(bare(answer)))


chain = SceneWriter(
    "chain_word",
    _CATEGORY,
    rows(
        [
            (
                "({word}|{word}|{word}|i say {word}|my word is {word}|then {word}|i take {word}|here comes {word}|what about {word}|how about {word}|{word}, your turn|next is {word}|let me say {word}|maybe {word}|that gives {word}|mine is {word})",
                ".",
            )
        ]
    ),
    _chained,
    weight=5,
    slots={"word": set(_CHAIN)},
    stands_alone=False,
)
