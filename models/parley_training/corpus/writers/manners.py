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
        nice="(i'm home|i'm here now|i just got here|i just arrived|look who is here|it's good to meet you|i am back home|i came home early|i just woke up|i just walked in|i'm finally here|we are home|it's so nice that you are here|(great|good|lovely|nice) to finally (meet|talk to|hear) you|how nice to meet you|i came to say hello|let me say hello|i wanted to say hi|nice to meet you|good to see you|good to hear you|nice to hear you|pleased to meet you|glad to meet you|lovely to meet you|nice to see you again|good to be back|here comes a hello|a big hello to you|a hearty hello|a kind hello from me|is anybody here|is anyone at home|somebody home|i finally meet you|so we meet|it is good to be with you|let us begin|let us talk a little)",
    ),
    _manner(
        "how_are_you",
        "I am fine, thank you.",
        "fine",
        3,
        "<plain>?|[<hi>,] <plain>?|[<hi>[, parley],] <how>[, parley]?|<how> <when>?|<wonder> <state>.|<know> <state>?|tell me, <how>?|i hope <hope>.|i hope <hope>, <how>?",
        hi="(hello|hi|hey|good morning|good evening|good afternoon)",
        plain="(how are you|how are you|how are you doing|how are you today|how's it going|how do you feel)",
        how="(how are you|how are you doing|how's it going|how is it going|how do you feel|how are you feeling|are you okay|are you well|are you fine|how have you been|how are things|how is everything|how's everything|how's life|"
        "what's up|is everything okay|are you doing well|are you alright|do you feel good|are you having a nice time|did you have a good day|is it going well|how was your day|is your day good|having a good time|how do you like it today|are you having a (nice|pleasant|fun|quiet|great) (day|morning|evening)|how has (your week|your morning|your evening|the day|life|it) been [so far]|how have things been|how has everything been with you|(is|are) (everything|things) (good|fine|okay|alright) (with|for) you|is all (good|fine|okay|right) with you|all good with you|are things going well [for you]|are you doing (okay|great|fine|good)|are you (happy|cheerful|in good spirits|in a good mood)|you (okay|good|alright|well)|what is new with you|what's new, how are you|anything new, how are things|any good news from you|how are you keeping|how do you do|how goes it|how goes your day|how is (your day|the day|life) (going|treating you)|did your day go well|is your day going well|is it a good day for you|what kind of day are you having|how are you getting on|how about you, are you well|and you, how are you|and how are you|say, how are you|be honest, how are you|feeling (good|well|fine)|tell me how are you|and how do you feel)",
        hope="(you are (fine|okay|doing well|having a nice day|feeling well)|you feel (good|well|fine)|all is (good|right|fine) with you|everything is (fine|good|okay) with you|your day is (nice|good|going well))",
        when="(today|this morning|now|these days|tonight|this evening|right now|at the moment)",
        state="(how you are|how you are doing|how you feel|how you are feeling|if you are well|if you are okay|how things are going|how it's going|how your day (is|was|goes)|if all is (good|fine|right) with you|if you are having a nice day|if you feel (good|well|fine)|how you have been|if everything is okay)",
    ),
    _manner(
        "thanks",
        "You are welcome.",
        "welcome",
        4,
        "<plain>.|<plain>[, <whom>].|<thanks>[, <whom>].|<thanks> <why>[, <whom>].|<thanks>, <nice>.|<thanks>[, <whom>], <nice>.|<nice>, <thanks>.|<thanks> <why>, <nice>.",
        plain="(thanks|thank you|thanks|thank you|thank you very much|thanks a lot|thank you so much|many thanks)",
        thanks="(thanks|thank you|thank you very much|thanks a lot|many thanks|thank you so much|thanks so much|i thank you|thanks very much|thank you kindly|a big thank you|thanks a bunch|thanks a ton|thanks heaps|a thousand thanks|a million thanks|thank you a million times|my thanks|all my thanks|big thanks|thanks ever so much|i appreciate it|i appreciate that|i really appreciate your help|i'm very thankful|i am so thankful|thankful for that|you helped me a lot|you helped me so much|that was so kind|cheers|much obliged|thank you, thank you|i want to thank you|i'd like to thank you|thanks a (lot|whole lot|bunch|thousand)|you (were|are) [so|very] (kind|helpful|nice), (thanks|thank you)|you (were|are) a [great|real|big] help, (thanks|thank you)|i am (very|really|so|truly) grateful|i'm grateful to you|how kind of you, (thanks|thank you)|i thank you (so much|very much|from my heart)|that helped [me] [a lot], (thanks|thank you)|you helped, thanks|thanks for being so (kind|nice|helpful)|i owe you [one]|what would i do without you|that was a [great|big] help)",
        why="(for that|for your help|for the answer|for helping me|for telling me|for everything|for the help|for your answer|for your time|for the information)",
        nice="(that was helpful|that helps|that was great|that was nice of you|you are great|you were a great help|very kind of you|very helpful|good job|well done|that's all i needed|that is what i needed|this is just what i was after|that's just the thing i wanted|just what i was hoping for|that's exactly what i meant|that was all i wanted to know|that's what i was looking for|just right|exactly right|perfect|wonderful|great)",
        whom="(parley|my friend|dear parley|assistant|computer|buddy)",
    ),
    _manner(
        "goodbye",
        "See you soon. Goodbye.",
        "goodbye",
        3,
        "<plain>.|<plain>[, <whom>].|<bye>[, <whom>].|<bye>, <bye>[, <whom>].|<go>, <bye>[, <whom>].|<bye>[, <whom>], <go>.|<go>.|<bye>[, <whom>], <wish>.|<wish>.",
        plain="(bye|goodbye|bye|goodbye|bye bye|see you|see you later|good night)",
        bye="(goodbye|bye|bye bye|goodbye then|see you|see you later|see you soon|see you tomorrow|good night|until next time|until tomorrow|so long|farewell|talk to you later|talk to you soon|take care|bye for now|goodbye for now|catch you later|see you around|see you next time|ciao|good bye my dear|adieu|i (will|shall) see you (soon|later|tomorrow), (bye|goodbye)|bye bye then|well goodbye|goodbye and (good night|take care|until tomorrow|thank you)|a good night to you|good night and goodbye|till next time|till tomorrow|i say goodbye|let me say goodbye|i want to say goodbye|now it is goodbye|this is goodbye)",
        go="(i have to go|i must go now|i need to go|i'm leaving|i am leaving now|i'm off|that's all for today|that was all|we are done|i'm going to bed|it's time to go|i have to leave now|let's stop here|i had a good time with you|it was good to talk to you|it was fun talking with you|i enjoyed our chat|thanks for the chat|thanks for talking to me|nice chatting with you|i'll be going then|i better get going|that's it for tonight|i am (going out|on my way|heading home|heading off|out of here) [now]|i'm (going home|on my way out|about to leave|going now)|i will (go|leave) now|now i (go|leave|must leave)|it is (late|bedtime), i (must|have to) go|time (to go|to leave|for bed)|it was (nice|lovely|a pleasure) (to talk to|talking with|to speak with|chatting with|to meet) you|i liked talking to you|i had fun|my (break|time) is over|i have to (work|sleep|run|catch my bus) now)",
        wish="(have a nice day|have a good day|have a good evening|have a nice evening|sleep well|have a good night|have a great day)",
        whom="(parley|my friend|dear parley|assistant|computer|everyone|buddy)",
    ),
    _manner(
        "who_are_you",
        "I am Parley, a voice assistant.",
        "parley",
        3,
        "[<hi>,] <who>?|<who>, <hi>?|<know> <name_clause>?|<wonder> <name_clause>.|<opener> <who>?|<bring> your name.|<introduce>[, please].|(please|can you|could you|would you|now|just) <introduce>.|(is there a chance that you|is it possible that you|may i ask you to|could i ask you to|i would like you to|i want you to|will you|why don't you|how about you) <introduce>.|i forgot <name_clause>.",
        hi="(hello|hi|hey|please|sorry|excuse me)",
        who="(who are you|what are you|what is your name|what's your name|who am i talking to|who is this|who is there|who is speaking|who am i speaking with|do you have a name|what are you called|how are you called|what should i call you|what can i call you|"
        "are you a robot|are you a person|are you a human|are you a machine|are you a computer|who exactly are you|with who do i speak|who is it that i talk with|with which assistant do i speak|to whom am i talking|to whom do i speak here|who do i speak with|may i know your name|may i ask who you are|who is on the line|who am i having this talk with|whose voice is this|who answers me here|who is talking to me|who are you supposed to be|what exactly are you|what kind of thing are you|who do i have the pleasure of talking to|your name|(to|with) whom (do|am) i (talk|speak|talking|chatting) [here]|with whom do i have the pleasure|and who are you|and you, who are you|and what are you called|and your name is what|you are which assistant|who (might|would|could) you be|who is (it|that) [speaking]|who do i hear|who do i have here|by what name (do you go|can i call you)|which name (do you have|is yours|did they give you)|what name (do you have|do you go by|should i use)|what do (others|your friends|your makers|we|they) call you|what does everybody call you|how do (people|others) call you|how should i (call|address) you|what shall i call you|do you go by a name|have you got a name|were you given a name|is there a name for you|have we met|i do not know you, who are you|we have not met, who are you|are you (human|a real person|a program|an assistant|alive or a machine)|what sort of (thing|machine|program|assistant) are you)",
        name_clause="(who you are|what you are|what your name is|who i am talking to|what you are called|what i should call you|what i can call you|who is speaking|if you have a name|if you are a robot|what they call you|whom i am talking to|with whom i talk|what your friends call you|what kind of thing you are|if you are (human|a machine|a person|a program)|whose voice this is|which name you have|how you are called)",
        introduce="(introduce yourself|say your name|tell me your name|tell me who you are|tell me about yourself|give me your name|tell me something about yourself|say who you are|present yourself|identify yourself|state your name|tell us who you are|explain who you are|tell me what you are|tell me what to call you|give us your name|say something about yourself|let me know who you are|let me know your name|repeat your name)",
    ),
    _manner(
        "abilities",
        "I know capitals, animals, colors and numbers.",
        "capitals animals colors numbers",
        3,
        "[<hi>,] <what>?|<what>, <hi>?|<know> <can>?|<wonder> <can>.|<opener> <what>?|<opener> <know> <can>?|<order>[, please].|(please|can you|could you|would you|now|just) <order>.|<what>, parley?|i forgot <can>.|i have forgotten <can>.",
        hi="(hello|hi|hey|please|sorry|excuse me)",
        what="(what can you do|what do you know|what are you able to do|how can you help me|what can i ask you|what can i ask|what questions can i ask|what are you good at|what are your skills|what do you know about|which questions can you answer|"
        "what can you tell me|what can you help me with|can you help me|i need help|help me|help|what topics do you know|what subjects do you know|what should i ask you|what things do you know|what are you for|what is your purpose|what else can you do|"
        "what else do you know|how do i use you|what do you understand|what all can you do|so what can you do for me|i'm new, what do you know|this is my first time, what can i ask|i just started, how can you help|what can you do for people|what works with you|what sort of help can i get|what kinds of help are there|which help can you give|what kind of things can you do|how could you help me|in what ways can you help|what help is there|what do you have to offer|what can you be used for|what (sort|kind|kinds|type|types) of (things|topics|tasks|subjects|answers|facts|help) (do|can) you (know|give|have|handle|take care of|provide)|(what|which) (sort|kind|kinds|type) of (questions|things) (can|may|should|do) (i ask [you]|people ask you|you take|you understand|you like)|which (questions|topics|things|subjects) (do you (answer|know|understand|like)|are you (made|good) for|may i ask)|what (would|could|might) you (know|tell me about|be good at|do for me|help me with|teach me|be used for)|what (may|might|could|shall|would|am i allowed to) i ask [you]|what are my options [here]|what (is|are) there to ask [you]|what (do|would) people [usually] ask you|what can i (do with you|use you for|learn from you|talk about with you|try|say to you|get from you)|what could we talk about|what shall we talk about|(i have|i've) no idea what (to ask|i can say|you can do)|i don't know what to (ask|say) [you]|any (tips|examples|suggestions) (of|for) what (to ask|i can say|you know)|any idea (what to ask you|what you can do|what you know|how you can help)|what (have you learned|were you taught|were you made for|did they teach you)|are you (able to help|useful) [for something]|is there (something|anything) you can (do|tell me|help with)|where can you help|with what can you help|in what are you good|how are you useful|how do you help people|how might you help [me]|i am (new|a beginner), (what can i ask|how do you help|what do you know|what should i do)|i just (met|found|installed) you, what can you do|give me (an example|examples) of what you can do|what would i ask you|tell me, what can you do|so, what do you know|say what you can do)",
        can="(what you can do|what you know|what i can ask you|what you are good at|how you can help me|what you can tell me|what you are able to do|which questions you can answer|what questions i can ask|what your skills are|what you know about|what you offer|what i can use you for|what to ask you|what kind of things you know|what sort of help you give|what you would be able to do|which topics you know|what questions you take|how to use you|what you were made for|what you understand|where you can help|what you have learned)",
        order="(tell me what you can do|show me what you can do|list your skills|tell me what you know|tell me what i can ask|tell me about your skills|explain what you can do|say what you can do|say what you know|tell me what to ask|tell me how to use you|tell me how you can help|give me an idea of what you can do|name the things that you can do|name your skills|describe what you can do|give me some help|introduce me to what you can do|help me get started|help me begin)",
    ),
]
