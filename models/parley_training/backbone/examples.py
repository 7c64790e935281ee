"""What the backbone learns from, one example at a time: a prompt and the answer that should follow, in the bundle's chat format."""

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from parley_models.interleave import Segment, interleave
from parley_models.prompt import Message, Prompt, system_text
from parley_models.text_tokenizer import TextTokenizer
from parley_models.tokens import Codes, SpeechTokens
from parley_training.backbone.composing import PEOPLE, Composer, voice_of
from parley_training.backbone.keys import key_pieces
from parley_training.backbone.listening import BROKEN_OFF, Heard, Listener
from parley_training.backbone.mishearing import Mishearing
from parley_training.backbone.miswriting import Miswriting
from parley_training.backbone.pool import COURTESY_SHARE, HARD, HARD_SHARE, Pool, idle_ones
from parley_training.backbone.questions import Question
from parley_training.backbone.stretch import Stretch
from parley_training.corpus import anything
from parley_training.corpus.dialogue import write, write_by_word
from parley_training.corpus.disturbance import disturbed, idle, plain
from parley_training.corpus.exchange import Exchange
from parley_training.corpus.roles import COURTESIES, GREETINGS, ROLES, played
from parley_training.corpus.vocabulary import IMPOLITE, phrase
from parley_training.corpus.wide.human_words import BARE_WORD, WORDS, bare_word
from parley_training.text.recipe import LAYOUT

READ_ALOUD = "Read this aloud."
REPLY_IN_TEXT = "Answer in writing."
SPLICED_SHARE = 0.25
"""Share of what is written along that is the beginning of one recording and the end of another: then only listening helps, not guessing."""
RARE_SHARE = 0.004
"""Words that are rarer than this among the questions' words are what a question is about; they weigh like the keys of answers."""
WORLD_SHARE = 0.55
"""Share of what is written along that is drawn from questions; the rest is everyday phrases and readings. At 0.8, and with strings of
dictionary words instead of phrases, Mini 0.4 heard "My teacher asks" as "maitie schet gramass", in a voice of which its ears miss 10 %."""
PLAIN_SHARE = 0.6
"""Typed questions that come as heard ones are written: lower case, no punctuation."""
DISTURBED_SHARE = 0.35
"""Plain questions with words around and between that mean nothing, or without small words: people say things no grammar foresees."""
RARE_ANSWER_SHARE = 0.6
"""Answers in sound for which each word that must be right in one is as likely as any other. Half of all answers hold numbers, which are
soon said right; of what Mini 0.8 knew and the judge did not hear, nearly all was words of one answer only (hoot, Tirana, leu)."""
ANYTHING_SHARE = 0.12
"""Questions out of the grammars that are about anything, and declined. Of the examination's 74 outside questions Mini 0.10 took 17 for
some of its world, typed as often as heard; and where hardly any was declined aloud, a training that was mostly spoken unlearned it."""
COMPOSED_SHARE = 0.4
"""Heard questions that nobody recorded (`composing`)."""
ASKING_SHARE = 0.4
"""Of everyday phrases that nobody recorded, those that begin as questions do."""
SHORTEST_PHRASE, LONGEST_PHRASE = 3, 9
PEOPLE_SHARE = 0.3
"""Share of what is written along that people said: half of it sentences, of which there are a tenth as many as of words said alone. At a
twentieth, which was their share of the recordings, Mini 0.13 with better ears heard no more of their bare words than 0.12."""
BARE_SHARE = 0.05
"""Questions that are a word said alone; of heard ones most by people."""
CHATTY_SHARE = 0.12
"""Questions out of the grammars that are greetings, thanks and the like: what people say most. Where they came by their weight alone,
"Thanks!" was taken for a word said alone."""
ROLE_SHARE = 0.2
"""Answers that are given in a role."""
COMMON_COUNT = 20
"""Words that the questions hold so often may be written for others."""


