"""What the backbone learns from: examples in the chat format, learned where the answer is."""

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch

from parley_models.backbone.config import BackboneConfig
from parley_models.backbone.model import StepOmni
from parley_models.interleave import Splitter
from parley_models.tokens import Codes
from parley_training.backbone import examples, listening
from parley_training.backbone.batch import AUDIO_WEIGHT, LISTEN_WEIGHT, TEXT_WEIGHT, VITAL_WEIGHT, collate
from parley_training.backbone.embeddings import embed_codes
from parley_training.backbone.examples import TASKS, ExampleWriter
from parley_training.backbone.listening import LISTEN, Heard, Listener
from parley_training.backbone.mishearing import Mishearing
from parley_training.backbone.questions import Question, by_group, phones_by_group
from parley_training.backbone.stretch import UNLEARNED, Stretch
from parley_training.corpus.dialogue import write
from parley_training.corpus.disturbance import declined, plain
from parley_training.corpus.exchange import Exchange
from parley_training.corpus.phones import NUMBER, SILENCE
from parley_training.corpus.roles import ROLES, sayings, system_turn
from parley_training.corpus.wide.human_words import BARE_WORD, WORDS
from parley_training.parallel.fleet import Fleet
from parley_training.parallel.learners import Learners
from parley_training.parallel.learning import Scored, learn
from parley_training.text.recipe import LAYOUT

HEARD = {"followed", "heard", "heard_in_writing"}
TINY = BackboneConfig(32, 64, 2, 1, 2, LAYOUT.vocab_size, max_seq_len=512)


@pytest.fixture
def writer(text_model: Path) -> ExampleWriter:
    rng, noise = random.Random(1), np.random.default_rng(1)
    exchanges = [write(rng) for _ in range(20)]
    answers = {exchange.answer: codes(noise, 17) for exchange in exchanges} | {part.text: codes(noise, 3) for part in sayings()}
    return ExampleWriter(
        text_model,
        [spoken(exchange, codes(noise, 9)) for exchange in exchanges],
        answers,
        Mishearing(noise.normal(size=(1024, 4)).astype(np.float32)),
        rng,
    )


def sounds(spoken: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
    """Phones (groups, 6) of groups that are spoken or silent."""
    return np.repeat(np.where(spoken, NUMBER["aa"], NUMBER[SILENCE]), 6).reshape(-1, 6).astype(np.uint8)


def spoken(exchange: Exchange, heard: Codes) -> Question:
    """A question whose words are said one after the other, all the time."""
    count = len(plain(exchange.question).split())
    said = np.linspace(0, count, len(heard)).astype(np.int64)
    return Question((heard, heard), exchange, said, sounds(np.ones(len(heard), bool)))


def codes(noise: np.random.Generator, groups: int) -> Codes:
    return noise.integers(0, [1024, 1024, 4080, 4080, 4080], (groups, 5)).astype(np.uint16)


def answer_of(writer: ExampleWriter, example: Stretch) -> tuple[str, int]:
    """What stands behind the assistant's opening."""
    opening = writer.prompt.opening("assistant")
    at = next(n for n in range(len(example.ids)) if example.ids[n : n + len(opening)] == opening) + len(opening)
    segments = Splitter(LAYOUT).segments(example.ids[at:])
    text = writer.tokenizer.decode([token for segment in segments for token in segment.text])
    return text, sum(len(segment.speech) for segment in segments)


def written_along(writer: ExampleWriter, example: Stretch) -> str:
    """The words that are to be said while the question is heard."""
    first = next(n for n, token in enumerate(example.ids) if LAYOUT.is_audio(token))
    end = example.ids.index(LAYOUT.eot, first) if LAYOUT.eot in example.ids[first:] else len(example.ids)
    return writer.tokenizer.decode([token for token in example.following[first:end] if token not in {UNLEARNED, LISTEN, LAYOUT.eot}])


@pytest.fixture
def no_roles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examples, "ROLE_SHARE", 0.0)


@pytest.mark.usefixtures("no_roles")
def test_a_heard_question_is_written_along_and_answered_in_text_and_speech(writer: ExampleWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "MISWRITTEN", 0.0)  # a word that stands wrong, or not at all, is not learned
    monkeypatch.setattr(listening, "UNSURE", 0.0)
    example = writer.heard()
    text, groups = answer_of(writer, example)
    assert text in writer._answers
    assert groups == 17
    assert written_along(writer, example) in {plain(question.exchange.question) for question in writer._questions}


