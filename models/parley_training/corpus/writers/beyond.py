"""Questions outside Mini's world, many of them close to its border, all declined in the same words."""

from parley_training.corpus.exchange import Fact, Writer
from parley_training.corpus.frames import wording
from parley_training.corpus.world import facts

DECLINE, KEY = "That is beyond me. Try a sum or a capital.", "beyond me"

_COUNTRIES = "|".join(row["country"] for row in facts("capitals"))
_CITIES = "|".join(row["capital"] for row in facts("capitals"))
_ANIMALS = "|".join(f"the {row['animal']}" for row in facts("animals"))

VOCABULARY = {
    "known_country": f"({_COUNTRIES})",
    "known_city": f"({_CITIES})",
    "known_animal": f"({_ANIMALS})",
    "far_country": "(Belize|Chad|Fiji|Togo|Benin|Mali|Niger|Angola|Zambia|Malawi|Rwanda|Uganda|Somalia|Sudan|Libya|Algeria|Gabon|Namibia|Botswana|Laos|Bhutan|Brunei|Oman|Yemen|Bahrain|Honduras|Nicaragua|El Salvador|Paraguay|Guyana|Suriname|"
    "Haiti|Barbados|Samoa|Tonga|Moldova|Bosnia|Montenegro|Kosovo|Uzbekistan|Turkmenistan|Tajikistan|Liberia|Gambia|Guinea|Mozambique|Madagascar|Zimbabwe)",
    "person": "(Albert Einstein|Isaac Newton|Mozart|Beethoven|Shakespeare|Napoleon|Cleopatra|Julius Caesar|Marie Curie|Charles Darwin|Picasso|Leonardo da Vinci|Elvis Presley|Gandhi|Nelson Mandela|Abraham Lincoln|Queen Victoria|Galileo|"
    "Michael Jackson|Taylor Swift|Charlie Chaplin|Walt Disney|Steve Jobs|Columbus|Aristotle|Plato|my neighbor|my boss|the pope|the king|the queen|your mother|your inventor)",
    "event": "(the world cup|the last election|the football match|the Olympic games|the war|the chess championship|the Nobel prize|the race yesterday|the tennis final|the lottery|the basketball game|the song contest|the Oscar for best picture)",
    "food": "(pizza|pancakes|lasagna|a chocolate cake|fried rice|apple pie|soup|bread|curry|sushi|a salad|noodles|scrambled eggs|a sandwich|dumplings|cookies|tea|an omelet|pasta|cheese|tacos|potato salad)",
    "music": "(music|jazz|some jazz|a song|some music|classical music|rock music|the radio|my playlist|something relaxing|a lullaby|the latest hits|some piano music|Beethoven|a podcast|an audiobook|the news)",
    "thing": "(the light|the lights|the heating|the television|the fan|the alarm|the kitchen light|the washing machine|the coffee machine|the air conditioner|the door|the garage|the lamp|the computer|the oven)",
    "somebody": "(my mother|my father|my brother|my sister|John|Mary|Anna|Peter|my wife|my husband|the doctor|my office|the police|the dentist|Tom|my friend|Susan|grandma|my teacher|the school)",
    "when": "(today|tomorrow|on Monday|this weekend|next week|tonight|this evening|yesterday|next month|in the morning|on Friday|at noon|this summer|last year)",
    "science": "(a black hole|gravity|photosynthesis|an atom|electricity|the theory of relativity|quantum physics|a molecule|evolution|a virus|magnetism|an earthquake|a volcano|a rainbow|inflation|democracy|a computer chip|artificial intelligence|"
    "philosophy|a neuron|radiation|nuclear power|the internet|a transistor|algebra|a prime number|the square root of two|a haiku|a metaphor|the stock market)",
    "building": "(the Eiffel tower|the great wall|the pyramids|the white house|the Empire State building|the Golden Gate bridge|the Colosseum|the Taj Mahal|Mount Everest|Big Ben|the statue of liberty|the highest mountain|the longest river|the deepest lake|the moon)",
    "work": "(Hamlet|the Mona Lisa|Romeo and Juliet|the Bible|Harry Potter|the magic flute|War and Peace|Don Quixote|the Odyssey|Moby Dick|the starry night|that song|this book|the fifth symphony|Star Wars|Titanic)",
    "device": "(the telephone|the light bulb|the wheel|the airplane|the computer|the car|the radio|paper|the printing press|the telescope|the steam engine|the bicycle|television|penicillin|the camera|dynamite)",
    "big": "(two hundred|three hundred|five hundred|a thousand|a million|two thousand|nine hundred|one hundred fifty|four hundred twenty|ten thousand)",
    "small": "(two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty)",
    "product": "(a phone|a bicycle|a laptop|a ticket|shoes|a car|a house|a coat|a guitar|flowers|a camera|groceries|a train ticket|a hotel room|a table for two|concert tickets|a taxi)",
    "noun": "(table|window|garden|bridge|rocket|mirror|candle|bottle|carpet|hammer|ladder|needle|pencil|pillow|pocket|ribbon|saddle|shovel|spoon|statue|sweater|ticket|tower|trumpet|umbrella|violin|wallet|"
    "whistle|zipper|anchor|balloon|basket|blanket|button|canoe|castle|ceiling|clock|compass|curtain|diamond|drawer|drum|engine|envelope|fence|feather|fountain|fridge|glove|helmet|hotel|island|jacket|kettle|"
    "keyboard|kitchen|lantern|library|magnet|market|medal|motor|mountain|necklace|notebook|ocean|oven|parade|piano|pirate|puzzle|pyramid|rainbow|river|robot|sail|sandwich|school|scooter|shadow|sofa|stadium|"
    "station|storm|suitcase|surgeon|teacher|theater|thunder|toaster|tractor|train|treasure|tunnel|valley|vampire|village|wagon|waterfall|wedding|wizard|farmer|lawyer|dentist|painter|soldier|sailor|baker|doctor)",
    "verb": "(break|build|buy|carry|catch|clean|cut|drop|fix|hide|hold|keep|lift|lose|measure|move|open|paint|pack|park|plan|repair|sell|send|share|steal|store|test|throw|touch|trust|use|visit|wash|wear)",
    "quality": "(broken|dirty|expensive|heavy|important|late|lonely|loud|noisy|old|popular|red|ready|round|safe|slippery|slow|sticky|strange|tired|wet|famous|empty|brave|clever|dangerous)",
    "film": "(film|movie|book|series|restaurant|song|game|hotel|museum|recipe|podcast|poem)",
}

