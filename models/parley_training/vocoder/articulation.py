"""Say answers anew until they are understood: from the teacher's codes, in every voice, the judge shall hear the word that counts.

    python -m parley_training.vocoder.articulation --vocoder runs/vocoder/bundle

A fact is a sentence in which one word counts, and what the voices make of the teacher's codes is not always taken for that word. Such an
answer is spoken anew, slower or higher, and heard again; the first rendition that is understood in every voice is taken, else the one
understood in most. The codes in TOKENS/answers.npz are exchanged for those of the rendition, TOKENS/renditions.json says which is whose,
and a run that was stopped goes on. What the backbone learns to say is then what can be heard.
"""

import argparse
import json
import random
from collections.abc import Callable, Iterable
from pathlib import Path

from tqdm import tqdm

from parley_models.evaluation.candidates import candidates
from parley_models.evaluation.judge import Judge
from parley_models.evaluation.questions import Question, answer_spaces, is_right, normalize, questions
from parley_models.style import Style
from parley_models.tokens import Codes
from parley_models.vocoders.flow_hift import FlowHift
from parley_training.corpus.answers import speak
from parley_training.corpus.dialogue import write
from parley_training.corpus.lines import style_line, style_of
from parley_training.corpus.spoken import spoken_parts
from parley_training.homes import add_folders, at_home
from parley_training.tokens.ears import TrainedEars
from parley_training.tokens.recipe import codes_of, save_codes
from parley_training.vocoder.speaking import spoken
from parley_training.vocoder.styles import HERE

RENDITIONS = (
    Style(),
    Style(rate=0.92),
    Style(rate=0.85),
    Style(pitch=1.0),
    Style(rate=0.92, pitch=1.0),
    Style(rate=0.85, pitch=-1.0),
)
"""Tried in this order: as little as possible is unlike the rest."""

DRAWN = 40_000
"""Exchanges in which every fact comes up."""

SAVED_EVERY = 20

Understood = Callable[[Question, Codes], int]
"""In how many voices the judge hears the answer."""

Teach = Callable[[str, Style], Codes]
"""The teacher's codes of a text."""


def facts_told() -> dict[str, Question]:
    """Every answer of Mini 0's world that tells a fact, with a question for it."""
    known = {each.intent: each.category for each in questions() if each.category == "Knowledge"}
    rng, found = random.Random(-1), dict[str, Question]()
    for _ in range(DRAWN):
        exchange = write(rng, world="mini0")
        if exchange.intent in known:
            written = {normalize(key): key for key in answer_spaces()[exchange.intent].keys}
            key = written[normalize(exchange.key)]  # hee-haw, where the exchange has hee haw
            about = Question(known[exchange.intent], exchange.intent, exchange.question, exchange.answer, key)
            found.setdefault(exchange.answer, about)
    return found


def clearest(question: Question, plain: Codes, teach: Teach, understood: Understood, voices: int) -> tuple[Style, Codes]:
    """The first rendition that is understood in every voice, else the first of those understood in most; with its codes."""
    best, most = (RENDITIONS[0], plain), -1
    for style in RENDITIONS:
        codes = teach(question.answer, style) if style != Style() else plain
        count = understood(question, codes)
        if count > most:
            best, most = (style, codes), count
        if most == voices:
            break
    return best


def judging(vocoder: FlowHift) -> Understood:
    """The examination's judge, listening to every voice."""
    judge = Judge()

    def understood(question: Question, codes: Codes) -> int:
        heard = (judge.hear(spoken(vocoder, voice, codes), candidates(question)) for voice in vocoder.voices)
        return sum(is_right(question, sentence) for sentence in heard if sentence)

    return understood


def teaching(ears: TrainedEars) -> Teach:
    """The teacher, as these ears hear him."""
    return lambda text, style: ears.hear_answer(speak(text, style))


class Renditions:
    """The answers' codes, and which of them are not spoken plainly; both are kept on disk."""

    def __init__(self, tokens: Path, corpus: Path) -> None:
        self._path, self._record = tokens / "answers.npz", tokens / "renditions.json"
        self._codes = codes_of(self._path)
        told = spoken_parts(corpus / "answers")
        self._places = {text: place for place, (text, style) in enumerate(told) if style == Style()}
        self.chosen: dict[str, Style] = {}
        if self._record.exists():
            self.chosen = {text: style_of(line) for text, line in json.loads(self._record.read_text()).items()}

    def open(self, texts: Iterable[str]) -> list[str]:
        """Those that are spoken and for which no rendition was chosen yet, in order."""
        return sorted(text for text in texts if text in self._places and text not in self.chosen)

    def codes(self, text: str) -> Codes:
        """How it is said by now."""
        return self._codes[self._places[text]]

    def take(self, text: str, style: Style, codes: Codes) -> None:
        """Say it so from now on."""
        self._codes[self._places[text]], self.chosen[text] = codes, style

    def save(self) -> None:
        """The codes first: an answer that the record does not name is gone through again."""
        save_codes(self._path, self._codes)
        self._record.write_text(json.dumps({text: style_line(style) for text, style in sorted(self.chosen.items())}, indent=0))


def main() -> None:
    """Read the command line and choose."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_folders(parser, corpus="corpus", tokens="tokens")
    parser.add_argument("--linguistic", type=Path, default=Path("runs/linguistic"))
    parser.add_argument("--semantic", type=Path, default=Path("runs/semantic"))
    parser.add_argument("--vocoder", type=Path, default=Path("runs/vocoder/bundle"))
    options = at_home(parser.parse_args())
    vocoder, kept = FlowHift.open(options.vocoder, HERE), Renditions(options.tokens, options.corpus)
    teach, judge, facts = teaching(TrainedEars.open(options.linguistic, options.semantic)), judging(vocoder), facts_told()
    for number, text in enumerate(tqdm(kept.open(facts), desc="facts"), 1):
        kept.take(text, *clearest(facts[text], kept.codes(text), teach, judge, len(vocoder.voices)))
        if number % SAVED_EVERY == 0:
            kept.save()
    kept.save()
    print(f"{sum(style != Style() for style in kept.chosen.values())} of {len(kept.chosen)} answers are not spoken plainly")


if __name__ == "__main__":
    main()
