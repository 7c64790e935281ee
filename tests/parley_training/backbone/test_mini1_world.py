"""The backbone's recipe in Mini 1's world, on a small corpus of it: whole exchanges, labels before words, characters written along."""

import contextlib
import json
import random
import shutil
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from parley_models.backbone.backbone import Backbone
from parley_models.backbone.config import BackboneConfig
from parley_models.backbone.model import StepOmni
from parley_models.errors import UsageError
from parley_models.evaluation.questions import questions
from parley_models.interleave import Segment, Splitter
from parley_models.situation import TOOLS_TEXT
from parley_models.style import Style
from parley_models.tokens import Codes
from parley_training.backbone import measure, recipe, world
from parley_training.backbone.examples import ExampleWriter, rare_words
from parley_training.backbone.listening import LISTEN, SLOTS_PER_GROUP
from parley_training.backbone.mishearing import Mishearing
from parley_training.backbone.pool import Pool
from parley_training.backbone.questions import Question, questions_of
from parley_training.backbone.scenes import SceneExamples, Sounds
from parley_training.backbone.stages import PAPER
from parley_training.backbone.stretch import UNLEARNED, Stretch
from parley_training.checkpoint import restore
from parley_training.corpus import recipe as corpus_recipe
from parley_training.corpus.dialogue import write
from parley_training.corpus.disturbance import plain
from parley_training.corpus.exchange import Exchange
from parley_training.corpus.lines import line_of, style_line
from parley_training.corpus.roles import COURTESIES
from parley_training.corpus.shard import Shard
from parley_training.corpus.writers import WRITERS
from parley_training.corpus.writers.beyond import DECLINE
from parley_training.parallel import lanes
from parley_training.styles import LABELS
from parley_training.text.recipe import LAYOUT, make_pieces

pytestmark = pytest.mark.skipif(not (shutil.which("flite") and shutil.which("espeak-ng")), reason="flite and espeak-ng are not installed")

ASKED = ("sum_cmn", "greeting_yue", "say_emotion", "in_style", "timer", "voice_mood", "how_are_you", "capital")
TESTED = ("follow_same", "sum_yue")
TINY = BackboneConfig(32, 64, 2, 1, 2, LAYOUT.vocab_size, max_seq_len=4096)
HEARD = {"followed", "scene_heard", "scene_heard_in_writing"}


def exchanges(intents: Sequence[str], seed: int) -> list[Exchange]:
    rng = random.Random(seed)
    return [write(rng, intent, "mini1") for intent in intents]


def random_codes(noise: np.random.Generator, groups: int) -> Codes:
    return noise.integers(0, [1024, 1024, 4080, 4080, 4080], (groups, 5)).astype(np.uint16)