_DIRECT = (
    "(what|how much) is (half|double|twice|a third|a quarter|a tenth) of (<small>|<big>)|(a third|a quarter|a tenth) of (<small>|<big>) makes what|what is <small> (cubed|to the power of <small>)|<small> squared (is|makes) what|"
    "(share|divide) <small> (among|between) <small> (friends|children|people), (how many|what) does each get|if <small> (friends|children) share <small>, how much (is|has) each|how many (feet|meters|ounces|cups|seconds|minutes|grams|pennies|centimeters) (are|go|are there) in (a|one|<small>) (mile|kilometer|pound|liter|dollar|gallon|foot|meter)|"
    "which (animal|bird|fish|insect|tree|flower|country|city|river) (is|was) the (biggest|fastest|oldest|longest|heaviest|smartest|rarest)|which (animal|bird|fish|insect) can (swim|jump|dive|run|sing|see|live) (the farthest|the highest|best|under water|at night|without water)|who is stronger, <known_animal> or <known_animal>|"
    "would <known_animal> beat <known_animal>|what (appointments|events|plans|tasks|reminders) (do i have|are on my (calendar|list|plan)) [<when>]|what is on my (calendar|agenda|list) [<when>]|is there any (rain|snow|storm|fog) (coming|expected) [<when>]|is a storm coming <when>|"
    "what is the (longest|highest|oldest|deepest|tallest|widest) (tunnel|lake|river|mountain|road|wall) (in the world|on earth|in <known_country>|)|which (phone|laptop|car|camera|bicycle|television|tablet) (should i buy|is the best|is good and cheap|is worth the money)|"
    "my <noun> is [too|very] <quality>, what (should|do) i do|my (computer|phone|tablet|car|bicycle|printer|washing machine) (is broken|makes a noise|does not start|keeps crashing|is getting hot), (what now|what should i do|how do i fix it)|why do (leaves|trees|flowers|rivers|clouds|stars) (fall|grow|smell|move|shine|freeze)|"
    "(which|what) town (is|has) the government of <far_country>|which city governs <far_country>|which money would i need in <far_country>|what do people pay with in <far_country>|what do people in <far_country> speak|how does a <noun> work|where can i find a <noun>|who made the first <noun>|why is (my|the|your) <noun> [so] <quality>|should i <verb> (my|the|a) <noun>|what happens if i <verb> a <noun>|how do i <verb> a <noun>|can you <verb> (my|the|a) <noun>|"
    "how (much|big|old|heavy|far|tall) is (a|the|my) <noun>|when (will|can|did) (i|we|they) <verb> the <noun>|did (you|they|anybody) <verb> (my|the) <noun>|where is the <noun>|which <noun> is the most <quality>|who has the most <quality> <noun>|is (my|the|that) <noun> <quality>|"
    "what is inside a <noun>|what is a <noun> made of|why do people <verb> a <noun>|who is the <noun>|what did the <noun> <verb>|have you ever seen a <quality> <noun>|do you like my <noun>|how many people <verb> a <noun> every year|are there <quality> things in the <noun>|"
    "what is the capital of <far_country>|what's the capital city of <far_country>|which language is spoken in <far_country>|"
    "who (won|will win|is going to win|lost|watched|played in) <event> [<when>]|when (is|was) <event>|where (is|was) <event>|what was the score in <event>|who is <person>|who was <person>|when was <person> born|when did <person> (die|live)|"
    "how old (is|was) <person>|where was <person> born|what did <person> (do|say|write|invent|discover|eat)|how tall (is|was) <person>|what is <person> famous for|is <person> still alive|what is the (weather|temperature) [like] (|<when>|in <known_city>|in <known_country>)|"
    "what's the (weather|forecast) (|<when>|in <known_city>|for <when>)|will it (rain|snow|be sunny|be hot|be windy) (|<when>|in <known_city>)|do i need an umbrella <when>|is it (raining|snowing|cold|warm) (outside|in <known_city>)|"
    "what is the capital of <far_country>|which (city|town) is the capital of <far_country>|what's the currency of <far_country>|what language do they speak in <far_country>|where is <far_country>|"
    "how many people live in (<known_country>|<known_city>|<far_country>)|what is the population of (<known_country>|<known_city>)|who is the (president|king|prime minister|queen) of <known_country>|how (big|old|rich|far away|safe|beautiful) is (<known_country>|<known_city>)|"
    "what is the (best food|national animal|national anthem|flag|largest river|highest mountain|climate|second largest city|time) (of|in) <known_country>|how do i get to <known_city>|how long is the flight to <known_city>|what can i (see|eat|buy) in <known_city>|"
    "when was <known_city> founded|who built <known_city>|what is <known_city> famous for|what does <known_animal> eat|how (fast|heavy|old|big|long|smart) is <known_animal>|how long does <known_animal> live|can <known_animal> (swim|fly|climb|see at night)|"
    "why does <known_animal> (sleep|run|hide|sing) [so much]|how many (teeth|eyes|babies|hairs) does <known_animal> have|is <known_animal> dangerous|how do (i|you) (make|cook|bake|prepare) <food>|what goes into <food>|how many calories does <food> have|"
    "where can i (buy|eat|get) <food>|what is the recipe for <food>|is <food> healthy|how much does <product> cost|where can i (buy|find|get) <product>|what is <science>|how does <science> work|what causes <science>|who (discovered|studied|explained) <science>|"
    "why do we need <science>|how (tall|old|high|far away|heavy|long) is <building>|who built <building>|where is <building>|who (wrote|made|painted|created|directed) <work>|what is <work> about|when was <work> (written|made)|who invented <device>|when was <device> invented|"
    "how does <device> work|what is <small> times <small>|how much is <small> times <small>|what is <small> multiplied by <small>|what is <big> (plus|minus|times|divided by) <small>|what is <small> divided by <small>|what is the square root of <big>|what is <small> percent of <big>|"
    "what is <small> squared|how many grams are in <small> pounds|how many miles are <small> kilometers|what time is it [now]|what is the time in <known_city>|what is the date <when>|what day is it today|how late is it|what do i have <when>|do i have any (messages|meetings|appointments) [<when>]|"
    "what (film|movie|game) is on <when>|can you recommend a good <film>|what is a good <film>|do you know a good <film>|why is (the sky blue|the sea salty|grass green|ice slippery|the sun hot|snow white)|why do (people|cats|dogs|birds|babies) (dream|sing|cry|yawn|sleep)|"
    "what is the meaning of life|do you (love me|have feelings|sleep|eat|believe in ghosts|like <food>)|how do i (tie a tie|fix a flat tire|learn to swim|lose weight|write a letter|get rich|change a light bulb|clean a carpet|open a bank account|grow tomatoes|get a passport)|"
    "what should i (wear|eat|cook|buy|read|watch|do) [<when>]|what's in the news [<when>]|how is the traffic <when>|when does the (next train|next bus|shop|museum|flight to <known_city>|pharmacy) (leave|open|close)|what is (the stock price|the exchange rate|the price of gold) [<when>]|"
    "(should|must|shall) i (wear|bring|take) (a|my) (coat|hat|scarf|raincoat|sweater|cap) (when i leave|when i walk home|before i leave|if i go for a walk|<when>|)|do i need (a coat|boots|gloves|sunglasses) (out there|when i leave|<when>)|"
    "is it (about|likely|supposed|going) to (rain|snow|hail|clear up|get cold|get warmer|be foggy) (soon|tonight|<when>|in an hour)|how do you say (good morning|good night|i love you|how are you|my friend|excuse me) in (Polish|Greek|Dutch|Swedish|Turkish|Arabic|Hindi|French|Spanish)|"
    "what (are|is) <small> (cubed|doubled|halved|times itself|to the third power)|what makes (the leaves turn red|the wind blow|the moon change|trees bloom|the days shorter|people laugh)|why do (the days get shorter|birds fly south|trees bloom|apples get ripe|leaves turn red)|"
    "which is better, (tea or coffee|cats or dogs|summer or winter|a car or a bike)|what rhymes with (orange|cat|house|blue|time|heart)|how do you spell (necessary|rhythm|beautiful|Wednesday|banana|elephant|neighbor)|what does (serendipity|ubiquitous|melancholy|ephemeral|stubborn|frugal) mean|"
    "what is (hello|goodbye|thank you|water|love|cheese|please) in (French|German|Spanish|Japanese|Chinese|Italian|Latin)|who is the (tallest man|richest person|oldest woman|best singer|fastest runner) in the world|where (are my keys|is my phone|did i park|is the nearest station|is the toilet)|"
    "how many (stars|fish|books|cars|trees|bones|languages|islands) are there (in the world|in <known_country>|)|what is the (biggest|oldest|strangest|most expensive|fastest) (car|city|book|ship|tree|computer) in the world"
)
_CLAUSE = (
    "how a <noun> works|where the <noun> is|why the <noun> is [so] <quality>|how to <verb> a <noun>|who made the first <noun>|what a <noun> is made of|if the <noun> is <quality>|when they <verb> the <noun>|how much a <noun> costs|"
    "who (won|will win) <event>|who <person> (is|was)|when <person> was born|what the weather (is|will be) [like] <when>|if it will (rain|snow) <when>|what the capital of <far_country> is|how many people live in (<known_country>|<known_city>)|"
    "who the (president|king|prime minister) of <known_country> is|how to (cook|make|bake) <food>|how much <product> costs|what <science> is|how <science> works|how (tall|old|high) <building> is|who (wrote|made|painted) <work>|who invented <device>|"
    "what <small> times <small> is|what <small> divided by <small> is|what time it is|what the date is <when>|what <known_animal> eats|how (fast|old|big) <known_animal> is|where i can (buy|find) <product>|why (the sky is blue|the sea is salty|people dream)|"
    "how far it is to <known_city>|how to get to <known_city>|what <work> is about|when <event> (is|was)|what (serendipity|stubborn|frugal) means"
)
_TOPIC = (
    "a story about a <noun>|a picture of a <noun>|the best way to <verb> a <noun>|the history of the <noun>|a <quality> <noun>|the name of the <quality> <noun>|the reason why the <noun> is <quality>|the capital of <far_country>|"
    "the weather [<when>]|the weather in <known_city>|the population of <known_country>|the president of <known_country>|the capital of <far_country>|a recipe for <food>|the price of <product>|the height of <building>|the inventor of <device>|the author of <work>|"
    "the winner of <event>|the news [<when>]|a joke|a story about <known_animal>|a good <film>|something about <person>|something about <science>|the history of <known_country>|the time in <known_city>|<small> times <small>|a poem about <known_animal>|a fun fact|"
    "the age of <person>|the flag of <known_country>|the food of <known_animal>|the way to <known_city>|the square root of <big>|a riddle|the lyrics of <work>"
)
_FRAGMENT = (
    "capital city of <far_country>|a third of <small>|my meetings <when>|weather <when>|weather in <known_city>|recipe for <food>|<small> times <small>|<small> divided by <small>|population of <known_country>|president of <known_country>|capital of <far_country>|<building>, how (tall|old|high)|<person>, who is that|news [<when>]|"
    "price of <product>|traffic <when>|winner of <event>|time in <known_city>|flights to <known_city>|<far_country>, capital|history of <known_city>"
)
_ORDER = (
    "<verb> (the|my|a) <noun>|tell me [something] about (the|a) <noun>|<verb> the <quality> <noun>|describe a <quality> <noun>|bring me a <noun>|compare a <noun> with a <noun>|make the <noun> less <quality>|think of a <quality> <noun>|"
    "say (good morning|good night|hello|please|i love you|how are you) in (Polish|Greek|Dutch|Swedish|Turkish|Arabic|Hindi|French|Spanish)|(cube|halve|double|square) <small>|"
    "play <music>|play <music>|put on <music>|(turn|switch) (on|off) <thing>|turn <thing> (on|off)|(call|phone|ring) <somebody>|send a message to <somebody>|write an email to <somebody>|text <somebody> that i'm late|set (a timer|an alarm) for <small> (minutes|hours|seconds)|"
    "wake me up at <small>|make a note to (call <somebody>|buy milk|take my pills|go shopping|water the plants) [<when>]|tell me a (joke|story|riddle|secret|fairy tale)|sing (a song|happy birthday|a lullaby|for me)|order <food>|order <product>|buy <product>|book <product> [for <when>]|"
    "open (the window|my email|the calendar|the browser|the camera|the garage)|close (the window|the door|the curtains)|show me (the map|my photos|pictures of <known_city>|the way to <known_city>|the news)|translate (hello|good night|this sentence|thank you) into (French|German|Spanish|Chinese)|"
    "spell (necessary|rhythm|beautiful|banana|elephant)|multiply <small> by <small>|divide <small> by <small>|explain <science>|describe <building>|write (a poem|a letter|a story|an essay|some code)|search for <product>|find a <film>|recommend a <film>|read me (the news|a book|my messages)|"
    "take (a photo|a note|a picture)|add (milk|eggs|bread|butter) to (my shopping list|the list)|cancel my (meeting|alarm|order|appointment) [<when>]|navigate to <known_city>|drive me home|clean the (kitchen|floor|bathroom)|roll a die|flip a coin|draw (a cat|a house|a picture)|"
    "tell me about (<person>|<science>|<known_city>|<building>)|guess my (age|name|weight)|dance for me|make me (<food>|a coffee)"
)

beyond = Writer(
    "beyond",
    wording(
        direct=f"({_DIRECT})", clause=f"({_CLAUSE})", topic=f"({_TOPIC})", fragment=f"({_FRAGMENT})", order=f"({_ORDER})", **VOCABULARY
    ),
    [Fact({}, DECLINE, KEY)],
    weight=18,
)