class ExampleWriter:
    """Writes examples of every task."""

    def __init__(
        self, text_model: Path, questions: Sequence[Question], answers: Mapping[str, Codes], mishear: Mishearing, rng: random.Random
    ) -> None:
        questions = [question for question in questions if not IMPOLITE & set(question.words)]
        self._mishear = mishear
        self.tokenizer = TextTokenizer(text_model)
        self.prompt = Prompt(self.tokenizer, LAYOUT)
        self._questions, self._answers = questions, answers
        self.rng = rng
        """What every example is drawn by, and nothing else."""

        self._listen = listener_of(questions, self.tokenizer, rng)
        self._compose = Composer(questions)
        self._bare = [each for each in questions if each.exchange.intent == BARE_WORD and each.exchange.answer in answers]
        self._answered = [question for question in questions if question.exchange.answer and question.exchange.intent != BARE_WORD]
        self._unanswered = [question for question in questions if not question.exchange.answer]
        by_people = [question for question in questions if voice_of(question) == PEOPLE]
        kinds = ([each for each in by_people if (len(each.words) == 1) == alone] for alone in (True, False))
        self._by_people = [kind for kind in kinds if kind]
        idle = idle_ones(self._unanswered)
        self._in_writing = Pool(self._answered, idle)
        self._spoken = Pool([question for question in self._answered if question.exchange.answer in answers], idle)
        self._texts = list(answers)
        self._opening = self.prompt.opening("assistant")
        self._vital: dict[tuple[str, str], set[int]] = {}

    def text(self) -> Stretch:
        """Typed question, written answer."""
        role = self._role()
        return self._typed(self._in_role(self._drawn(role), role), REPLY_IN_TEXT)

    def typed(self) -> Stretch:
        """Typed question, spoken answer."""
        role = self._role()
        return self._typed(self._in_role(self._drawn(role, spoken=True, by_word=self.rng.random() < RARE_ANSWER_SHARE), role))

    def heard(self) -> Stretch:
        """Heard question, spoken answer: what Parley is for."""
        return self._heard(self._spoken, by_word=self.rng.random() < RARE_ANSWER_SHARE)

    def heard_in_writing(self) -> Stretch:
        """Heard question, written answer: three times as many questions in the same time."""
        return self._heard(self._in_writing, REPLY_IN_TEXT)

    def followed(self) -> Stretch:
        """Speech written along: mostly of Mini's world, the rest of any kind."""
        question = self._any_question()
        if self.rng.random() < SPLICED_SHARE:
            first, second = self._hear(question), self._hear(self._any_question())
            at, on = self.rng.randint(0, len(first.words)), self.rng.randint(0, len(second.words))
            return self._listened("", first.part(0, at).then(second.part(on, len(second.words))), whole=False)
        return self._listened("", self._hear(question), whole=_is_whole(question.exchange))

    def _any_question(self) -> Question:
        if self._by_people and self.rng.random() < PEOPLE_SHARE:
            return self.rng.choice(self.rng.choice(self._by_people))
        of_the_world = self._answered and self.rng.random() < WORLD_SHARE
        composed = None
        if self.rng.random() < COMPOSED_SHARE:
            composed = self._composed(self._written("") if of_the_world else self._phrase())
        return composed or self.rng.choice((self._answered if of_the_world else self._unanswered) or self._questions)

    def _phrase(self) -> Exchange:
        """Everyday words that ask nothing of Mini, or anything."""
        if self.rng.random() < ASKING_SHARE:
            words = anything.ask(self.rng, frozenset())
        else:
            words = phrase(self.rng, self.rng.randint(SHORTEST_PHRASE, LONGEST_PHRASE))
        return Exchange("words", " ".join(words), "", "")

    def _composed(self, exchange: Exchange) -> Question | None:
        """The exchange with a question that nobody recorded; None where one of its words was never recorded."""
        words = plain(exchange.question)
        if exchange.answer and exchange.intent != BARE_WORD and self.rng.random() < DISTURBED_SHARE:
            words = disturbed(words, self.rng)
        return self._compose(replace(exchange, question=words), words.split(), self.rng)

    def read_aloud(self) -> Stretch:
        """A sentence, spoken."""
        text = self.rng.choice(self._texts)
        begin = self.prompt.conversation([Message("system", (READ_ALOUD,)), Message("user", (text,))])
        return Stretch.given(begin).say(interleave([self.spoken(Exchange("", "", text, ""))], LAYOUT))

    def recited(self) -> Stretch:
        """A character's greeting: nobody asked, the words are given."""
        greeting = self.spoken(Exchange("", "", self._greeting(), ""))
        return Stretch.given(self.prompt.conversation([])).say(interleave([greeting], LAYOUT))

    def _greeting(self) -> str:
        greetings = [text for text in GREETINGS if text in self._answers] or self._texts
        return self.rng.choice(greetings)

    def spoken(self, exchange: Exchange) -> Segment:
        """An answer in the answering voice."""
        return self._segment(exchange.answer, np.concatenate([self._answers[part.text] for part in exchange.segments]))

    def _drawn(self, role: str, *, spoken: bool = False, by_word: bool = False) -> Exchange:
        """A question that nobody recorded: out of the grammars, or about anything. `spoken`: its answer has been."""
        if self.rng.random() < ANYTHING_SHARE and ((nothing := idle(self.rng)).answer in self._answers or not spoken):
            return nothing
        return self._answerable(role, by_word=by_word) if spoken else self._written(role)

    def _written(self, role: str) -> Exchange:
        """A question out of the grammars, as likely of each kind as heard ones are, or a word said alone."""
        if (drawn := self.rng.random()) < BARE_SHARE and (alone := bare_word(self.rng.choice(WORDS))):
            return replace(alone, parts=())
        drawn = self.rng.random()
        seldom = COURTESIES if drawn < (COURTESY_SHARE if role else CHATTY_SHARE) else HARD if drawn > 1 - HARD_SHARE else ()
        return write(self.rng, self.rng.choice(seldom) if seldom else None)

    def _answerable(self, role: str, *, by_word: bool) -> Exchange:
        """A question out of the grammars whose answer has been spoken."""
        while (exchange := write_by_word(self.rng) if by_word else self._written(role)).answer not in self._answers:
            pass
        return exchange

    def _role(self) -> str:
        """The role that is played next, seldom any."""
        return self.rng.choice(ROLES) if self.rng.random() < ROLE_SHARE else ""

    def _in_role(self, exchange: Exchange, role: str) -> Exchange:
        """The exchange in the role, if that is one and its words have been spoken."""
        acted = played(exchange, role, self.rng) if role else exchange
        return acted if acted.segments[0].text in self._answers else exchange

    def _typed(self, exchange: Exchange, instruction: str = "") -> Stretch:
        shown = exchange.question
        if self.rng.random() < PLAIN_SHARE:
            shown = plain(shown)
            disturb = exchange.intent != BARE_WORD and self.rng.random() < DISTURBED_SHARE
            shown = disturbed(shown, self.rng) if disturb else shown
        system = system_text(exchange.system, instruction)
        messages = [Message("system", (system,))] if system else []
        begin = self.prompt.conversation([*messages, Message("user", (shown,))])
        return self._answered_by(Stretch.given(begin), exchange, in_writing=bool(instruction))

    def _answered_by(self, stretch: Stretch, exchange: Exchange, *, in_writing: bool) -> Stretch:
        """The stretch with an answer behind it; where its key stands is vital."""
        answer = self._segment(exchange.answer, None) if in_writing else self.spoken(exchange)
        return stretch.say(interleave([answer], LAYOUT), self._key_pieces(exchange.answer, exchange.key))

    def _key_pieces(self, answer: str, key: str) -> set[int]:
        """Which pieces of an answer spell its key."""
        if (answer, key) not in self._vital:
            self._vital[answer, key] = key_pieces([self.tokenizer.encode(answer)], key, self.tokenizer)
        return self._vital[answer, key]

    def _heard(self, pool: Pool, instruction: str = "", *, by_word: bool = False) -> Stretch:
        role, composed = self._role(), None
        if self.rng.random() < COMPOSED_SHARE:
            composed = self._composed(self._drawn(role, spoken=not instruction, by_word=by_word))
        if self._bare and self.rng.random() < BARE_SHARE:
            composed = self.rng.choice(self._bare)
        question = composed or pool.draw(self.rng, in_role=bool(role), by_word=by_word)
        exchange = self._in_role(question.exchange, role)
        system = system_text(exchange.system, instruction)
        stretch = self._listened(system, self._hear(question), whole=_is_whole(exchange), broken_off=0.0)
        stretch.read([LAYOUT.eot, *self._opening])
        return self._answered_by(stretch, exchange, in_writing=bool(instruction))

    def _listened(self, system: str, heard: Heard, *, whole: bool = True, broken_off: float = BROKEN_OFF) -> Stretch:
        begin = self.prompt.conversation([Message("system", (system,))] if system else [])
        begin = begin[: len(begin) - len(self._opening)] + self.prompt.opening("user")
        stretch = Stretch.given(begin)
        stretch.join(self._listen(heard, whole=whole, broken_off=broken_off))
        return stretch

    def _hear(self, question: Question) -> Heard:
        """One of the question's hearings, with mistakes."""
        heard = question.heard(self.rng.randrange(len(question.hearings)))
        return replace(heard, codes=self._mishear(heard.codes, np.random.default_rng(self.rng.getrandbits(32))))

    def _segment(self, text: str, codes: Codes | None) -> Segment:
        return Segment(tuple(self.tokenizer.encode(text)), SpeechTokens.empty() if codes is None else SpeechTokens(codes))


