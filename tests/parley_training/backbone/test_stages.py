"""The paper's stages: what each learns, what it holds still, and examples of Mini 1's world with their markers, styles and calls."""

import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from parley_models.backbone.config import BackboneConfig
from parley_models.backbone.model import StepOmni
from parley_models.errors import UsageError
from parley_models.interleave import Segment, Splitter
from parley_models.style import Style
from parley_models.text_tokenizer import TextTokenizer
from parley_models.tokens import Codes
from parley_training.backbone import scenes
from parley_training.backbone.batch import collate
from parley_training.backbone.examples import TASKS
from parley_training.backbone.holding import Held
from parley_training.backbone.keys import key_pieces
from parley_training.backbone.listening import LISTEN, Heard, Listener
from parley_training.backbone.mishearing import Mishearing
from parley_training.backbone.pool import Pool
from parley_training.backbone.questions import Question
from parley_training.backbone.scenes import SCENE_TASKS, SceneExamples
from parley_training.backbone.stages import TABLES, stage_at
from parley_training.backbone.stretch import UNLEARNED, Stretch
from parley_training.corpus.disturbance import plain
from parley_training.corpus.exchange import Exchange, Part, Tone
from parley_training.parallel.fleet import Fleet
from parley_training.parallel.learners import Learners
from parley_training.parallel.learning import Scored, learn
from parley_training.text.recipe import LAYOUT

MINI = Path(__file__).parents[3] / "assets" / "parley_assets" / "bundles" / "mini"
TINY = BackboneConfig(16, 24, 2, 1, 1, LAYOUT.vocab_size, max_seq_len=512)
HAPPY, SAD, SLOW = Style(emotion="happy"), Style(emotion="sad"), Style(rate=0.7)
TWO = Exchange(
    "two_styles",
    "Say hello happily, then goodbye sadly.",
    "Hello. Goodbye.",
    "hello goodbye",
    (Part("Hello.", HAPPY), Part("Goodbye.", SAD)),
)
FRANCE = Exchange("capital", "What is the capital of France?", "The capital of France is Paris.", "paris")
TIMER = Exchange("timer", "Set a timer.", "Okay.", "okay", system="You can set timers and reminders.", call="@set_timer seconds=480")
AND_SPAIN = Exchange("follow_same", "And of Spain?", "It is Madrid.", "madrid", before=(FRANCE,))
LABELS = {HAPPY: "happy", SAD: "sad", SLOW: "slow"}
CANTONESE = Style(dialect="cantonese")
SPOKEN = [
    ("Hello.", Style()),
    ("Goodbye.", Style()),
    (FRANCE.answer, Style()),
    ("Okay.", Style()),
    ("It is Madrid.", Style()),
    ("Hello.", CANTONESE),
]
"""An answer's style is the voice's affair: what is spoken is plain, or of a dialect."""

SOUNDS = {(text, style): np.full((4 + place, 5), 10 * place, np.uint16) for place, (text, style) in enumerate(SPOKEN)}


@pytest.fixture(scope="module")
def tokenizer() -> TextTokenizer:
    return TextTokenizer(MINI / "text.model")


def asked(exchange: Exchange, groups: int = 8) -> Question:
    count = len(plain(exchange.question).split())
    codes: Codes = np.random.default_rng(groups).integers(0, 1000, (groups, 5)).astype(np.uint16)
    return Question((codes,), exchange, np.linspace(0, count, groups).astype(np.int64), np.zeros((groups, 6), np.uint8))


def writer(tokenizer: TextTokenizer, *exchanges: Exchange, seed: int = 0) -> SceneExamples:
    """Writes and hears these exchanges only."""
    rng = random.Random(seed)
    mishear = Mishearing(np.random.default_rng(0).normal(size=(1024, 4)).astype(np.float32))
    listener = Listener(tokenizer, rng)
    return SceneExamples(
        tokenizer, SOUNDS, [asked(each) for each in exchanges], mishear, lambda: rng.choice(exchanges), rng, LABELS, listener
    )


