"""Mini 1's questions as Mini 0 learns from them."""

from dataclasses import replace

import numpy as np
import pytest

from parley_models.evaluation.questions import declines
from parley_training.backbone.narrowed import narrowed
from parley_training.backbone.questions import Question
from parley_training.corpus.exchange import Exchange, Part, Tone

FACT = Exchange("capital", "What is the capital of France?", "The capital of France is Paris.", "paris")
TIMER = Exchange(
    "timer", "Set a timer for five minutes.", "Five minutes, go.", "five", system="You have tools.", call="@set_timer seconds=300"
)
PIRATE = replace(
    FACT, answer="Aye, matey! The capital of France is Paris.", parts=(Part("Aye, matey!"), Part(FACT.answer)), system="You are a pirate."
)


def learned(exchange: Exchange) -> Exchange:
    question = Question((), exchange, np.zeros(0, np.int64), np.zeros((0, 6), np.uint8))
    (kept,) = narrowed([question])
    assert kept.words == question.words, "the recording says the same"
    return kept.exchange


@pytest.mark.parametrize("surrounded", [FACT, replace(FACT, before=(TIMER,)), replace(FACT, system="It is Sunday.")])
def test_what_mini_0_knows_it_answers_without_what_surrounds_it(surrounded: Exchange) -> None:
    assert learned(surrounded) == FACT


def test_what_only_mini_1_knows_is_declined() -> None:
    kept = learned(TIMER)
    assert declines(kept.answer)
    assert not (kept.system or kept.call)


def test_what_mini_1_says_of_itself_is_not_what_mini_0_says() -> None:
    kept = learned(Exchange("abilities", "What can you do?", "I can tell jokes and set timers.", "jokes"))
    assert "jokes" not in kept.answer
    assert "capitals" in kept.answer


@pytest.mark.parametrize(
    "dependent",
    [
        PIRATE,
        Exchange("follow_same", "And of Germany?", "The capital of Germany is Berlin.", "berlin", before=(FACT,)),
        Exchange("voice_pitch", "Is my voice high?", "Your voice is high.", "high", tone=Tone(pitch="high")),
        Exchange("heard_word", "The word stop.", "I heard stop.", "stop"),
        Exchange("guess", "Yes", "Then it is seven.", "seven", before=(FACT,)),
        Exchange("words", "of relevance because", "", ""),
    ],
)
def test_what_hangs_on_more_than_the_question_is_only_written_along(dependent: Exchange) -> None:
    assert not learned(dependent).answer


@pytest.mark.parametrize("alone", [Exchange("human", "stop", "", ""), Exchange("heard_word", "Stop.", "I heard stop.", "stop")])
def test_a_word_said_alone_is_named(alone: Exchange) -> None:
    assert learned(alone) == Exchange("heard_word", "Stop.", "I heard stop.", "stop")


def test_a_language_stays_what_it_is() -> None:
    assert learned(Exchange("greeting_cmn", "你好", "你好！", "你好", language="cmn")).language == "cmn"