def save_codes(path: Path, counts: Sequence[int], disguises: int = 0) -> None:
    """Codes as `tokens.recipe` keeps them, that nobody heard."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise, stops = np.random.default_rng(len(counts)), np.cumsum(counts)
    others = noise.integers(0, 1024, (disguises, int(stops[-1]), 2)).astype(np.uint16)
    np.savez(path, codes=random_codes(noise, int(stops[-1])), disguised=others, index=np.stack([stops - counts, stops], axis=1))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the `runs` of all recipes before this one; what is asked was spoken, the codes are random."""
    home = tmp_path_factory.mktemp("home")
    corpus, tokens = home / "runs/mini1/corpus", home / "runs/mini1/tokens"
    wanted = {"questions": exchanges(ASKED, 1), "test": exchanges(TESTED, 2)}
    for name, asked in wanted.items():
        lines = [line_of(exchange) for exchange in asked]
        lines += [{"intent": "words", "question": "really nice to know", "answer": "", "key": ""}] if name == "questions" else []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(corpus_recipe, "lines_of", lambda *_, lines=lines, **__: iter(lines))
            corpus_recipe.make_shard(corpus / name / "shard_0000", 5, test=name == "test", utterances=len(lines), world="mini1")
        groups = [2 * -(-int(stop - start) // 3840) for start, stop, _, _ in Shard.open(corpus / name / "shard_0000").index]
        save_codes(tokens / name / "shard_0000.npz", groups, 2 if name == "questions" else 0)
    rng = random.Random(3)
    every = [exchange for asked in wanted.values() for exchange in asked] + [write(rng, world="mini1") for _ in range(600)]
    parts = list({(part.text, Style(dialect=part.style.dialect)): None for exchange in every for part in exchange.segments})
    parts.append((parts[0][0], Style(emotion="sad")))  # as older corpora have them
    (corpus / "answers").mkdir()
    (corpus / "answers/lines.json").write_text(json.dumps([text for text, _ in parts]))
    (corpus / "answers/styles.json").write_text(json.dumps([style_line(style) for _, style in parts]))
    save_codes(tokens / "answers.npz", [4 + len(text) % 9 for text, _ in parts])
    make_pieces(home / "runs/mini1/text", "mini1", exchanges=2500)
    noise = np.random.default_rng(0)
    for name, shape in (("linguistic/codebook", (1024, 16)), ("semantic/detail", (85, 6))):
        (home / "runs" / name).parent.mkdir()
        np.save(home / "runs" / f"{name}.npy", noise.normal(size=shape).astype(np.float32))
    return home


@dataclass(frozen=True)
class Learned:
    """What the recipe puts together before it trains."""

    questions: list[Question]
    sounds: Sounds
    writer: ExampleWriter
    scenes: SceneExamples

    def example(self, task: str) -> Stretch:
        return world.tasks_of("mini1", self.writer, self.scenes)(task)

    def system(self, example: Stretch) -> str:
        """What the system turn says; empty = there is none."""
        begin = [LAYOUT.bos, *self.writer.prompt.opening("system")]
        return self.text(example.ids[len(begin) : example.ids.index(LAYOUT.eot)]) if example.ids[: len(begin)] == begin else ""

    def answer(self, example: Stretch) -> list[Segment]:
        opening = self.writer.prompt.opening("assistant")
        at = max(n for n in range(len(example.ids)) if example.ids[n : n + len(opening)] == opening) + len(opening)
        return Splitter(LAYOUT).segments(example.ids[at:])

    def text(self, ids: Sequence[int]) -> str:
        return self.writer.tokenizer.decode([token for token in ids if token < LAYOUT.audio_offset])


@pytest.fixture
def learned(home: Path) -> Learned:
    corpus, tokens = home / "runs/mini1/corpus", home / "runs/mini1/tokens"
    questions, sounds = questions_of(corpus / "questions", tokens / "questions"), world.sounds_of(corpus, tokens)
    mishear = Mishearing(np.load(home / "runs/linguistic/codebook.npy"))
    writer = ExampleWriter(home / "runs/mini1/text/text.model", questions, world.plain_answers(sounds), mishear, random.Random(4))
    return Learned(
        questions,
        sounds,
        writer,
        world.scenes_of("mini1", writer, questions, sounds, mishear, world.writing("mini1", writer.rng, recipe.LANGUAGES)),
    )


def asked(learned: Learned, language: str) -> Iterator[Question]:
    return (question for question in learned.questions if question.exchange.language == language)


def test_questions_are_whole_exchanges(learned: Learned) -> None:
    known = [question.exchange for question in learned.questions]
    assert known[:-1] == exchanges(ASKED, 1)
    assert known[-1].answer == ""


@pytest.mark.parametrize("language", ["cmn", "yue"])
def test_of_a_chinese_question_characters_are_written_along(learned: Learned, language: str) -> None:
    (question,) = asked(learned, language)
    assert question.words == [mark for mark in question.exchange.question if mark not in "，。？"]
    assert len(question.words) > 1 and question.said[-1] == len(question.words)
    assert (np.diff(question.said) >= 0).all() and question.said[len(question.said) // 4] < len(question.words)
    learned.scenes._spoken = Pool([question])
    example = learned.scenes.heard()
    first = next(place for place, token in enumerate(example.ids) if LAYOUT.is_audio(token))
    written = [token for token in example.following[first : example.ids.index(LAYOUT.eot, first)] if token not in {UNLEARNED, LISTEN}]
    assert learned.text([token for token in written if token != LAYOUT.eot]).split() == question.words


def test_of_an_english_question_words_are_written_along(learned: Learned) -> None:
    for question in asked(learned, "en"):
        assert question.words == plain(question.exchange.question).split()
        assert question.said[-1] == len(question.words)
        assert question.phones.shape == (len(question.said), SLOTS_PER_GROUP)


@pytest.mark.parametrize("task", sorted({task for stage in PAPER for task in stage.tasks}))
def test_every_task_of_the_paper_yields_examples(learned: Learned, task: str) -> None:
    examples = [learned.example(task) for _ in range(6)]
    for example in examples:
        assert any(following != UNLEARNED for following in example.following)
        assert len(example.ids) == len(example.following)
        assert max(example.ids) < LAYOUT.vocab_size
    if task in HEARD:
        assert all(example.phones for example in examples)


def test_words_that_few_questions_hold_must_be_written_rightly(learned: Learned) -> None:
    (rare,) = asked(learned, "yue")
    often = [question for question in learned.questions if question is not rare] * 40
    counts = Counter(word for question in [*often, rare] for word in question.words)
    assert rare_words(counts) == set(rare.words) - {word for question in often for word in question.words}
    mishear = Mishearing(np.ones((1024, 2), np.float32))
    another = world.writing("mini1", learned.writer.rng, recipe.LANGUAGES)
    scenes = world.scenes_of("mini1", learned.writer, [*often, rare], learned.sounds, mishear, another)
    scenes._answered = Pool([rare])
    example = scenes.heard_in_writing()
    end = max(place for place, token in enumerate(example.ids) if LAYOUT.is_audio(token))
    vital = [example.following[place] for place in sorted(example.vital) if place < example.ids.index(LAYOUT.eot, end)]
    assert set(learned.text(vital).replace(" ", "")) >= rare_words(counts)


def test_only_plain_sound_and_dialects_are_learned(learned: Learned) -> None:
    assert {style for _, style in learned.sounds} == {Style(), Style(dialect="mandarin"), Style(dialect="cantonese")}


@pytest.mark.parametrize("task", ["scene_heard", "scene_typed"])
def test_a_style_that_the_system_turn_asks_for_is_the_label_of_the_answer(learned: Learned, task: str) -> None:
    in_style = learned.questions[ASKED.index("in_style")]
    learned.scenes._spoken, learned.scenes._write = Pool([in_style]), lambda: in_style.exchange
    example = learned.example(task)
    (part,) = in_style.exchange.segments
    (segment,) = learned.answer(example)
    (label,) = (name for name, style in LABELS.items() if style == part.style)
    assert learned.text(segment.text) == f"({label}) {part.text}"
    assert learned.system(example) == in_style.exchange.system
    assert np.array_equal(segment.speech.codes, learned.sounds[part.text, Style()])


def test_bare_words_of_people_come_with_a_clock_and_tools_or_without(learned: Learned) -> None:
    alone = next(question for question in asked(learned, "en") if learned.scenes._speakable(question.exchange))
    word = replace(alone, voice="digits:theo", exchange=replace(alone.exchange, intent="heard_word", system="", before=()))
    learned.scenes._people, learned.scenes._spoken = [word], Pool([])
    told = Counter[bool]()
    while told.total() < 40:
        with contextlib.suppress(UsageError):  # most examples are of other questions, and there are none
            told[TOOLS_TEXT in learned.system(learned.scenes.heard())] += 1
    assert min(told[True], told[False]) > 5


def test_every_style_of_an_answer_has_a_label(learned: Learned) -> None:
    rng, labelled = random.Random(6), set[str]()
    for _ in range(1500):
        for part in write(rng, world="mini1").segments:
            shown = learned.scenes._labelled(part)
            assert shown != part.text or replace(part.style, dialect=None) == Style(), part
            labelled |= {shown.removesuffix(part.text)} - {""}
    assert labelled == {f"({name}) " for name in LABELS}


@pytest.mark.parametrize("languages", [{"en"}, {"cmn", "yue"}])
def test_typed_exchanges_are_in_the_languages_that_are_learned(learned: Learned, languages: set[str]) -> None:
    another = world.writing("mini1", learned.writer.rng, languages)
    assert {another().language for _ in range(60)} == languages


def test_the_core_of_the_world_is_what_is_asked_every_day(learned: Learned) -> None:
    another = world.writing("mini1", learned.writer.rng, recipe.LANGUAGES, core=True)
    written = [another() for _ in range(600)]
    intents = Counter(each.intent for each in written)
    assert {each.language for each in written} == {"en"}
    assert not {"repeat", "spell", "story", "riddle", "two_step", "sum_cmn", "voice_mood", "say_manner", "reminder"} & intents.keys()
    assert {"timer", "feeling", "follow_same", "capital"} <= intents.keys()
    assert sum(count for intent, count in intents.items() if intent.startswith("beyond")) > 60
    assert sum(intents[intent] for intent in COURTESIES) > 15, "the shortest questions are the first to be taken for others"
    assert sum(count for intent, count in intents.items() if intent in WRITERS) > 200, "what is known fades behind what is learned"


def test_what_mini_1_knows_is_not_declined_in_mini_0s_words(learned: Learned) -> None:
    answers = [learned.text(learned.answer(learned.example("text"))[0].text) for _ in range(200)]
    assert DECLINE not in answers
    assert len(set(answers)) > 50


def test_the_recipe_trains_by_the_papers_stages_and_is_measured_in_its_world(
    home: Path, learned: Learned, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home)
    monkeypatch.setattr(recipe, "CONFIG", TINY)
    monkeypatch.setattr(recipe, "PROBED", 2)
    monkeypatch.setattr(lanes, "POOL", 24)
    monkeypatch.setattr("sys.argv", ["recipe", "--world", "mini1", "--minutes", "0.02", "--eager", "--threads", "1"])

    recipe.main()

    out = home / "runs/mini1/backbone"
    state = restore(out / "checkpoint.pt")
    assert state is not None and state["step"] > 0
    for name in ("sft1", "sft2", "backbone"):
        assert Backbone.load(out / name, context=8).config == TINY
    assert json.loads((out / "results.json").read_text()).keys() == {"typed", "words", "heard"}
    assert not (home / "runs/backbone").exists()

    monkeypatch.setattr(recipe, "begin", None)  # who goes on need not have what a first beginning needs
    monkeypatch.setattr("sys.argv", [*sys.argv[:3], "--minutes", "0.03", "--eager", "--threads", "1", "--languages", "en"])
    recipe.main()
    later = restore(out / "checkpoint.pt")
    assert later is not None and later["step"] > state["step"]


class Knowing:
    """Stands where a model is asked for its likeliest ids: knows the answers, and what it was asked."""

    def __init__(self, learned: Learned) -> None:
        self.prompt, self.answer, self._learned = "", "", learned

    def __call__(self, _backbone: Backbone, prompt: Sequence[int], limit: int) -> list[int]:
        self.prompt = self._learned.text(prompt)
        return self._learned.writer.tokenizer.encode(self.answer)[:limit]


def test_the_examination_is_asked_with_its_system_turns_and_the_turns_before(learned: Learned, monkeypatch: pytest.MonkeyPatch) -> None:
    knowing, model = Knowing(learned), Backbone(StepOmni(TINY), context=8)
    monkeypatch.setattr(measure, "_greedy", knowing)
    asked = measure.examined("mini1")
    assert {"in_style", "timer", "follow_same", "role_pirate", "capital"} <= {each.intent for each in asked}
    assert "voice_mood" not in {each.intent for each in asked}  # nobody can type a tone of voice
    for question in random.Random(0).sample(asked, 200):
        knowing.answer = "\n".join(filter(None, (question.answer, getattr(question, "call", ""))))
        assert measure.answers_in_writing(model, learned.writer, question), question
        assert getattr(question, "system", "") in knowing.prompt
        for asked_before, answered_before in getattr(question, "before", ()):
            assert plain(asked_before) in knowing.prompt
            assert answered_before in knowing.prompt
        knowing.answer = "Bananas."
        assert not measure.answers_in_writing(model, learned.writer, question), question
    assert measure.examined("mini0") == questions()


def test_a_heard_question_is_looked_at_behind_its_turns_before(home: Path, learned: Learned, monkeypatch: pytest.MonkeyPatch) -> None:
    follow, chinese = questions_of(home / "runs/mini1/corpus/test", home / "runs/mini1/tokens/test")
    knowing, model = Knowing(learned), Backbone(StepOmni(TINY), context=2048)
    monkeypatch.setattr(measure, "_greedy", knowing)
    for question in (follow, chinese):
        knowing.answer = question.exchange.answer
        look = measure.look(model, learned.writer, question)
        assert look.answered
        assert look.said == len(question.words)
        for earlier in question.exchange.before:
            assert earlier.answer in knowing.prompt
    assert follow.exchange.before