@pytest.mark.parametrize("task", ["text", "typed", "heard", "heard_in_writing"])
def test_an_answer_in_a_role_says_all_of_its_parts_and_the_system_turn_names_it(
    writer: ExampleWriter, task: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examples, "ROLE_SHARE", 1.0)
    in_roles = {part.text for part in sayings()}
    for _ in range(10):
        example = TASKS[task](writer)
        text, groups = answer_of(writer, example)
        first = max((part for part in in_roles if text.startswith(part)), key=len)
        assert groups == (0 if task in {"text", "heard_in_writing"} else 3 if text == first else 3 + 17)
        shown = writer.tokenizer.decode([token for token in example.ids if not LAYOUT.is_audio(token)])
        assert any(system_turn(role) in shown for role in ROLES)


@pytest.mark.usefixtures("no_roles")
@pytest.mark.parametrize(("task", "groups"), [("text", 0), ("typed", 17), ("heard_in_writing", 0), ("heard", 17)])
def test_what_asks_nothing_of_mini_is_declined_in_writing_and_aloud(
    writer: ExampleWriter, text_model: Path, task: str, groups: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for share, often in {"ANYTHING_SHARE": 1.0, "COMPOSED_SHARE": 1.0, "BARE_SHARE": 0.0, "DISTURBED_SHARE": 0.0}.items():
        monkeypatch.setattr(examples, share, often)
    nothing = declined(Exchange("words", "leave it there", "", ""))
    monkeypatch.setattr(examples, "idle", lambda _rng: nothing)
    noise = np.random.default_rng(2)
    said = replace(spoken(Exchange("words", "leave it there", "", ""), codes(noise, 9)), begun=np.array([0, 18, 36]))
    answers = {**writer._answers, nothing.answer: codes(noise, 17)}
    taught = ExampleWriter(
        text_model, [*writer._questions, said], answers, Mishearing(noise.normal(size=(1024, 4)).astype(np.float32)), random.Random(1)
    )

    assert answer_of(taught, TASKS[task](taught)) == (nothing.answer, groups)


def test_swearwords_are_not_taught(text_model: Path) -> None:
    noise = np.random.default_rng(1)
    said = [spoken(Exchange("words", words, "", ""), codes(noise, 9)) for words in ("oh damn it", "oh leave it")]
    writer = ExampleWriter(text_model, said, {}, Mishearing(noise.normal(size=(1024, 4)).astype(np.float32)), random.Random(1))

    assert not any("damn" in written_along(writer, writer.followed()) for _ in range(20))


def test_people_are_heard_more_often_than_there_are_recordings_of_them(text_model: Path) -> None:
    noise = np.random.default_rng(1)
    phrases = [f"leave it {count}" for count in ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")]
    said = [replace(spoken(Exchange("words", words, "", ""), codes(noise, 9)), voice="espeak:gmw/en") for words in 8 * phrases]
    said.append(replace(spoken(Exchange("human", "marvin", "", ""), codes(noise, 9)), voice="speech_commands:28ce0c58"))
    writer = ExampleWriter(text_model, said, {}, Mishearing(noise.normal(size=(1024, 4)).astype(np.float32)), random.Random(1))

    assert sum("marvin" in written_along(writer, writer.followed()) for _ in range(100)) > 8  # evenly drawn it would be 1


@pytest.fixture
def bare(text_model: Path, monkeypatch: pytest.MonkeyPatch) -> ExampleWriter:
    """Of somebody who said "seven" once and asked a hundred questions, only the word is drawn."""
    monkeypatch.setattr(examples, "BARE_SHARE", 2.0)
    monkeypatch.setattr(examples, "ROLE_SHARE", 0.0)
    monkeypatch.setattr(examples, "DISTURBED_SHARE", 1.0)
    noise, rng = np.random.default_rng(1), random.Random(1)
    asked = [write(rng) for _ in range(100)]
    answers = {each.answer: codes(noise, 17) for each in asked} | {answer: codes(noise, 5) for answer in map("I heard {}.".format, WORDS)}
    seven = Exchange(BARE_WORD, "Seven.", "I heard seven.", "seven")
    said = [replace(spoken(each, codes(noise, 9)), voice="digits:theo") for each in (seven, *asked)]
    return ExampleWriter(text_model, said, answers, Mishearing(noise.normal(size=(1024, 4)).astype(np.float32)), rng)


@pytest.mark.parametrize(("task", "groups"), [("heard", 5), ("heard_in_writing", 0)])
def test_a_word_said_alone_is_named_and_may_be_how_anything_begins(
    bare: ExampleWriter, task: str, groups: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "NOBODY_KNOWS", 0.0)
    for _ in range(10):
        example = TASKS[task](bare)
        heard = example.following[: example.ids.index(LAYOUT.audio_end or 0) + 1]
        assert answer_of(bare, example) == ("I heard seven.", groups)
        assert LISTEN in heard
        assert LAYOUT.eot not in heard


@pytest.mark.parametrize("task", ["text", "typed"])
def test_a_typed_word_stays_alone(bare: ExampleWriter, task: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examples, "RARE_ANSWER_SHARE", 0.0)
    monkeypatch.setattr(examples, "ANYTHING_SHARE", 0.0)
    for _ in range(10):
        example = TASKS[task](bare)
        shown = bare.tokenizer.decode([token for token in example.ids if not LAYOUT.is_audio(token)])
        word = plain(shown.partition("human")[2].partition("<|EOT|>")[0])
        assert (word in WORDS, answer_of(bare, example)[0].lower()) == (True, f"i heard {word}.")


def test_peoples_sentences_are_heard_as_often_as_their_words(text_model: Path) -> None:
    noise = np.random.default_rng(1)
    recorded = 60 * ["marvin"] + ["leave it there"]
    said = [replace(spoken(Exchange("human", words, "", ""), codes(noise, 9)), voice="librispeech:84") for words in recorded]
    writer = ExampleWriter(text_model, said, {}, Mishearing(noise.normal(size=(1024, 4)).astype(np.float32)), random.Random(1))

    assert sum("leave" in written_along(writer, writer.followed()) for _ in range(100)) > 8  # evenly drawn it would be 2


def test_only_words_decisions_and_answers_are_learned(writer: ExampleWriter) -> None:
    example = writer.heard_in_writing()
    learned = [token for token in example.following if token != UNLEARNED]
    assert not any(LAYOUT.is_audio(token) for token in learned)
    assert LISTEN in learned
    assert learned[-1] == LAYOUT.eot


def heard_words(writer: ExampleWriter, heard: Heard, *, broken_off: float = 0.0, seed: int = 0) -> tuple[list[str], Stretch]:
    """What is decided after each block: the words, `…` for listening on, `.` for a whole question."""
    stretch = Listener(writer.tokenizer, random.Random(seed))(heard, broken_off=broken_off)
    shown = {LISTEN: "…", LAYOUT.eot: "."}
    return [shown.get(token) or writer.tokenizer.decode([token]).strip() for token in stretch.following if token != UNLEARNED], stretch


def saying(words: list[str], said: list[int]) -> Heard:
    """Words of which so many have been said by each group; quiet before the first."""
    return Heard(codes(np.random.default_rng(0), len(said)), words, np.array(said), sounds(np.array(said) > 0))


@pytest.fixture
def undisturbed(monkeypatch: pytest.MonkeyPatch) -> None:
    for share in ("PAUSED", "MISWRITTEN", "UNSURE", "ENDED_ANEW"):
        monkeypatch.setattr(listening, share, 0.0)


@pytest.mark.usefixtures("undisturbed")
def test_a_word_is_written_two_blocks_after_it_was_said_and_at_the_end_at_once(writer: ExampleWriter) -> None:
    decided, stretch = heard_words(writer, saying(["what", "what"], [0, 0, 0, 1, 1, 1, 1, 2, 2, 2]))
    assert decided == ["…", "…", "…", "what", "…", "…", "what", "."]
    assert sum(LAYOUT.is_audio(token) for token in stretch.ids) == 10 * 5
    end = stretch.ids.index(LAYOUT.audio_end or 0)
    assert stretch.following[end] == stretch.ids[end + 1], "the second word is owed behind the mark"


@pytest.mark.usefixtures("undisturbed")
def test_where_all_words_are_written_the_question_is_whole_block_by_block_and_at_the_end(writer: ExampleWriter) -> None:
    decided, _ = heard_words(writer, saying(["what"], [1, 1, 1, 1, 1, 1, 1, 1]))
    assert decided == ["…", "…", "what", ".", ".", "."]


@pytest.mark.usefixtures("undisturbed")
def test_of_what_is_no_question_the_last_word_is_the_last_and_nobody_knows_whether_more_follows(writer: ExampleWriter) -> None:
    heard = saying(["what"], [0, 1, 1, 1])
    decided = []
    for seed in range(20):
        stretch = Listener(writer.tokenizer, random.Random(seed))(heard, whole=False)
        end = stretch.ids.index(LAYOUT.audio_end or 0)
        decided.append(stretch.following[-1])
        assert len(stretch.following) - 1 in stretch.vital, "where a question ends must be right"
        assert writer.tokenizer.decode(stretch.following[end:-1]) == "what"
    assert set(decided) == {LISTEN, LAYOUT.eot}


@pytest.mark.usefixtures("undisturbed")
def test_a_question_that_breaks_off_is_not_called_whole(writer: ExampleWriter) -> None:
    decided, _ = heard_words(writer, saying(["what", "is", "what"], [0, 0, 1, 1, 1, 1, 2, 2, 2, 3, 3, 3]), broken_off=1.0)
    assert "." not in decided
    assert decided[-1] == "…"
    assert [word for word in decided if word != "…"] in (["what"], ["what", "is"])


@pytest.mark.usefixtures("undisturbed")
def test_a_pause_brings_no_words(writer: ExampleWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    heard = saying(["what", "what"], [0, 0, 0, 1, 1, 1, 2, 2])
    monkeypatch.setattr(listening, "PAUSED", 1.0)
    paused, longer = heard_words(writer, heard)
    monkeypatch.setattr(listening, "PAUSED", 0.0)
    plain, stretch = heard_words(writer, heard)
    assert len(longer.ids) > len(stretch.ids)
    assert [word for word in paused if word not in "…."] == [word for word in plain if word not in "…."] == ["what", "what"]


@pytest.mark.usefixtures("undisturbed")
def test_an_end_may_sound_like_any_pause_and_is_still_one(writer: ExampleWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    heard = saying(["what", "what"], [0, 0, 0, 1, 1, 1, 2, 2, 2, 2])
    heard = replace(heard, phones=sounds(np.array([0, 0, 0, 1, 1, 1, 1, 1, 0, 0])))
    _, as_recorded = heard_words(writer, heard)
    monkeypatch.setattr(listening, "ENDED_ANEW", 1.0)
    ends = [heard_words(writer, heard, seed=seed) for seed in range(12)]
    assert all([word for word in decided if word not in "…."] == ["what", "what"] and decided[-1] == "." for decided, _ in ends)
    lengths = {sum(LAYOUT.is_audio(token) for token in stretch.ids) // 5 for _, stretch in ends}
    assert min(lengths) == 8, "speech was cut off, or never ends in the middle of a sound"
    assert len(lengths) > 3, "all ends last as long"
    assert sum(LAYOUT.is_audio(token) for token in as_recorded.ids) == 10 * 5


def test_a_recordings_last_silence_is_what_comes_behind_all_speech() -> None:
    heard = replace(saying(["what"], [0, 0, 1, 1, 1]), phones=sounds(np.array([0, 1, 1, 0, 0])))
    assert np.array_equal(heard.spoken.codes, heard.codes[:3])
    assert np.array_equal(heard.pause(2, last=True).codes, heard.codes[3:])
    assert {tuple(group) for group in heard.pause(9).codes} == {tuple(heard.codes[at]) for at in (0, 3, 4)}
    assert len(saying(["what"], [1, 1]).pause(3, last=True).codes) == 0


def test_parts_of_two_recordings_hold_their_own_words() -> None:
    first, second = saying(["one", "two"], [0, 1, 1, 2, 2]), saying(["three", "four"], [0, 0, 1, 2, 2])
    spliced = first.part(0, 1).then(second.part(1, 2))
    assert spliced.words == ["one", "four"]
    assert spliced.said.tolist() == [0, 1, 2, 2]
    assert np.array_equal(spliced.codes, np.concatenate([first.codes[:2], second.codes[3:]]))


def test_misheard_codes_are_mostly_neighbours_and_the_pitch_moves_as_a_whole() -> None:
    book = np.arange(1024, dtype=np.float32)[:, None]
    heard = np.full((4000, 5), 500, np.uint16)
    heard[:, 2:] = 20 * 85 + 7
    wrong = Mishearing(book)(heard, np.random.default_rng(3))
    away = np.abs(wrong[:, :2].astype(int) - 500)
    assert 0.01 < (away > 0).mean() < 0.3
    assert (away <= 4).mean() > 0.95
    assert len(np.unique(wrong[:, 2:] // 85)) == 1


def test_what_holds_in_a_group_is_what_holds_at_its_end() -> None:
    assert by_group(np.array([0] * 6 + [1] * 3 + [2] * 3), 3).tolist() == [0, 2, 2]
    labels = np.array([0] * 6 + [0] * 3 + [5] * 3 + [0] * 2, np.uint8)
    assert (phones_by_group(labels, 3) == NUMBER[SILENCE]).all(1).tolist() == [True, False, True]


def test_codes_begin_alike_where_they_sound_alike(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    book = rng.normal(size=(1024, 16)).astype(np.float32)
    book[1] = book[0] + 0.01
    np.save(tmp_path / "codebook.npy", book)
    np.save(tmp_path / "detail.npy", rng.normal(size=(85, 6)).astype(np.float32))
    model = StepOmni(TINY)
    model.init_weights()
    embed_codes(model, tmp_path, tmp_path)
    rows = model.model.embed_tokens.weight.detach()[LAYOUT.audio_offset :]
    assert (rows[0] - rows[1]).norm() < 0.1 * (rows[0] - rows[2]).norm()
    semantic = rows[1024 : 1024 + 48 * 85].unflatten(0, (48, 85))
    assert (semantic[20, 3] - semantic[21, 3]).norm() < (semantic[20, 3] - semantic[40, 3]).norm()


def test_a_batch_learns_what_its_examples_learn(writer: ExampleWriter) -> None:
    drawn = [writer.heard(), writer.text()]
    batch = collate(drawn)
    assert batch.following.tolist() == [token for example in drawn for token in example.following if token != UNLEARNED]
    assert batch.ids.shape[1] % 32 == 0
    weights = {VITAL_WEIGHT, TEXT_WEIGHT, LISTEN_WEIGHT, AUDIO_WEIGHT}
    assert {round(weight, 3) for weight in batch.weight.tolist()} == weights


@pytest.mark.parametrize("task", sorted(TASKS))
def test_steps_on_every_task_lower_the_loss(writer: ExampleWriter, task: str) -> None:
    model = StepOmni(TINY)
    model.init_weights(torch.Generator().manual_seed(0))
    scored = Scored(model)
    batch, learners = collate([TASKS[task](writer) for _ in range(4)]), Learners(scored, Fleet(), 5e-3)
    losses = []
    for _ in range(8):
        losses.append(learn(scored, [batch], Fleet()))
        learners.step(5e-3)
    assert losses[-1].ids < 0.9 * losses[0].ids
    if task in HEARD:
        assert losses[-1].phones < 0.9 * losses[0].phones
    else:
        assert not any(loss.phones for loss in losses)


@pytest.mark.usefixtures("undisturbed")
def test_where_a_group_has_been_heard_the_phones_of_the_one_before_it_are_learned(writer: ExampleWriter) -> None:
    heard = saying(["what", "what"], [0, 0, 1, 1, 2, 2])
    heard.phones[:, 0] = range(6)
    _, stretch = heard_words(writer, heard)
    assert [phones[0] for phones in stretch.phones.values()] == [0, 1, 2, 3, 4]
    for place, phones in stretch.phones.items():
        assert sum(LAYOUT.is_audio(token) for token in stretch.ids[: place + 1]) == 5 * (phones[0] + 2)
    question = writer.heard()
    batch = collate([writer.text(), question])
    assert batch.phones.tolist() == [phones.tolist() for phones in question.phones.values()]
    assert all(LAYOUT.is_audio(token) for token in batch.ids.flatten()[batch.sounding].tolist())
