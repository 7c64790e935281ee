"""How people wrap what they ask: the carriers, fillers and courtesies that all intents share.

An intent brings only its core, in up to six shapes:

    direct      a whole question                "what is the capital of {country}"
    clause      the same inside a sentence      "what the capital of {country} is"
    topic       a noun phrase                   "the capital of {country}"
    fragment    what is said in a hurry         "{country}, capital"
    order       an imperative                   "add {a} and {b}"
    told        a little story that asks        "i have {a} cups and break {b}, how many are left"

The questions of `parley_models.evaluation` keep to other carriers and cores; a test holds the two apart.
"""

from parley_training.corpus.grammar import Grammar

SHARED = {
    "filler": "(um|uh|er|hmm|well|so|oh|okay|right|alright|now|hey|and|yeah)",
    "name": "(parley|hey parley|hi parley|hello parley|okay parley)",
    "opener": (
        "(<filler>,|<filler>,|<filler>,|<filler> <filler>,|<name>,|<filler>, <name>,|excuse me,|sorry,|quick question,|a quick question,|"
        "one question,|one more question,|another question,|here's a question,|i have a question,|i've got a question,|just a question,|"
        "let's see,|listen,|by the way,|next question,|hello,|hi,|hi there,|hello there,|one more thing,|just curious,|okay next one,)"
    ),
    "know": (
        "(do you know|do you happen to know|can you tell me|could you tell me|would you tell me|will you tell me|can you please tell me|"
        "could you please tell me|please tell me|tell me|just tell me|now tell me|so tell me|can you say|could you say|let me know|please let me know|"
        "can you let me know|could you let me know|would you mind telling me|are you able to tell me|can you work out|can you find out|do you remember|"
        "can you remember|could you explain|maybe you know|perhaps you can tell me|i hope you can tell me|i'm sure you know|you surely know)"
    ),
    "wonder": (
        "(i'd like to know|i would like to know|i want to know|i need to know|i was wondering|i wonder|i'm wondering|i'm curious|"
        "i'm trying to find out|i have to know|i really want to know|i'd love to know|i'm not sure|i don't know|i can't remember|i never know|"
        "i'm asking myself|my friend wants to know|we want to know|i just want to know|i keep asking myself|it would be nice to know|tell us)"
    ),
    "bring": (
        "(tell me|please tell me|give me|please give me|name|please name|say|please say|can you tell me|could you tell me|can you give me|"
        "could you give me|can you name|could you name|do you know|i need|i'm looking for|i want to know|i'd like to know|i would like|i'd like|"
        "let me hear|i want to hear|i need to know|could you please tell me|would you tell me|just tell me|find|find me|just give me|what about|how about)"
    ),
    "please": "(could you|can you|please|could you please|can you please|would you|would you please|will you|i want you to|i'd like you to|"
    "i would like you to|i need you to|just|now|go ahead and|try to|now please|next|okay now|why don't you)",
    "tail": "(, please|please|, thanks|, thank you|, do you know|, can you tell me|, if you know|, parley|, could you tell me|, tell me|, do you know that|, i wonder)",
    "thanks": "(, please|please|for me|for me, please|, thanks|, thank you|, would you|, parley|, will you|now|right now)",
}

_SHAPES = {
    "direct": "(<direct>?|<direct>?|<direct>?|<direct>?|<opener> <direct>?|<opener> <direct>?|<direct> <tail>?|<opener> <direct> <tail>?)",
    "clause": "(<know> <clause>?|<know> <clause>?|<wonder> <clause>.|<wonder> <clause>.|<opener> <know> <clause>?|<opener> <wonder> <clause>.|<know> <clause> <tail>?)",
    "topic": "(<bring> <topic>.|<bring> <topic>.|what is <topic>?|what's <topic>?|<topic>?|<opener> <bring> <topic>.|<opener> <topic>?|<topic>, please.|<bring> <topic>, please.)",
    "fragment": "(<fragment>?|<fragment>.|<opener> <fragment>?|<fragment>, please.)",
    "order": "(<order>.|<order>.|<please> <order>.|<please> <order>.|<order> <thanks>.|<opener> <order>.|<opener> <please> <order>.|<please> <order> <thanks>.)",
    "told": "(<told>?|<told>?|<told>?|<opener> <told>?|<told> <tail>?)",
}

_SHARES = {"told": 3}
"""How much more often than the others a shape comes: stories differ in every word, questions only in a few."""


def wording(**core: str) -> Grammar:
    """The grammar of one intent.

    Args:
        core: patterns by shape (direct, clause, topic, fragment, order, told); any other name is a rule of the intent's own.

    Raises:
        ValueError: no shape is given, or a pattern is malformed.
    """
    shapes = [pattern for shape, pattern in _SHAPES.items() if shape in core for _ in range(_SHARES.get(shape, 1))]
    if not shapes:
        raise ValueError("A wording needs at least one of: " + ", ".join(_SHAPES) + ".")
    return Grammar({**SHARED, **core, "ask": "(" + "|".join(shapes) + ")"}, "ask")