def answer_of(example: Stretch, tokenizer: TextTokenizer) -> list[Segment]:
    """The segments that are to be said behind the last opening."""
    opening = [LAYOUT.bot, *tokenizer.encode("assistant\n")]
    at = max(n for n in range(len(example.ids)) if example.ids[n : n + len(opening)] == opening) + len(opening)
    assert example.following[at - 1 : -1] == example.ids[at:]
    return Splitter(LAYOUT).segments(example.ids[at:])


def marked_ends(example: Stretch) -> int:
    """How many stretches of an answer's sound end with a mark. A heard question has one, too."""
    return example.ids.count(LAYOUT.audio_end or 0) - bool(example.phones)


def said(segments: Sequence[Segment], tokenizer: TextTokenizer) -> list[tuple[str, int]]:
    """Text and groups of each."""
    return [(tokenizer.decode(segment.text), len(segment.speech)) for segment in segments]


@pytest.mark.parametrize("task", [SceneExamples.typed, SceneExamples.heard])
def test_parts_keep_their_markers_and_have_a_label_and_plain_sound(tokenizer: TextTokenizer, task: scenes.SceneTask) -> None:
    example = task(writer(tokenizer, TWO))
    segments = answer_of(example, tokenizer)
    assert said(segments, tokenizer) == [("(happy) Hello.", 4), ("(sad) Goodbye.", 5)]
    assert (segments[0].speech.codes == 0).all() and (segments[1].speech.codes == 10).all()
    assert example.ids.count(LAYOUT.audio_start or 0) == marked_ends(example) == 2


@pytest.mark.parametrize("task", [SceneExamples.typed, SceneExamples.heard])
def test_a_label_must_be_right_to_its_last_piece(tokenizer: TextTokenizer, task: scenes.SceneTask) -> None:
    example = task(writer(tokenizer, replace(TWO, key="")))
    vital = [example.following[place] for place in sorted(example.vital)]
    assert tokenizer.decode([token for token in vital if token not in {LAYOUT.eot, LISTEN}]) == "(happy) (sad)"


def test_what_is_said_in_a_dialect_has_that_sound_and_no_label_for_it(tokenizer: TextTokenizer) -> None:
    both = (Part("Hello.", replace(HAPPY, dialect="cantonese")), Part("Hello.", CANTONESE))
    segments = answer_of(writer(tokenizer, replace(TWO, parts=both)).typed(), tokenizer)
    assert said(segments, tokenizer) == [("(happy) Hello.", 9), ("Hello.", 9)]


def test_without_labels_a_style_is_not_written(tokenizer: TextTokenizer) -> None:
    scene = writer(tokenizer, TWO)
    scene._labels = {}
    assert said(answer_of(scene.typed(), tokenizer), tokenizer) == [("Hello.", 4), ("Goodbye.", 5)]


def test_several_questions_are_answered_in_one_turn_each_in_its_style(tokenizer: TextTokenizer) -> None:
    slow = Exchange("say_again", "Say it slowly.", FRANCE.answer, "paris", (Part(FRANCE.answer, SLOW),))
    kinds = set()
    for seed in range(12):
        example = writer(tokenizer, TWO, slow, AND_SPAIN, seed=seed).concatenated()
        found = said(answer_of(example, tokenizer), tokenizer)
        assert set(found) <= {
            ("(happy) Hello.", 4),
            ("(sad) Goodbye.", 5),
            (f"(slow) {FRANCE.answer}", 6),
        }  # what needs a turn before is never among them
        assert marked_ends(example) == len(found) >= 2
        kinds.add(any(LAYOUT.is_audio(token) for token in example.ids[: example.ids.index(LAYOUT.audio_start or 0)]))
    assert kinds == {True, False}  # heard and typed


def test_written_answers_have_neither_sound_nor_markers(tokenizer: TextTokenizer) -> None:
    for example in (writer(tokenizer, TWO).text(), writer(tokenizer, TWO).heard_in_writing()):
        assert said(answer_of(example, tokenizer), tokenizer) == [("Hello. Goodbye.", 0)]
        assert not marked_ends(example)


def test_a_call_is_a_line_of_its_own_behind_the_spoken_answer(tokenizer: TextTokenizer) -> None:
    example = writer(tokenizer, TIMER).heard()
    spoken, call = answer_of(example, tokenizer)
    assert said([spoken], tokenizer) == [("Okay.", 7)]
    assert tokenizer.decode(call.text) == "\n@set_timer seconds=480"
    assert "timers and reminders" in tokenizer.decode([token for token in example.ids[:60] if token < LAYOUT.audio_offset])
    vital = [example.following[place] for place in sorted(example.vital)]
    assert vital[-len(call.text) :] == list(call.text)


