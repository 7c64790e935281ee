"""Greetings, thanks, goodbyes, and what people ask the assistant about itself."""

from parley_training.corpus.exchange import Fact, Writer
from parley_training.corpus.frames import SHARED
from parley_training.corpus.grammar import Grammar

_FILLER = "(|||um,|uh,|well,|oh,|so,|okay,|alright,|hmm,|yeah,)"


def _manner(intent: str, answer: str, key: str, weight: float, ask: str, **rules: str) -> Writer:
    """A writer with one answer; `ask` is the whole utterance."""
    return Writer(intent, Grammar({**SHARED, **rules, "ask": f"{_FILLER} ({ask})"}, "ask"), [Fact({}, answer, key)], weight)


manners = [
    _manner(
        "greeting",
        "Hello! Nice to hear you.",
        "hello",
        3,
        "<hi>[, <whom>].|<hi>[, <whom>].|<hi>, <hi>[, <whom>].|<hi>[, <whom>], <nice>.|<nice>[, <whom>].|<hi>[, <whom>], (i'm here.|i am back.|it's me.|here i am.|me again.|are you there?|can you hear me?)",
        hi="(hello|hi|hey|hello there|hi there|hey there|hello hello|hi again you|good morning|good afternoon|good evening|good day|greetings|morning|howdy|welcome back|a very good morning|hello again|hi again)",
        whom="(parley|my friend|everyone|assistant|computer|dear parley|machine|buddy|you)",
        nice="(i'm home|i'm here now|i just got here|i just arrived|look who is here|it's good to meet you|i am back home|i came home early|i just woke up|i just walked in|i'm finally here|we are home|it's so nice that you are here|(great|good|lovely|nice) to finally (meet|talk to|hear) you|how nice to meet you|i came to say hello|let me say hello|i wanted to say hi|nice to meet you|good to see you|good to hear you|nice to hear you|pleased to meet you|glad to meet you|lovely to meet you|nice to see you again|good to be back)",
    ),
    _manner(
        "how_are_you",
        "I am fine, thank you.",
        "fine",
        2,
        "[<hi>[, parley],] <how>[, parley]?|<how> <when>?|<wonder> <state>.|<know> <state>?|tell me, <how>?",
        hi="(hello|hi|hey|good morning|good evening|good afternoon)",
        how="(how are you|how are you doing|how's it going|how is it going|how do you feel|how are you feeling|are you okay|are you well|are you fine|how have you been|how are things|how is everything|how's everything|how's life|"
        "what's up|is everything okay|are you doing well|are you alright|do you feel good|are you having a nice time|did you have a good day|is it going well|how was your day|is your day good|having a good time|how do you like it today)",
        when="(today|this morning|now|these days|tonight|this evening|right now|at the moment)",
        state="(how you are|how you are doing|how you feel|how you are feeling|if you are well|if you are okay|how things are going|how it's going)",
    ),
    _manner(
        "thanks",
        "You are welcome.",
        "welcome",
        2,
        "<thanks>[, <whom>].|<thanks> <why>[, <whom>].|<thanks>, <nice>.|<thanks>[, <whom>], <nice>.|<nice>, <thanks>.|<thanks> <why>, <nice>.",
        thanks="(thanks|thank you|thank you very much|thanks a lot|many thanks|thank you so much|thanks so much|i thank you|thanks very much|thank you kindly|a big thank you|thanks a bunch|thanks a ton|thanks heaps|a thousand thanks|a million thanks|thank you a million times|my thanks|all my thanks|big thanks|thanks ever so much|i appreciate it|i appreciate that|i really appreciate your help|i'm very thankful|i am so thankful|thankful for that|you helped me a lot|you helped me so much|that was so kind|cheers|much obliged|thank you, thank you|i want to thank you|i'd like to thank you)",
        why="(for that|for your help|for the answer|for helping me|for telling me|for everything|for the help|for your answer|for your time|for the information)",
        nice="(that was helpful|that helps|that was great|that was nice of you|you are great|you were a great help|very kind of you|very helpful|good job|well done|that's all i needed|that is what i needed|this is just what i was after|that's just the thing i wanted|just what i was hoping for|that's exactly what i meant|that was all i wanted to know|that's what i was looking for|just right|exactly right|perfect|wonderful|great)",
        whom="(parley|my friend|dear parley|assistant|computer|buddy)",
    ),
    _manner(
        "goodbye",
        "Goodbye! See you soon.",
        "goodbye",
        2,
        "<bye>[, <whom>].|<bye>, <bye>[, <whom>].|<go>, <bye>[, <whom>].|<bye>[, <whom>], <go>.|<go>.|<bye>[, <whom>], <wish>.|<wish>.",
        bye="(goodbye|bye|bye bye|goodbye then|see you|see you later|see you soon|see you tomorrow|good night|until next time|until tomorrow|so long|farewell|talk to you later|talk to you soon|take care|bye for now|goodbye for now|catch you later|see you around|see you next time|ciao|good bye my dear|adieu)",
        go="(i have to go|i must go now|i need to go|i'm leaving|i am leaving now|i'm off|that's all for today|that was all|we are done|i'm going to bed|it's time to go|i have to leave now|let's stop here|i had a good time with you|it was good to talk to you|it was fun talking with you|i enjoyed our chat|thanks for the chat|thanks for talking to me|nice chatting with you|i'll be going then|i better get going|that's it for tonight)",
        wish="(have a nice day|have a good day|have a good evening|have a nice evening|sleep well|have a good night|have a great day)",
        whom="(parley|my friend|dear parley|assistant|computer|everyone|buddy)",
    ),
    _manner(
        "who_are_you",
        "I am Parley, a voice assistant.",
        "parley",
        3,
        "[<hi>,] <who>?|<who>, <hi>?|<know> <name_clause>?|<wonder> <name_clause>.|<opener> <who>?|<bring> your name.|<introduce>[, please].|(please|can you|could you|would you|now|just) <introduce>.",
        hi="(hello|hi|hey|please|sorry|excuse me)",
        who="(who are you|what are you|what is your name|what's your name|who am i talking to|who is this|who is there|who is speaking|who am i speaking with|do you have a name|what are you called|how are you called|what should i call you|what can i call you|"
        "are you a robot|are you a person|are you a human|are you a machine|are you a computer|who exactly are you|with who do i speak|who is it that i talk with|with which assistant do i speak|to whom am i talking|to whom do i speak here|who do i speak with|may i know your name|may i ask who you are|who is on the line|who am i having this talk with|whose voice is this|who answers me here|who is talking to me|who are you supposed to be|what exactly are you|what kind of thing are you|who do i have the pleasure of talking to|your name)",
        name_clause="(who you are|what you are|what your name is|who i am talking to|what you are called|what i should call you|what i can call you|who is speaking|if you have a name|if you are a robot)",
        introduce="(introduce yourself|say your name|tell me your name|tell me who you are|tell me about yourself|give me your name|tell me something about yourself|say who you are)",
    ),
    _manner(
        "abilities",
        "I know capitals, animals, colors and numbers.",
        "capitals animals colors numbers",
        3,
        "[<hi>,] <what>?|<what>, <hi>?|<know> <can>?|<wonder> <can>.|<opener> <what>?|<opener> <know> <can>?|<order>[, please].|(please|can you|could you|would you|now|just) <order>.|<what>, parley?",
        hi="(hello|hi|hey|please|sorry|excuse me)",
        what="(what can you do|what do you know|what are you able to do|how can you help me|what can i ask you|what can i ask|what questions can i ask|what are you good at|what are your skills|what do you know about|which questions can you answer|"
        "what can you tell me|what can you help me with|can you help me|i need help|help me|help|what topics do you know|what subjects do you know|what should i ask you|what things do you know|what are you for|what is your purpose|what else can you do|"
        "what else do you know|how do i use you|what do you understand|what all can you do|so what can you do for me|i'm new, what do you know|this is my first time, what can i ask|i just started, how can you help|what can you do for people|what works with you|what sort of help can i get|what kinds of help are there|which help can you give|what kind of things can you do|how could you help me|in what ways can you help|what help is there|what do you have to offer|what can you be used for)",
        can="(what you can do|what you know|what i can ask you|what you are good at|how you can help me|what you can tell me|what you are able to do|which questions you can answer|what questions i can ask|what your skills are|what you know about)",
        order="(tell me what you can do|show me what you can do|list your skills|tell me what you know|tell me what i can ask|tell me about your skills|explain what you can do)",
    ),
]
