"""Saying things in a manner or with an emotion, several times, in two styles; speaking otherwise from now on; saying it again."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping
from dataclasses import replace

from parley_models.style import Style
from parley_training.corpus.exchange import Exchange, Part
from parley_training.corpus.frames import SHARED
from parley_training.corpus.grammar import Grammar
from parley_training.corpus.reader import bare
from parley_training.corpus.wide.repeating import PHRASES, said, words_to_say
from parley_training.corpus.wide.scene import OPEN, Derived, Scene, SceneWriter, among, plainly, rows, styled
from parley_training.corpus.wide.styles import EMOTIONS, MANNERS, STYLES, Named
from parley_training.corpus.writers import WRITERS

MOST_WORDS = 4
"""Words of a thing to be said in a manner: long enough to hear it by."""

_ASK = (
    "(<start> say {words} <how> <end>.|<start> say {words} <how> <end>.|<start> say {words}, <how> <end>.|<start> say, {words}, <how> <end>.|<start> repeat {words} <how> <end>.|<start> repeat after me <how>, {words} <end>.|"
    "<how>, say {words} <end>.|<how>, repeat {words}.|<start> speak <how> and say {words} <end>.|can you say {words} <how>?|could you say {words} <how> <end>?|how does {words} sound <how>?|how would you say {words} <how>?|"
    "<start> say the words {words} <how>.|i want to hear {words} <how>.|let me hear {words} <how>.|try saying {words} <how>.|<start> say {words} but <how> <end>.|{words}, say that <how>.|<start> say the following <how>, {words}.|"
    "would you say {words} <how>?|<start> tell me {words} <how> <end>.|i'd like to hear {words} <how>.|say it <how>, {words}.)"
)


def _saying(named: Mapping[str, Named], ask: str = _ASK) -> Grammar:
    rules = {f"say_{name}": ask.replace("<how>", f"<how_{name}>") for name in named}
    hows = {f"how_{name}": style.adverb for name, style in named.items()}
    return Grammar(
        {
            **SHARED,
            "end": "(|||, please|please|, thanks|, parley)",
            "start": "(<opener>|<please>|<please>|<opener> <please>||||)",
            **rules,
            **hows,
            "ask": "(" + "|".join(f"<{rule}>" for rule in rules) + ")",
        },
        "ask",
    )


def _things(rng: random.Random) -> str:
    return rng.choice(PHRASES) if rng.random() < 0.5 else words_to_say(rng, MOST_WORDS)


def _say_in(named: Mapping[str, Named], rng: random.Random) -> Scene:
    name, words = rng.choice(list(named)), _things(rng)
    return Scene({"words": words}, styled(said(words), named[name].style), words.lower(), rule=f"say_{name}")


say_manner = SceneWriter(
    "say_manner", "Voice instruction following", _saying(MANNERS), lambda rng: _say_in(MANNERS, rng), weight=9, slots={"words": OPEN}
)
say_emotion = SceneWriter(
    "say_emotion", "Speech emotion control", _saying(EMOTIONS), lambda rng: _say_in(EMOTIONS, rng), weight=9, slots={"words": OPEN}
)

_ASK_TIMES = "|".join(each for each in _ASK.split("|") if "speak <how>" not in each and "sound <how>" not in each)
_TIMES = {
    2: "(twice|two times|two times in a row|twice in a row|double)",
    3: "(three times|three times in a row|thrice|three times over)",
    4: "(four times|four times in a row|four times over)",
    5: "(five times|five times in a row|five times over)",
}


def _say_times(rng: random.Random) -> Scene:
    count = rng.choices(list(_TIMES), [3, 5, 1, 1])[0]
    words = rng.choice(PHRASES) if rng.random() < 0.3 and count <= 3 else words_to_say(rng, 2)
    return Scene(
        {"words": words}, plainly(said(", ".join([words] * count))), " ".join([words.lower()] * count), rule=f"say_{_LETTER[count]}"
    )


_LETTER = {2: "two", 3: "three", 4: "four", 5: "five"}
say_times = SceneWriter(
    "say_times",
    "Voice instruction following",
    _saying({_LETTER[count]: Named(_LETTER[count], Style(), adverb, "", "") for count, adverb in _TIMES.items()}, _ASK_TIMES),
    _say_times,
    weight=4,
    slots={"words": OPEN},
)

_PAIRS = [(one, two) for one in STYLES for two in STYLES if one != two and "neutral" not in {one, two}]


def _two_styles(rng: random.Random) -> Scene:
    one, two = rng.choice(_PAIRS)
    first = _things(rng)
    second = first if rng.random() < 0.6 else _things(rng)
    how = {"how": _adverb(one, rng), "then": _adverb(two, rng)}
    parts = (Part(said(first), STYLES[one].style), Part(said(second), STYLES[two].style))
    rule = "same" if first == second else "both"
    return Scene({"words": first, "others": second, **how}, parts, f"{first} {second}".lower(), rule=rule)


def _adverb(name: str, rng: random.Random) -> str:
    return rng.choice(STYLES[name].adverb.strip("()").split("|"))


def _adverbs(names: Collection[str]) -> set[str]:
    return {adverb for name in names for adverb in STYLES[name].adverb.strip("()").split("|")}


two_styles = SceneWriter(
    "two_styles",
    "Speech emotion control",
    Grammar(
        {
            **SHARED,
            "end": "(|||, please|, parley)",
            "start": "(<opener>|<please>|<please>|<opener> <please>|||)",
            "and": "(, then|and then|, and then|, then|, after that|, next)",
            "same": "(<start> say {words} first {how} <and> {then} <end>.|<start> say {words} {how} <and> {then} <end>.|first {how} <and> {then}, say {words} <end>.|<start> repeat {words}, {how} <and> {then} <end>.|"
            "<start> say {words} two times, first {how} <and> {then}.|say it {how} <and> {then}, {words}.|can you say {words} {how} <and> {then}?|<start> say {words} twice, once {how} and once {then}.)",
            "both": "(<start> say {words} {how} <and> {others} {then} <end>.|<start> say {words} {how} <and> say {others} {then} <end>.|<start> say first {words} {how} <and> {others} {then} <end>.|"
            "can you say {words} {how} <and> {others} {then}?|{how}, say {words}, and {then}, say {others}.|<start> say {words} {how}, and {others} {then}.)",
            "ask": "(<same>|<both>)",
        },
        "ask",
    ),
    _two_styles,
    weight=4,
    slots={"words": OPEN, "others": OPEN, "how": _adverbs(STYLES), "then": _adverbs(STYLES)},
)

_PROMISES = {
    "slow": "Okay, I will speak slowly.",
    "quick": "Okay, I will speak faster.",
    "loud": "Okay, I will speak up.",
    "soft": "Okay, I will speak softly.",
    "high": "Okay, this is my high voice.",
    "low": "Okay, this is my low voice.",
    "whisper": "Okay, I will whisper.",
    "happy": "Okay, I will be cheerful!",
    "sad": "Okay, I will sound sad.",
    "angry": "Okay, I will sound angry!",
    "surprised": "Oh, I will sound surprised!",
    "fearful": "Oh dear, I will sound scared.",
    "calm": "Okay, I will stay calm.",
    "neutral": "Okay, back to my normal voice.",
}
_WANTED = {
    "slow": "slower|more slowly|a bit slower|a little slower|not so fast",
    "quick": "faster|more quickly|a bit faster|a little faster|not so slowly",
    "loud": "louder|up|more loudly|a bit louder|a little louder|not so quietly",
    "soft": "softer|more quietly|a bit softer|a little quieter|not so loud|more softly",
    "high": "higher|in a higher voice|with a higher voice|in a high voice",
    "low": "lower|in a lower voice|with a lower voice|in a deeper voice|in a deep voice",
    "whisper": "in a whisper|only in whispers|in a whispering voice|under your breath",
    "happy": "happily|more cheerfully|in a happy voice|in a cheerful voice",
    "sad": "sadly|in a sad voice|with sadness",
    "angry": "angrily|in an angry voice|with anger",
    "surprised": "in a surprised voice|with surprise|in amazement",
    "fearful": "in a scared voice|with fear|fearfully",
    "calm": "calmly|in a calm voice|more calmly",
    "neutral": "normally|in your normal voice|in your own voice|as usual|like before",
}
_FROM_NOW = {
    f"to_{name}": f"(<start> (speak|talk) ({how}) <maybe_lasting> <end>.|<start> (speak|talk) ({how}) <maybe_lasting>.|<lasting>, (speak|talk) ({how}) <end>.|<please> (speak|talk) ({how}) <maybe_lasting>.|(can|could) you (speak|talk) ({how}) <maybe_lasting>?|"
    f"i want you to (speak|talk) ({how}) <maybe_lasting>.|would you (speak|talk) ({how}) <maybe_lasting>?|you should (speak|talk) ({how}) <maybe_lasting>.|i'd like you to (speak|talk) ({how}) <maybe_lasting>.)"
    for name, how in _WANTED.items()
}


def _promise(name: str) -> Scene:
    text = _PROMISES[name]
    return Scene({}, styled(text, STYLES[name].style), " ".join(bare(text)), rule=f"to_{name}")


from_now_on = SceneWriter(
    "from_now_on",
    "Assistant",
    Grammar(
        {
            **SHARED,
            "lasting": "(from now on|from now on|from here on|for the rest of our talk|all the time|from now|until i say stop)",
            "maybe_lasting": "(<lasting>|<lasting>|<lasting>|)",
            "end": "(|||, please|please|, parley)",
            "start": "(<opener>|<please>||||)",
            **_FROM_NOW,
            "ask": "(" + "|".join(f"<{rule}>" for rule in _FROM_NOW) + ")",
        },
        "ask",
    ),
    lambda rng: _promise(rng.choice(list(_PROMISES))),
    weight=4,
)


def _any(rng: random.Random) -> Exchange:
    """Anything of the smaller world that has an answer of its own."""
    writers = [writer for writer in WRITERS.values() if writer.intent not in {"beyond", "abilities", "goodbye"}]
    return rng.choices(writers, [writer.weight for writer in writers])[0].write(rng)


def _in_style(rng: random.Random) -> Exchange:
    """Anything, in a style that was asked for before: in the system turn, or from now on."""
    style, exchange = STYLES[rng.choice(list(STYLES))], _any(rng)
    asked_by_system = style.style.rate == 1.0 and style.style.pitch == 0.0  # rate and pitch never change the wording of a prompt
    if asked_by_system and rng.random() < 0.5:
        return replace(exchange, parts=styled(exchange.answer, style.style), system=style.system)
    return replace(exchange, parts=styled(exchange.answer, style.style), before=(from_now_on.ask(_promise(style.name), rng),))


in_style = Derived("in_style", "Speech emotion control", _in_style, weight=10)

_AGAIN = [
    (
        "(say that again|repeat that|say it again|repeat it|once more|one more time|again|say that once more|repeat your answer|repeat what you said|say that one more time|tell me again|repeat that for me)",
        "!",
    ),
    (
        "(what did you say|what was that|pardon|pardon me|sorry|what|come again|what did you just say|how was that again|can you repeat that|could you say that again|could you repeat your last answer|can you say it again|would you repeat that)",
        "?",
    ),
    (
        "(i didn't hear you|i did not hear that|i didn't catch that|i missed that|i didn't get that|i could not hear you|that was too quick for me|i was not listening|it was too noisy here|i didn't understand you)",
        ".",
    ),
]
_AGAIN_IN = {
    f"again_{name}": f"(<start> (say that|say it|repeat that|repeat it) again ({how}) <end>.|<start> (say that|repeat that|repeat it) ({how}) <end>.|(again|once more|one more time), ({how}) <end>.|(can|could) you (say that|repeat that|say it) ({how})?|"
    f"the same again ({how}) <end>.|now (say it|say that) ({how}) <end>.|<start> (say|repeat) your answer ({how}) <end>.)"
    for name, how in _WANTED.items()
    if name not in {"neutral", "loud"}
} | {
    "again_loud": "(<start> (say that|say it|repeat that) again (louder|more loudly|a bit louder) <end>.|(again|once more), (louder|more loudly) <end>.|(can|could) you (say that|repeat that|say it) (louder|more loudly)?|the same again, louder <end>.|now say it louder <end>.)"
}


def _again(rng: random.Random) -> Scene:
    earlier = _any(rng)
    if rng.random() < 0.5:
        name = rng.choice(list(_AGAIN_IN)).removeprefix("again_")
        return Scene({}, styled(earlier.answer, STYLES[name].style), earlier.key, rule=f"again_{name}", before=(earlier,))
    return Scene({}, earlier.segments, earlier.key, rule="again", before=(earlier,))


say_again = SceneWriter(
    "say_again",
    "Assistant",
    rows(
        _AGAIN,
        **_AGAIN_IN,
        end="(|||, please|please|, parley)",
        start="(<opener>|<please>||||)",
        again="(<row_a>|<row_b>|<row_c>)",
        ask="(<again>|" + "|".join(f"<{rule}>" for rule in _AGAIN_IN) + ")",
    ),
    _again,
    weight=6,
    stands_alone=False,
)

_HUSH = (
    "(please stop|stop it|stop talking|be quiet|please be quiet|stop it now|hush|shut up|silence|silence, please|enough|that's enough|that is enough|stop speaking|stop right there|hold on|cancel that|never mind|forget it|quiet now|not now|"
    "that will do|you can stop now|stop that|stop now, please|let's have some quiet|no more, please)"
)
stop = SceneWriter(
    "stop",
    "Assistant",
    rows([(_HUSH, ".")]),
    among([Scene({}, plainly("Okay."), "okay")]),
    weight=1.5,
)