def test_turns_before_stand_in_the_prompt_with_or_without_their_sound(tokenizer: TextTokenizer) -> None:
    sounding = set()
    for seed in range(8):
        example = writer(tokenizer, AND_SPAIN, seed=seed).heard()
        assert said(answer_of(example, tokenizer), tokenizer) == [("It is Madrid.", 8)]
        first = example.ids.index(LAYOUT.eot)
        assert "france" in tokenizer.decode([token for token in example.ids[:first] if token < LAYOUT.audio_offset]).lower()
        assert all(token == UNLEARNED for token in example.following[:first])
        sounding.add(marked_ends(example))
    assert sounding == {1, 2, 3}, "an answer before may have its sound, and its question too"


def test_interleaved_speech_and_text_are_all_learned(tokenizer: TextTokenizer) -> None:
    example = writer(tokenizer, TWO).interleaved()
    assert example.following == [*example.ids[1:], UNLEARNED]
    assert any(LAYOUT.is_audio(token) for token in example.ids)


def test_an_answer_given_before_has_its_labels_where_it_has_its_sound(tokenizer: TextTokenizer) -> None:
    after, seen = replace(FRANCE, intent="follow_same", before=(TWO,)), set()
    for seed in range(8):
        example = writer(tokenizer, after, seed=seed).heard()
        before = example.ids[: example.ids.index(LAYOUT.eot, example.ids.index(LAYOUT.eot) + 1)]
        told = tokenizer.decode([token for token in before if token < LAYOUT.audio_offset])
        seen.add(("(happy) Hello." in told, "(sad) Goodbye." in told, any(map(LAYOUT.is_audio, before))))
    assert seen == {(True, True, True), (False, False, False)}


def test_phones_are_learned_where_they_were_heard(tokenizer: TextTokenizer) -> None:
    class Remembering(Listener):
        def __call__(self, heard: Heard, *, whole: bool = True, broken_off: float = 0.0) -> Stretch:
            made.append(super().__call__(heard, whole=whole, broken_off=broken_off))
            return made[-1]

    made = list[Stretch]()
    for task in (SceneExamples.heard, SceneExamples.heard_in_writing):
        scenes = writer(tokenizer, AND_SPAIN)
        scenes._listen = Remembering(tokenizer, random.Random(0))
        example = task(scenes)
        begin = next(at for at in range(len(example.ids)) if example.ids[at : at + len(made[-1].ids)] == made[-1].ids)
        assert len(example.phones) > 3
        assert example.phones == {begin + place: phones for place, phones in made[-1].phones.items()}


def test_a_question_that_only_a_voice_can_ask_is_never_typed(tokenizer: TextTokenizer) -> None:
    toned = Exchange("voice_pitch", "Is my voice high?", "Okay.", "okay", tone=Tone(pitch="high"))
    for seed in range(8):
        scene = writer(tokenizer, toned, FRANCE, seed=seed)
        for example in (scene.text(), scene.typed()):
            assert "Paris" in said(answer_of(example, tokenizer), tokenizer)[0][0]
    assert said(answer_of(writer(tokenizer, toned).heard(), tokenizer), tokenizer) == [("Okay.", 7)]


@pytest.mark.parametrize("task", [SceneExamples.typed, SceneExamples.concatenated])
def test_words_to_be_said_again_are_typed_as_they_are(
    tokenizer: TextTokenizer, task: scenes.SceneTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scenes, "PLAIN_SHARE", 1.0)
    monkeypatch.setattr(scenes, "DISTURBED_SHARE", 1.0)
    repeat = Exchange("repeat", "Say after me, the hello of the day.", "Hello.", "hello", (Part("Hello.", HAPPY),))
    for seed in range(10):
        scene = writer(tokenizer, repeat, *((FRANCE,) if task is SceneExamples.concatenated else ()), seed=seed)
        scene._spoken = Pool([])
        example = task(scene)
        asked = example.ids[: example.ids.index(LAYOUT.eot)]
        typed = tokenizer.decode([token for token in asked if token < LAYOUT.audio_offset and token != LAYOUT.audio_end])
        if "(happy) Hello." in [text for text, _ in said(answer_of(example, tokenizer), tokenizer)]:
            assert "say after me the hello of the day" in typed


