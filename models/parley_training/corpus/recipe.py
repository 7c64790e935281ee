"""Make the spoken corpus: exchanges written by the world's writers, spoken by many voices, heard through many microphones.

    python -m parley_training.corpus.recipe --shards 100 --workers 2
    python -m parley_training.corpus.recipe --world mini1 --shards 150 --workers 2
    python -m parley_training.corpus.recipe --world mini1 --core --first 150 --shards 60 --workers 2

Writes, under `runs/corpus` or `runs/mini1/corpus`, `questions/shard_NNNN` (training voices), `test/shard_NNNN` (test voices, for
measuring only), `answers/` (every distinct answer in the answering voice, plainly: styles are performed later) and `voice/answers/` (some of them, and some at
another pitch); for Mini 1 `voice/rms/` too, the same in the second voice. What is finished is skipped, so a killed run goes on.

A line of a shard has all of its exchange (`lines.exchange_of`): Mini 1's questions sound as their answers demand, and what its shards ask is
among the answers. Its open words are drawn anew in every shard; answers that no shard asks for come from `--answers` more exchanges.
"""

import argparse
import random
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from parley_models.style import Style
from parley_training.corpus import answers, asking, speakers, speech
from parley_training.corpus.dialogue import World, write
from parley_training.corpus.disturbance import declined, disturbable, disturbed, plain
from parley_training.corpus.exchange import Exchange, Part, sentence
from parley_training.corpus.lines import Line, exchange_of, line_of
from parley_training.corpus.roles import sayings
from parley_training.corpus.shard import Shard
from parley_training.corpus.spoken import make_answers, make_second_voice, make_voice, pcm16
from parley_training.corpus.vocabulary import phrase, random_words
from parley_training.corpus.wide.core import core_writer
from parley_training.corpus.wide.human_words import WORDS, bare_word
from parley_training.homes import add_folders, at_home

VOICE_PLAIN, VOICE_STYLED, VOICE_SHIFTED, VOICE_SECOND = 4000, 1200, 900, 1800
READINGS = 1500
OPEN_SHARE, OPEN_SHARE_OF_CORE = 0.4, 0.12
"""Utterances that are everyday phrases or strings of dictionary words: Mini must hear more than its world. Shards of the core come beside
others that have many."""
DISTURBED_SHARE = 0.5
"""Questions with other words around and between, or without some of theirs: who guesses wordings instead of listening will be wrong."""
FIRST_TEST_SEED = 900_000


def lines_of(seed: int, count: int, world: World = "mini0", *, core: bool = False) -> Iterator[Line]:
    """What a shard's utterances say; the same seed gives the same. `core`: of Mini 1's world only what is asked every day."""
    rng = random.Random(seed)
    another = core_writer(rng) if core else lambda: write(rng, world=world)
    share = OPEN_SHARE_OF_CORE if core else OPEN_SHARE
    for _ in range(count):
        yield {"intent": "words", "question": random_words(rng), "answer": "", "key": ""} if rng.random() < share else _asked(rng, another)


def _asked(rng: random.Random, another: Callable[[], Exchange]) -> Line:
    while not (exchange := another()).spoken:
        pass
    if disturbable(exchange) and rng.random() < DISTURBED_SHARE:
        exchange = replace(exchange, question=disturbed(plain(exchange.question), rng))
    return line_of(exchange)


def make_shard(
    folder: Path, seed: int, *, test: bool, utterances: int, world: World = "mini0", core: bool = False, asking_voices: str = "usual"
) -> None:
    """Write one shard; the same seed gives the same shard. `asking_voices`: a row of `speakers.ASKING`."""
    who = speakers.draw_test if test else speakers.ASKING[asking_voices]
    rng, noise_rng = random.Random(f"{seed}/speakers"), np.random.default_rng(seed)
    clean, heard, labels, index = [], [], [], []
    lines: list[Line] = []
    samples = slots = 0
    for line in lines_of(seed, utterances, world, core=core):
        exchange = exchange_of(line)
        text = exchange.question_sound or exchange.question
        asked = asking.ask(text, exchange.tone, who, rng, exchange.language)
        utterance = speech.padded(asked.utterance, rng.uniform(0.0, 0.35), rng.uniform(0.05, 0.5))
        sound = asking.heard(asked, utterance.samples, noise_rng, test=test)
        marks = utterance.labels()
        clean.append(pcm16(utterance.samples))
        heard.append(pcm16(sound))
        labels.append(marks)
        index.append((samples, samples + len(sound), slots, slots + len(marks)))
        told = {"speaker": f"{asked.speaker.engine}:{asked.speaker.voice}"}
        lines.append({**line, **told, **({"syllables": utterance.syllables} if utterance.syllables else {})})
        samples, slots = samples + len(sound), slots + len(marks)
    Shard(np.concatenate(clean), np.concatenate(heard), np.concatenate(labels), np.array(index, np.int64), lines).save(folder)


