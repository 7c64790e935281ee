"""What is outside Mini 1's world, by topic, declined in words that fit the topic. Each of them says "beyond me"."""

from __future__ import annotations

import random

from parley_training.corpus.exchange import Part
from parley_training.corpus.frames import wording
from parley_training.corpus.wide.scene import Scene, SceneWriter, among, plainly
from parley_training.corpus.writers import WRITERS
from parley_training.corpus.writers.beyond import VOCABULARY

_ANSWERS = {
    "weather": ("I cannot look outside, so the weather is beyond me.", "The weather is beyond me. A look out of the window will help."),
    "people": ("Famous people are beyond me. Try a country or an animal.", "That is beyond me. I know animals better than people."),
    "places": ("That is beyond me. Ask me for a capital or a language.", "So much about places is beyond me. Try a capital."),
    "science": ("That is beyond me. I am better at animals and numbers.", "Sorry, science is beyond me. Try the planets."),
    "advice": ("How to do that is beyond me. I am sorry.", "Sorry, such advice is beyond me. Shall I tell you a joke?"),
    "shopping": ("Shopping and prices are beyond me.", "Shopping is beyond me. I have no money at all."),
    "music": ("Music and films are beyond me. Try a story.", "Sorry, that is beyond me. Shall I say a poem?"),
    "machines": ("Lights and machines are beyond me. I can only talk.", "I cannot reach that, it is beyond me."),
    "calls": ("Calls and messages are beyond me. But we two can talk.", "Calls, mail and meetings are beyond me."),
    "sums": ("That sum is beyond me. Try one with smaller numbers.", "Sorry, that much math is beyond me. Try adding or multiplying."),
    "travel": ("Ways and trips are beyond me. Try a question about countries.", "I do not know the way, that is beyond me."),
    "news": ("The news is beyond me. I work without the internet.", "What happens in the world is beyond me."),
    "personal": ("That is beyond me. You know that better than I do.", "Nobody told me, so that is beyond me."),
    "words": ("That word is beyond me. Try spelling or a rhyme.", "Sorry, that is beyond me. Try an opposite."),
    "things": ("That is beyond me. Try a joke or a riddle.", "Sorry, that is beyond me.", "I am afraid that is beyond me."),
}