def test_what_has_no_sound_is_not_spoken(tokenizer: TextTokenizer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scenes, "MOST_DRAWN", 5)
    angry = Exchange("say_emotion", "Say stop angrily.", "Stop.", "stop", (Part("Stop.", Style(emotion="angry")),))
    with pytest.raises(UsageError, match="not one has an answer whose sound is there"):
        writer(tokenizer, angry).typed()
    with pytest.raises(UsageError, match="nothing spoken yet"):
        writer(tokenizer, angry).heard()
    assert answer_of(writer(tokenizer, angry).text(), tokenizer)


def test_key_pieces_are_found_across_parts_and_hyphens(tokenizer: TextTokenizer) -> None:
    parts = [tokenizer.encode(text) for text in ("I took rock.", "It is twenty-four!")]
    pieces = [piece for part in parts for piece in part]

    def spelled(key: str) -> str:
        return tokenizer.decode([pieces[at] for at in sorted(key_pieces(parts, key, tokenizer))]).lower()

    assert "twenty" in spelled("twenty four") and "four" in spelled("twenty four") and "rock" not in spelled("twenty four")
    assert "rock" in spelled("rock twenty") and "twenty" in spelled("rock twenty") and "took" not in spelled("rock twenty")
    assert "rock" in spelled("stone|rock")
    assert spelled("nowhere") == ""


@pytest.mark.parametrize("table", sorted(TABLES))
def test_stages_name_tasks_that_there_are_and_lead_to_the_end(table: str) -> None:
    stages = TABLES[table]
    assert [stage.until for stage in stages] == sorted({stage.until for stage in stages})
    assert stages[-1].until == 1.0
    assert stage_at(stages, 0.0) is stages[0]
    for before, after in pairwise(stages):
        assert stage_at(stages, before.until + 1e-6) is after
    for stage in stages:
        assert sum(stage.tasks.values()) == pytest.approx(1.0)
        assert set(stage.tasks) <= {*TASKS, *SCENE_TASKS}


def test_the_audio_stage_moves_audio_embeddings_and_head_alone(tokenizer: TextTokenizer) -> None:
    model = StepOmni(TINY)
    model.init_weights(torch.Generator().manual_seed(0))
    learners, fleet, rng = Learners(model, Fleet(), 1e-2), Fleet(), writer(tokenizer, TWO, TIMER, FRANCE)

    def step() -> None:
        learn(Scored(model), [collate([rng.interleaved(), rng.heard()])], fleet)
        learners.step(1e-2)

    Held(model, "everything")
    step()  # momentum and decay that would move text rows without a gradient
    before = {name: weight.detach().clone() for name, weight in model.named_parameters()}
    held = Held(model, "audio")
    for _ in range(2):
        step()
        held.put_back()
    after = dict(model.named_parameters())
    moved = {name for name, weight in after.items() if not torch.equal(weight, before[name])}
    assert moved == {"model.embed_tokens.weight", "lm_head.weight"}
    rows = (after["model.embed_tokens.weight"] != before["model.embed_tokens.weight"]).any(1)
    assert not rows[: LAYOUT.audio_offset].any()
    assert rows[LAYOUT.audio_offset :].any()

    Held(model, "everything")
    step()
    name = "model.layers.0.mlp.down_proj.weight"
    assert not torch.equal(model.get_parameter(name), before[name])


@pytest.mark.parametrize("task", sorted(SCENE_TASKS))
def test_a_batch_of_each_task_can_be_learned(tokenizer: TextTokenizer, task: str) -> None:
    examples = writer(tokenizer, TWO, TIMER, AND_SPAIN, FRANCE)
    batch, model = collate([SCENE_TASKS[task](examples) for _ in range(3)]), StepOmni(TINY)
    learners = Learners(model, Fleet(), 1e-2)
    losses = []
    for _ in range(3):
        losses.append(learn(Scored(model), [batch], Fleet()).ids)
        learners.step(1e-2)
    assert losses[-1] < losses[0]
