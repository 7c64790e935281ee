"""Mini 1's corpus: lines that hold whole scenes, answers in their styles, questions that sound as they must, a recipe that goes on."""

import random
import shutil
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from parley_models.style import Style
from parley_models.text_tokenizer import TextTokenizer
from parley_models.tokens import Codes
from parley_models.vocoders.config import VoiceConfig
from parley_training.corpus import answers, recipe, spoken
from parley_training.corpus.dialogue import write
from parley_training.corpus.disturbance import disturbable
from parley_training.corpus.exchange import Part
from parley_training.corpus.lines import exchange_of, line_of
from parley_training.corpus.prosody import taken_apart
from parley_training.corpus.shard import Shard
from parley_training.corpus.wide.chinese import DIALECT_SYSTEMS
from parley_training.corpus.wide.core import in_core
from parley_training.corpus.word_times import written_along
from parley_training.text.recipe import make_pieces
from parley_training.tokens import recipe as tokens_recipe
from parley_training.tokens.recipe import save_second_voice, save_voice_codes

needs_synthesizers = pytest.mark.skipif(
    not (shutil.which("flite") and shutil.which("espeak-ng")), reason="flite and espeak-ng are not installed"
)


@pytest.fixture
def pool() -> Iterator[Executor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


def test_a_line_holds_the_whole_exchange() -> None:
    rng = random.Random(2)
    seen = set[str]()
    for _ in range(1500):
        exchange = write(rng, world="mini1")
        line = line_of(exchange)
        assert exchange_of(line) == exchange
        seen |= line.keys()
    assert seen == {
        "intent",
        "question",
        "answer",
        "key",
        "system",
        "call",
        "question_sound",
        "spoken",
        "language",
        "parts",
        "before",
        "tone",
    }


def test_a_line_of_mini_0_is_as_it_was() -> None:
    assert line_of(write(random.Random(0))).keys() == {"intent", "question", "answer", "key"}


def test_everything_a_shard_asks_is_among_the_answers_that_are_spoken_plainly_in_their_language() -> None:
    parts = {(part.text, part.style) for part in recipe.answer_parts("mini1", shards=range(2), utterances=60, more=0)}
    asked = [part for seed in range(2) for line in recipe.lines_of(seed, 60, "mini1") for part in exchange_of(line).segments if part.text]
    assert {(part.text, Style(dialect=part.style.dialect)) for part in asked} <= parts
    assert any(part.style.emotion or part.style.manner for part in asked)
    assert {style for _, style in parts} == {Style(), Style(dialect="mandarin"), Style(dialect="cantonese")}


def test_a_shard_of_the_core_asks_what_is_asked_every_day() -> None:
    exchanges = [exchange_of(line) for line in recipe.lines_of(7, 300, "mini1", core=True)]
    asked = [exchange for exchange in exchanges if exchange.answer]
    assert 0 < len(exchanges) - len(asked) < 75, "other shards have the everyday phrases"
    assert all(map(in_core, asked))
    spoken = {part.text for part in recipe.answer_parts("mini1", [7], 300, more=0, core=True)}
    assert {part.text for exchange in asked for part in exchange.segments} <= spoken


def test_the_words_that_decline_what_asks_nothing_are_spoken() -> None:
    declining = Part(write(random.Random(0), "beyond").answer)
    assert declining in set(recipe.answer_parts("mini1", shards=range(1), utterances=1, more=0))


def test_what_is_to_be_said_again_is_not_disturbed() -> None:
    rng = random.Random(5)
    assert not any(disturbable(write(rng, intent, "mini1")) for intent in ("repeat", "say_manner", "heard_word", "spell", "tool_result"))
    assert disturbable(write(rng, "capital", "mini1"))
    repeated = [line for seed in range(40) for line in recipe.lines_of(seed, 40, "mini1") if line["intent"] == "repeat"]
    assert len(repeated) > 20
    assert all(line["key"] in line["question"].lower() for line in repeated)


def test_a_dialect_that_the_system_turn_asks_for_is_what_is_answered() -> None:
    rng = random.Random(3)
    languages = set()
    for _ in range(60):
        exchange = write(rng, "in_dialect", "mini1")
        dialect = exchange.parts[0].style.dialect
        assert dialect
        assert exchange.system.startswith(DIALECT_SYSTEMS[dialect])  # the clock and tools may follow
        assert exchange.intent.endswith({"mandarin": "cmn", "cantonese": "yue"}[dialect])
        assert exchange.language != {"mandarin": "cmn", "cantonese": "yue"}[dialect]
        languages.add(exchange.language)
    assert languages == {"en", "cmn", "yue"}


@needs_synthesizers
def test_answers_are_spoken_once_in_their_style_and_keep_their_numbers(tmp_path: Path, pool: Executor) -> None:
    loud = Part("Hi there.", Style(manner="loud"))
    spoken.make_answers(tmp_path, [Part("Hi there."), Part("Hi there.")], pool)
    before = np.load(tmp_path / "audio.npy")

    spoken.make_answers(tmp_path, [Part("Hi there."), loud, Part("你好", Style(dialect="mandarin"), "ni3 hao3")], pool)

    told = spoken.spoken_parts(tmp_path)
    assert told[0] == ("Hi there.", Style())
    assert set(told) == {("Hi there.", Style()), ("Hi there.", Style(manner="loud")), ("你好", Style(dialect="mandarin"))}
    audio, index = np.load(tmp_path / "audio.npy"), np.load(tmp_path / "index.npy")
    assert np.array_equal(audio[: len(before)], before)
    assert index[-1, 1] == len(audio)
    assert np.array_equal(index[1:, 0], index[:-1, 1])
    place = told.index((loud.text, loud.style))
    assert np.abs(audio[slice(*index[place])]).max() > 1.4 * np.abs(before).max()
    assert not (tmp_path / "chunks").exists()


@needs_synthesizers
def test_a_chunk_that_was_spoken_before_a_kill_is_not_spoken_again(tmp_path: Path, pool: Executor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spoken, "PER_CHUNK", 1)
    said: list[str] = []

    def speak(part: Part) -> spoken.Pcm:
        if len(said) == 1:
            raise KeyboardInterrupt
        said.append(part.text)
        return np.full(10 * len(part.text), len(said), np.int16)

    monkeypatch.setattr(spoken, "_speak", speak)
    with pytest.raises(KeyboardInterrupt):
        spoken.make_answers(tmp_path, [Part("a."), Part("bb.")], pool)
    finished = list(said)
    monkeypatch.setattr(spoken, "_speak", lambda part: np.full(10 * len(part.text), 7, np.int16))
    spoken.make_answers(tmp_path, [Part("a."), Part("bb.")], pool)

    audio, index = np.load(tmp_path / "audio.npy"), np.load(tmp_path / "index.npy")
    told = [text for text, _ in spoken.spoken_parts(tmp_path)]
    assert sorted(told) == ["a.", "bb."]
    assert audio[index[told.index(finished[0]), 0]] == 1
    assert audio[index[1 - told.index(finished[0]), 0]] == 7


@needs_synthesizers
def test_the_second_voices_codes_are_the_first_ones_lower(tmp_path: Path, pool: Executor) -> None:
    parts = [Part("Good morning."), Part("Good night.", Style(emotion="sad")), Part("早晨", Style(dialect="cantonese"), "zou2 san4")]
    spoken.make_answers(tmp_path / "answers", parts, pool)
    first, second = tmp_path / "voice" / "answers", tmp_path / "voice" / answers.SECOND
    spoken.make_voice(first, tmp_path / "answers", 1, 2, 0, pool)
    spoken.make_second_voice(second, first, tmp_path / "answers", 5, pool)

    twins, lengths = np.load(second / "twins.npy"), [np.diff(np.load(place / "index.npy"))[:, 0] for place in (first, second)]
    assert len(twins) == 2  # no Cantonese
    assert np.array_equal(lengths[0][twins], lengths[1])
    rng = np.random.default_rng(0)
    codes = np.stack([rng.integers(0, 1024, 30)] * 2 + [rng.integers(13, 47, 30) * 85 + rng.integers(0, 85, 30)] * 3, axis=1).astype(
        np.uint16
    )
    np.save(first / "codes.npy", codes)
    np.save(first / "code_index.npy", np.array([[0, 10], [10, 20], [20, 30]]))
    save_second_voice(second, first)
    moved, index = np.load(second / "codes.npy"), np.load(second / "code_index.npy")
    steps = round(answers.SECOND_BELOW / VoiceConfig().pitch_step_semitones)
    for (start, stop), twin in zip(index, twins, strict=True):
        ours, theirs = codes[10 * twin : 10 * twin + 10], moved[start:stop]
        assert np.array_equal(ours[:, :2], theirs[:, :2])
        assert np.array_equal(ours[:, 2:] - theirs[:, 2:], np.full((10, 3), steps * 85))


@needs_synthesizers
def test_the_second_voice_is_at_another_pitch_where_the_first_one_is(tmp_path: Path, pool: Executor) -> None:
    parts = [Part(f"The capital of {country} is {city}.") for country, city in (("Italy", "Rome"), ("Norway", "Oslo"), ("Peru", "Lima"))]
    spoken.make_answers(tmp_path / "answers", parts, pool)
    first, second = tmp_path / "voice" / "answers", tmp_path / "voice" / answers.SECOND
    spoken.make_voice(first, tmp_path / "answers", 0, 0, 3, pool)
    shifts = np.array([-6.5, -4.0, 3.0])  # as if these had been drawn
    np.save(first / "shifts.npy", shifts)
    spoken.make_second_voice(second, first, tmp_path / "answers", 3, pool)

    twins, chosen = np.load(second / "twins.npy"), np.load(first / "chosen.npy")
    assert twins.tolist() == [1, 2]  # the first one's would lie lower than the codes can tell
    audio, index = np.load(second / "audio.npy"), np.load(second / "index.npy")
    for (start, stop), twin in zip(index, twins, strict=True):
        text, _ = spoken.spoken_parts(tmp_path / "answers")[chosen[twin]]
        moved, plain = (pitch_of(sound) for sound in (audio[start:stop] / 32768, answers.speak(text, voice=answers.SECOND)))
        assert 12 * np.log2(moved / plain) == pytest.approx(shifts[twin], abs=0.5)


def pitch_of(sound: npt.NDArray[np.floating]) -> float:
    f0 = taken_apart(sound.astype(np.float32), answers.ANSWER_RATE_HZ).f0
    return float(np.median(f0[f0 > 0]))


@needs_synthesizers
def test_at_another_pitch_the_voice_has_the_codes_that_the_pitch_control_gives_it(tmp_path: Path, pool: Executor) -> None:
    spoken.make_answers(tmp_path / "answers", [Part("Good morning."), Part("Good night."), Part("Thank you.")], pool)
    voice = tmp_path / "voice"
    spoken.make_voice(voice, tmp_path / "answers", 2, 0, 1, pool)
    chosen, shifts = np.load(voice / "chosen.npy"), np.load(voice / "shifts.npy")
    assert sorted(chosen) == [0, 1, 2]
    assert (shifts != 0).tolist() == [False, False, True]
    rng = np.random.default_rng(0)

    def heard() -> np.ndarray:
        levels = rng.integers(16, 32, (10, 3)) * 85 + rng.integers(0, 85, (10, 3))
        return np.concatenate([rng.integers(0, 1024, (10, 2)), levels], axis=1).astype(np.uint16)

    def kept(name: str) -> list[np.ndarray]:
        utterances = [heard() for _ in range(3)]
        np.savez(tmp_path / name, codes=np.concatenate(utterances), index=np.array([[0, 10], [10, 20], [20, 30]]))
        return utterances

    of_voice, of_answers = kept("voice.npz"), kept("answers.npz")
    save_voice_codes(voice, tmp_path / "voice.npz", tmp_path / "answers.npz")
    codes = np.split(np.load(voice / "codes.npy"), 3)
    assert np.array_equal(codes[0], of_voice[0])
    assert np.array_equal(codes[1], of_voice[1])
    moved, still = codes[2], of_answers[chosen[2]]
    assert np.array_equal(moved[:, :2], still[:, :2])
    steps = round(shifts[2] / VoiceConfig().pitch_step_semitones)
    assert np.array_equal(moved[:, 2:].astype(int) - still[:, 2:], np.full((10, 3), steps * 85))


@needs_synthesizers
def test_a_shard_of_mini_1(tmp_path: Path) -> None:
    recipe.make_shard(tmp_path / "shard_0000", 4, test=False, utterances=6, world="mini1")
    shard = Shard.open(tmp_path / "shard_0000")
    assert [{name: line[name] for name in line if name not in {"speaker", "syllables"}} for line in shard.lines] == list(
        recipe.lines_of(4, 6, "mini1")
    )
    for line, (start, stop, first, last) in zip(shard.lines, shard.index, strict=True):
        assert np.abs(shard.heard[start:stop]).max() > 100
        words, said, _ = written_along(line, np.asarray(shard.labels[first:last]))
        assert len(words)
        assert said[-1] == len(words)


def test_pieces_for_every_han_character_and_for_calls(tmp_path: Path) -> None:
    make_pieces(tmp_path, "mini1", exchanges=2500)
    tokenizer = TextTokenizer(tmp_path / "text.model")
    rng = random.Random(9)
    chinese = [write(rng, f"sum_{language}", "mini1") for language in ("cmn", "yue")]
    for exchange in chinese:
        for mark in exchange.answer:
            assert len(tokenizer.encode(f"好{mark}")) <= 3, mark  # bytes would be three a character
        assert tokenizer.decode(tokenizer.encode(exchange.answer)) == exchange.answer
    call = '@set_timer seconds=300 label="tea"'
    assert tokenizer.decode(tokenizer.encode(call)) == call
    assert len(tokenizer.encode("@set_timer seconds=300")) <= 12


def test_answers_that_were_heard_are_not_heard_again(tmp_path: Path, pool: Executor, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer's codes are here its number, so that they can be told apart."""
    heard = list[int]()

    def hear(_folder: Path, first: int, _ears: object) -> list[Codes]:
        heard.append(first)
        return [np.full((2, 5), number, np.uint16) for number in range(first, len(np.load(tmp_path / "index.npy")))]

    monkeypatch.setattr(tokens_recipe, "_answer_codes", hear)
    ears = (Path("linguistic"), Path("semantic"))
    for spoken_so_far in (3, 3, 7):
        np.save(tmp_path / "index.npy", np.zeros((spoken_so_far, 2), np.int64))
        tokens_recipe.save_answers(tmp_path, tmp_path / "answers.npz", ears, pool)
        assert [int(codes[0, 0]) for codes in tokens_recipe.codes_of(tmp_path / "answers.npz")] == list(range(spoken_so_far))
    assert heard == [0, 3]