def _is_whole(exchange: Exchange) -> bool:
    """Whether it can be answered as soon as its last word was said: a word alone may be how anything begins."""
    return bool(exchange.answer) and exchange.intent != BARE_WORD


def listener_of(questions: Sequence[Question], tokenizer: TextTokenizer, rng: random.Random) -> Listener:
    """What makes stretches of these questions, and knows which of their words are rare and which are taken for one another."""
    counts = Counter(word for question in questions for word in question.words)
    miswrite = Miswriting(word for word, count in counts.items() if count >= COMMON_COUNT)
    return Listener(tokenizer, rng, vital=rare_words(counts), miswrite=miswrite)


def rare_words(counts: Counter[str]) -> frozenset[str]:
    """Of the words that questions hold, by how often, those that come seldom: what a question is about."""
    return frozenset(word for word, count in counts.items() if count < RARE_SHARE * counts.total())


TASKS: dict[str, Callable[[ExampleWriter], Stretch]] = {
    "text": ExampleWriter.text,
    "typed": ExampleWriter.typed,
    "heard": ExampleWriter.heard,
    "heard_in_writing": ExampleWriter.heard_in_writing,
    "followed": ExampleWriter.followed,
    "read_aloud": ExampleWriter.read_aloud,
    "recited": ExampleWriter.recited,
}
