import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from parley_models.errors import EngineError
from parley_models.evaluation.candidates import candidates
from parley_models.evaluation.judge import Judge
from parley_models.evaluation.questions import Question, is_right, normalize, questions
from parley_models.pcm import AudioChunk

pytest.importorskip("pocketsphinx", reason="the judge is an extra")
needs_flite = pytest.mark.skipif(shutil.which("flite") is None, reason="flite is not installed")
FRANCE = next(question for question in questions() if question.intent == "capital")


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge()


def spoken(text: str, out: Path) -> AudioChunk:
    subprocess.run(["flite", "-voice", "slt", "-t", text, "-o", str(out)], check=True)
    samples, rate_hz = soundfile.read(out, dtype="float32")
    return AudioChunk(samples, rate_hz)


def first(intent: str) -> Question:
    return next(question for question in questions() if question.intent == intent)


@needs_flite
@pytest.mark.parametrize("intent", ["capital", "sum", "colour", "beyond"])
def test_hears_the_right_answer_among_decoys(judge: Judge, intent: str, tmp_path: Path) -> None:
    question = first(intent)

    heard = judge.hear(spoken(question.answer, tmp_path / "answer.wav"), candidates(question))

    assert heard is not None
    assert is_right(question, heard)


@needs_flite
def test_hears_that_another_answer_was_spoken(judge: Judge, tmp_path: Path) -> None:
    """The judge goes by the sound: it does not prefer the right answer."""
    question = first("colour")
    wrong = candidates(question)[5]

    assert judge.hear(spoken(wrong, tmp_path / "answer.wav"), candidates(question)) == wrong


def test_knows_every_word_of_every_candidate(judge: Judge) -> None:
    noise = AudioChunk(np.random.default_rng(0).normal(0, 0.1, 1600).astype(np.float32), 16_000)

    words = {word for question in questions() for sentence in candidates(question) for word in normalize(sentence).split()}

    assert judge.hear(noise, [" ".join(sorted(words))]) is None  # raises for a word without pronunciation


def test_an_unknown_word_is_named(judge: Judge) -> None:
    with pytest.raises(EngineError, match="no pronunciation for: zxqv"):
        judge.hear(AudioChunk(np.ones(1600, np.float32) * 0.1, 16_000), ["The capital is Zxqv."])


@pytest.mark.parametrize("samples", [np.zeros(0), np.zeros(16_000), np.full(16_000, np.nan)], ids=["nothing", "silence", "NaN"])
def test_hears_nothing_in_no_sound(judge: Judge, samples: np.ndarray) -> None:
    assert judge.hear(AudioChunk(samples.astype(np.float32), 16_000), candidates(FRANCE)) is None


def test_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pocketsphinx", None)

    with pytest.raises(EngineError, match="pip install pocketsphinx"):
        Judge()