def answer_parts(
    world: World, shards: Iterable[int], utterances: int, more: int, readings: int = READINGS, *, core: bool = False
) -> Iterator[Part]:
    """What is to be spoken: the answers to what the shards ask (Mini 1's world is open: each asks things of its own), and to `more` exchanges.

    Mini 0's roles have sayings, it names bare words, and it reads aloud.
    """
    if world == "mini1":
        for seed in shards:
            yield from _parts(exchange_of(line) for line in lines_of(seed, utterances, world, core=core))
        yield from declined(Exchange("words", "", "", "")).segments  # what phrases that ask nothing are answered with
    else:
        yield from sayings()
        yield from _parts(exchange for word in WORDS if (exchange := bare_word(word)))
        yield from map(Part, _readings(readings))
    rng = random.Random(-1)
    yield from _parts(write(rng, world=world) for _ in range(more))


def _readings(count: int) -> Iterator[str]:
    """Everyday phrases, so that greetings and other given words can be read aloud: they hold words that no answer has."""
    rng = random.Random(-2)
    return (sentence(" ".join(phrase(rng, rng.randint(3, 8))) + ".") for _ in range(count))


def _parts(exchanges: Iterator[Exchange]) -> Iterator[Part]:
    """What an answer is spoken in is the voice's affair, but for its language (docs/architecture/mini.md, "Voice")."""
    return (replace(part, style=Style(dialect=part.style.dialect)) for exchange in exchanges for part in exchange.segments if part.text)


def main() -> None:
    """Read the command line and make what is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_folders(parser, out="corpus")
    parser.add_argument("--shards", type=int, default=100, help="training shards (about 0.3 h each)")
    parser.add_argument("--first", type=int, default=0, help="number of the first shard, where others are there already")
    parser.add_argument("--core", action="store_true", help="of Mini 1's world only what is asked every day (`wide.core`)")
    parser.add_argument("--voices", choices=sorted(speakers.ASKING), default="usual", help="who asks (`corpus.british`, `corpus.foreign`)")
    parser.add_argument("--utterances", type=int, default=400, help="in a shard")
    parser.add_argument("--answers", type=int, default=80_000, help="exchanges drawn to find the answers that are spoken")
    parser.add_argument("--readings", type=int, default=READINGS, help="everyday phrases in the answering voice; Mini 0's")
    parser.add_argument("--no-voice", dest="voice", action="store_false", help="without what the vocoder is trained on")
    parser.add_argument("--second", type=int, default=VOICE_SECOND, help="answers in the second voice, 0 for none")
    parser.add_argument("--test-shards", type=int, default=2)
    parser.add_argument("--workers", type=int, default=2)
    options = at_home(parser.parse_args())
    world: World = options.world
    out: Path = options.out

    (out / "questions").mkdir(parents=True, exist_ok=True)
    (out / "test").mkdir(parents=True, exist_ok=True)
    seeds = range(options.first, options.first + options.shards)
    with ProcessPoolExecutor(options.workers) as pool:
        parts = answer_parts(world, seeds, options.utterances, options.answers, options.readings, core=options.core)
        make_answers(out / "answers", parts, pool)
        if options.voice:
            first = out / "voice" / "answers"
            make_voice(first, out / "answers", VOICE_PLAIN, VOICE_STYLED, VOICE_SHIFTED, pool)
            if options.second:
                make_second_voice(out / "voice" / answers.SECOND, first, out / "answers", options.second, pool)
        wanted = [(out / "test" / f"shard_{n:04}", FIRST_TEST_SEED + n, True) for n in range(options.test_shards)]
        wanted += [(out / "questions" / f"shard_{n:04}", n, False) for n in seeds]
        missing = [(folder, seed, test) for folder, seed, test in wanted if not folder.exists()]
        jobs = [
            pool.submit(
                make_shard,
                folder,
                seed,
                test=test,
                utterances=options.utterances,
                world=world,
                core=options.core,
                asking_voices=options.voices,
            )
            for folder, seed, test in missing
        ]
        for job in tqdm(jobs, desc="shards"):
            job.result()


if __name__ == "__main__":
    main()