_PATTERNS = {
    "weather": {
        "direct": "(what is the (weather|temperature) [like] (|<when>|in <known_city>|in <known_country>)|what's the (weather|forecast) (|<when>|in <known_city>|for <when>)|will it (rain|snow|be sunny|be hot|be windy) (|<when>|in <known_city>)|do i need an umbrella <when>|"
        "is it (raining|snowing|cold|warm) (outside|in <known_city>)|how (warm|cold|hot) (is it|will it be|does it get) (|<when>|in <known_city>)|is the sun shining [<when>]|does it rain [<when>]|should i take (an umbrella|a coat|sunglasses) [<when>])",
        "clause": "(what the weather (is|will be) [like] <when>|if it will (rain|snow) <when>|how (warm|cold) it will be <when>|if i need an umbrella <when>)",
        "topic": "(the weather [<when>]|the weather in <known_city>|the forecast for <when>|the temperature in <known_city>|the weather report)",
        "fragment": "(weather <when>|weather in <known_city>|temperature in <known_city>|rain <when>|forecast <when>)",
        "order": "(check the weather [<when>]|look up the weather in <known_city>|tell me the weather|give me the forecast)",
    },
    "people": {
        "direct": "(who (is|was) <person>|when was <person> born|when did <person> (die|live)|how old (is|was) <person>|where was <person> born|what did <person> (do|say|write|invent|discover|eat)|how tall (is|was) <person>|what is <person> famous for|is <person> still alive|"
        "who (discovered|studied|explained) <science>|who invented <device>|when was <device> invented|who (wrote|made|painted|created|directed) <work>|what is <work> about|when was <work> (written|made)|who is the (president|king|prime minister|queen) of <known_country>|"
        "who is the (tallest man|richest person|oldest woman|best singer|fastest runner) in the world|who built <building>|who made the first <noun>)",
        "clause": "(who <person> (is|was)|when <person> was born|who (wrote|made|painted) <work>|who invented <device>|what <work> is about|who the (president|king|prime minister) of <known_country> is)",
        "topic": "(the president of <known_country>|the inventor of <device>|the author of <work>|something about <person>|the age of <person>|the life of <person>|the lyrics of <work>)",
        "fragment": "(president of <known_country>|<person>, who is that|inventor of <device>|author of <work>)",
        "order": "(tell me about <person>|tell me who <person> was|explain who <person> is)",
    },
    "places": {
        "direct": "(what is the capital of <far_country>|which (city|town) is the capital of <far_country>|what's the currency of <far_country>|what language do they speak in <far_country>|where is <far_country>|how many people live in (<known_country>|<known_city>|<far_country>)|"
        "what is the population of (<known_country>|<known_city>)|how (big|old|rich|safe|beautiful) is (<known_country>|<known_city>)|what is the (best food|national animal|national anthem|flag|largest river|highest mountain|climate|second largest city) (of|in) <known_country>|"
        "what can i (see|eat|buy) in <known_city>|when was <known_city> founded|who built <known_city>|what is <known_city> famous for|how (tall|old|high|far away|heavy|long) is <building>|where is <building>)",
        "clause": "(what the capital of <far_country> is|how many people live in (<known_country>|<known_city>)|how (tall|old|high) <building> is|what <known_city> is famous for|where <far_country> is)",
        "topic": "(the capital of <far_country>|the population of <known_country>|the height of <building>|the history of <known_country>|the flag of <known_country>)",
        "fragment": "(population of <known_country>|capital of <far_country>|<building>, how (tall|old|high)|<far_country>, capital|history of <known_city>)",
        "order": "(tell me about (<known_city>|<building>|<far_country>)|describe <building>|describe <known_city>)",
    },
    "science": {
        "direct": "(what is <science>|how does <science> work|what causes <science>|why do we need <science>|why is (the sky blue|the sea salty|grass green|ice slippery|the sun hot|snow white)|why do (people|cats|dogs|birds|babies) (dream|sing|cry|yawn|sleep)|"
        "what does <known_animal> eat|how (fast|heavy|old|big|long|smart) is <known_animal>|how long does <known_animal> live|can <known_animal> (swim|fly|climb|see at night)|why does <known_animal> (sleep|run|hide|sing) [so much]|how does <device> work|"
        "how many (teeth|eyes|babies|hairs) does <known_animal> have|is <known_animal> dangerous|how many (stars|fish|trees|bones) are there (in the world|in <known_country>|)|what is the meaning of life)",
        "clause": "(what <science> is|how <science> works|what <known_animal> eats|how (fast|old|big) <known_animal> is|why (the sky is blue|the sea is salty|people dream)|how <device> works)",
        "topic": "(something about <science>|the food of <known_animal>|the speed of <known_animal>|an explanation of <science>)",
        "fragment": "(<science>, what is that|<known_animal>, how fast|food of <known_animal>|<science> explained)",
        "order": "(explain <science>|explain how <device> works|tell me about <science>|teach me about <science>)",
    },
    "advice": {
        "direct": "(how do i (tie a tie|fix a flat tire|learn to swim|lose weight|write a letter|get rich|change a light bulb|clean a carpet|open a bank account|grow tomatoes|get a passport)|what should i (wear|eat|cook|buy|read|watch|do) [<when>]|how do (i|you) (make|cook|bake|prepare) <food>|"
        "what goes into <food>|how many calories does <food> have|what is the recipe for <food>|is <food> healthy|which is better, (tea or coffee|cats or dogs|summer or winter|a car or a bike)|should i <verb> (my|the|a) <noun>|how do i <verb> a <noun>|what happens if i <verb> a <noun>)",
        "clause": "(how to <verb> a <noun>|how to (cook|make|bake) <food>|if i should <verb> the <noun>|what i should (wear|cook|read) <when>)",
        "topic": "(a recipe for <food>|the best way to <verb> a <noun>|advice about my <noun>|the recipe for <food>)",
        "fragment": "(recipe for <food>|<food>, the recipe|advice about a <noun>)",
        "order": "(recommend a <film>|give me a recipe for <food>|help me to <verb> a <noun>|show me how to <verb> a <noun>)",
    },
    "shopping": {
        "direct": "(how much does <product> cost|where can i (buy|find|get) <product>|where can i (buy|eat|get) <food>|what is the (stock price|exchange rate|price of gold) [<when>]|can you (order|buy) <product> [for me]|can you book <product>|is <product> expensive|can you order <food> [for me])",
        "clause": "(how much <product> costs|where i can (buy|find) <product>|what <food> costs)",
        "topic": "(the price of <product>|a good price for <product>|a shop for <product>|something like <product>)",
        "fragment": "(price of <product>|<product>, how much|order for <food>)",
        "order": "(order <food>|order <product>|buy <product>|book <product> [for <when>]|search for <product>|add (milk|eggs|bread|butter) to (my shopping list|the list)|reserve <product>)",
    },
    "music": {
        "direct": "(what (film|movie|game) is on <when>|can you recommend a good <film>|what is a good <film>|do you know a good <film>|can you play <music>|could you put on <music>|who sings <work>|can you sing (for me|a song|happy birthday)|which <film> is the best)",
        "clause": "(what is on <when>|which <film> is good)",
        "topic": "(a good <film>|a little of <music>|the lyrics of <work>|a new <film>)",
        "fragment": "(some <music>|<music> right now|a <film> for <when>)",
        "order": "(play <music>|play <music>|put on <music>|sing (a song|happy birthday|a lullaby|for me)|find a <film>|show me a <film>|turn up the music|skip this song|dance for me)",
    },
    "machines": {
        "direct": "(can you (turn|switch) (on|off) <thing>|could you turn <thing> (on|off)|is <thing> (on|off)|did i leave <thing> on|can you open (the window|the garage|the browser|my email)|will you start <thing>|can you <verb> (my|the) <noun>)",
        "topic": "(<thing> turned off|a picture of a <noun>|my photos)",
        "fragment": "(<thing> off|<thing> on|lights off|more light)",
        "order": "((turn|switch) (on|off) <thing>|turn <thing> (on|off)|open (the window|my email|the calendar|the browser|the camera|the garage)|close (the window|the door|the curtains)|start <thing>|<verb> (the|my|a) <noun>|<verb> the <quality> <noun>|clean the (kitchen|floor|bathroom)|"
        "take (a photo|a note|a picture)|show me (the map|my photos|pictures of <known_city>|the news)|make me (<food>|a coffee)|draw (a cat|a house|a picture)|bring me a <noun>)",
    },
    "calls": {
        "direct": "(can you call <somebody>|could you phone <somebody>|can you send a message to <somebody>|can you text <somebody>|can you write an email to <somebody>|do i have any (messages|meetings|appointments) [<when>]|what do i have <when>|did <somebody> call|has <somebody> written)",
        "topic": "(my messages|my meetings <when>|the number of <somebody>|my mail|my calendar for <when>)",
        "fragment": "(a call to <somebody>|message to <somebody>|my messages|my appointments <when>)",
        "order": "(call <somebody>|phone <somebody>|ring <somebody>|send a message to <somebody>|write an email to <somebody>|text <somebody> that i'm late|cancel my (meeting|order|appointment) [<when>]|read me (my messages|my mail)|answer the phone|open my mail)",
    },
    "sums": {
        "direct": "(what is <big> (plus|minus|times|divided by) <small>|what is <small> divided by <small>|what is the square root of <big>|what is <small> percent of <big>|what is <small> squared|how many grams are in <small> pounds|how many miles are <small> kilometers|"
        "how much is <small> divided by <small>|what is half of <big>|what is <small> to the power of <small>|how much is <big> (plus|times) <big>|what is pi times <small>)",
        "clause": "(what <small> divided by <small> is|what <big> times <small> is|what the square root of <big> is)",
        "topic": "(the square root of <big>|<small> divided by <small>|<big> times <small>|<small> percent of <big>)",
        "fragment": "(<small> divided by <small>|<big> plus <big>|square root of <big>|<small> percent of <big>)",
        "order": "(divide <small> by <small>|divide <big> by <small>|calculate <big> times <small>|take the square root of <big>|convert <small> miles into kilometers|add <big> and <big>)",
    },
    "travel": {
        "direct": "(how do i get to <known_city>|how long is the flight to <known_city>|how far away is (<known_country>|<known_city>)|when does the (next train|next bus|shop|museum|flight to <known_city>|pharmacy) (leave|open|close)|how is the traffic <when>|where is the nearest (station|bank|pharmacy|toilet)|"
        "which train goes to <known_city>|how much is a ticket to <known_city>|can i walk to <known_city>)",
        "clause": "(how far it is to <known_city>|how to get to <known_city>|when the next (train|bus) leaves|where the nearest (station|bank|pharmacy) is)",
        "topic": "(the way to <known_city>|a flight to <known_city>|the next train to <known_city>|the traffic <when>)",
        "fragment": "(traffic <when>|flights to <known_city>|the way to <known_city>|next bus)",
        "order": "(navigate to <known_city>|drive me home|show me the way to <known_city>|take me to <known_city>|call a taxi|find a flight to <known_city>)",
    },
    "news": {
        "direct": "(what's in the news [<when>]|who (won|will win|is going to win|lost|watched|played in) <event> [<when>]|when (is|was) <event>|where (is|was) <event>|what was the score in <event>|what happened in <known_country> [<when>]|what is new in the world|did anything happen <when>)",
        "clause": "(who (won|will win) <event>|when <event> (is|was)|what is in the news|what happened <when>)",
        "topic": "(the news [<when>]|the winner of <event>|the score of <event>|the latest news)",
        "fragment": "(news [<when>]|winner of <event>|score of <event>|headlines)",
        "order": "(read me the news|read the newspaper|tell me the news|show me the headlines)",
    },
    "personal": {
        "direct": "(where (are my keys|is my phone|did i park|is my wallet|are my glasses)|how old am i|where do i live|what did i (do|eat|say) <when>|what is my (mother's name|phone number|address|password)|will i (be rich|be happy|win|marry|get the job)|what am i thinking|"
        "who is my (best friend|teacher|boss)|does (anybody|she|he) love me|where did i put my <noun>|is my <noun> <quality>|what will happen to me)",
        "clause": "(where my (keys|glasses) are|where i put my <noun>|what i did <when>|if i will be (rich|happy))",
        "topic": "(my phone number|my address|my future|the place where i put my <noun>)",
        "fragment": "(my keys|my future|my phone number|my <noun>, where is it)",
        "order": "(guess my (age|name|weight)|find my (keys|phone|glasses)|tell me my (future|age|address)|predict my future|read my mind)",
    },
    "words": {
        "direct": "(what is (hello|goodbye|thank you|water|love|cheese|please) in (French|German|Spanish|Japanese|Italian|Latin)|what does (serendipity|ubiquitous|melancholy|ephemeral|stubborn|frugal|nostalgia) mean|how do you say (hello|good night|cheers|sorry|welcome) in (French|German|Spanish|Russian|Italian)|"
        "what is the meaning of (serendipity|melancholy|frugal|stubborn)|where does the word <noun> come from|what is the plural of <noun>)",
        "clause": "(what (serendipity|stubborn|frugal|melancholy) means|how to say (hello|thank you) in (French|German|Spanish)|where the word <noun> comes from)",
        "topic": "(the meaning of (serendipity|frugal|melancholy)|the word for <noun> in (French|German|Spanish)|the origin of the word <noun>)",
        "fragment": "((hello|goodbye|love) in (French|German|Spanish)|meaning of (frugal|serendipity)|<noun> in (French|German|Spanish))",
        "order": "(translate (hello|good night|this sentence|thank you) into (French|German|Spanish)|say (hello|goodbye) in (French|German|Italian)|define (frugal|melancholy)|explain the word (serendipity|stubborn)|teach me (French|German|Spanish))",
    },
    "things": {
        "direct": "(how does a <noun> work|where can i find a <noun>|why is (my|the|your) <noun> [so] <quality>|how (much|big|old|heavy|far|tall) is (a|the|my) <noun>|when (will|can|did) (i|we|they) <verb> the <noun>|did (you|they|anybody) <verb> (my|the) <noun>|where is the <noun>|"
        "which <noun> is the most <quality>|who has the most <quality> <noun>|is (my|the|that) <noun> <quality>|what is inside a <noun>|what is a <noun> made of|why do people <verb> a <noun>|who is the <noun>|what did the <noun> <verb>|have you seen the <quality> <noun>|do you like my <noun>|"
        "how many people <verb> a <noun> every year|are there <quality> things in the <noun>|what is the (biggest|oldest|strangest|most expensive|fastest) (car|city|book|ship|tree|computer) in the world|do you believe in ghosts)",
        "clause": "(how a <noun> works|where the <noun> is|why the <noun> is [so] <quality>|what a <noun> is made of|if the <noun> is <quality>|when they <verb> the <noun>|how much a <noun> costs)",
        "topic": "(the history of the <noun>|my <quality> <noun>|the name of the <quality> <noun>|the reason why the <noun> is <quality>|a poem about <science>|an essay about the <noun>)",
        "fragment": "(the <quality> <noun>|a <noun>, how does it work|the <noun>, where)",
        "order": "(tell me [something] about (the|a) <noun>|describe my <quality> <noun>|compare a <noun> with a <noun>|make the <noun> less <quality>|think of the <quality> <noun>|write (an essay|a letter|some code) about the <noun>)",
    },
}
_WEIGHTS = {"things": 6.0, "weather": 3.0}


def declining(topic: str, rng: random.Random) -> tuple[tuple[Part, ...], str]:
    """An answer that declines what is asked about a topic, and its key."""
    return plainly(rng.choice(_ANSWERS[topic])), "beyond me"


def _writer(topic: str) -> SceneWriter:
    def scene(rng: random.Random) -> Scene:
        return Scene({}, *declining(topic, rng))

    return SceneWriter(f"beyond_{topic}", "Outside", wording(**_PATTERNS[topic], **VOCABULARY), scene, _WEIGHTS.get(topic, 2.0))


outside = {topic: _writer(topic) for topic in _PATTERNS}
NAMES = frozenset(VOCABULARY) - {"verb", "quality"}
"""Rules that stand for names and nouns: the examination's questions fit no wording with any other name in their place either."""

abilities = SceneWriter(
    "abilities",
    "Assistant",
    WRITERS["abilities"].grammar,
    among(
        [
            Scene(
                {},
                plainly("I know animals, countries and numbers, tell jokes and stories, and play games."),
                "animals countries numbers jokes stories games",
            )
        ]
    ),
    weight=3,
)
"""What Mini 0 said of itself is too little now."""
