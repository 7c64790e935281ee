from collections import Counter
from dataclasses import replace

import pytest

from parley_models.calls import read_call
from parley_models.evaluation.large_numbers import NUMBERS, in_words, number
from parley_models.evaluation.questions import DECLINE, questions
from parley_models.evaluation.wide_questions import WideQuestion, is_right, mini1_questions, rules, wide_questions, word_errors


def question(intent: str, start: str = "") -> WideQuestion:
    return next(each for each in wide_questions() if each.intent == intent and each.question.startswith(start))


def right(asked: WideQuestion, answer: str) -> bool:
    return is_right(asked, answer, [asked.call] if asked.call else [])


@pytest.mark.parametrize("asked", wide_questions(), ids=lambda each: each.question)
def test_the_model_answer_is_right_and_declining_is_not(asked: WideQuestion) -> None:
    outside = asked.intent.startswith("beyond_")

    assert right(asked, asked.answer)
    assert right(asked, asked.answer.lower().rstrip(".!?"))
    assert right(asked, DECLINE) == outside
    assert not right(asked, "")
    assert not right(asked, "Bananas are growing in the attic.")


def test_the_rule_alone_takes_the_model_answer_for_right() -> None:
    """Not because it is the model answer: the same words with a harmless one more."""
    for asked in wide_questions():
        if asked.intent not in {"repeat", "say_manner", "say_emotion", "say_times", "two_styles", "chain_word"}:
            assert right(asked, f"Well, {asked.answer}"), asked


@pytest.mark.parametrize(
    ("asked", "wrong"),
    [
        (question("product"), "It is seven."),
        (question("product"), "Nine times nine is seventy-two."),
        (question("letter_after"), "After A comes Z."),
        (question("letter_after"), "After Y comes Y."),
        (question("letter_after"), "X comes after Y."),
        (question("spell"), "B, A, D."),
        (question("repeat"), "Sea."),
        (question("count_up"), "One, three, five."),
        (question("voice_pitch"), "Your voice is high or low."),
        (question("voice_mood"), "You sound happy and sad."),
        (question("joke"), "I know no joke."),
        (question("story"), "A cat sat down."),
        (question("story"), "The fox and the moon and the fox and the moon and the fox and the moon and the fox."),
        (question("feeling", "I can't stop crying"), "Congratulations! That is wonderful news!"),
        (question("riddle_answer", "Would it be"), "Not quite. It is a piano."),
        (question("guess_next"), "Is it three?"),
        (question("hand"), "I took paper. It is a draw!"),
        (question("chain_word"), "Banana."),
        (question("heard_word"), "I heard go."),
        (question("time"), "It is six nineteen in the morning."),
        (question("follow_same"), "The capital of France is Paris."),
        (question("follow_same"), "The capital of France is Berlin."),
        (question("follow_same", "And if it were"), "A dog has eight legs."),
        (question("follow_same", "Likewise"), "Seven is even."),
        (question("follow_same", "Good, then big"), "The opposite of hot is small."),
        (question("why"), "Because it is raining."),
    ],
    ids=lambda value: value.intent if isinstance(value, WideQuestion) else value,
)
def test_wrong(asked: WideQuestion, wrong: str) -> None:
    assert not right(asked, wrong)


@pytest.mark.parametrize(
    ("asked", "other"),
    [
        (question("product"), ""),
        (question("product"), "Seventy-two. Eight times nine is seventy-two."),
        (question("letter_after"), "Y comes after X."),
        (question("time"), "It's six nineteen in the evening."),
        (question("rhyme", "Any idea"), "It's mouse."),
        (question("follow_number", "From there"), "It's seventeen."),
        (question("repeat", "Here come some words"), "Pencil octopus kettle garden summer."),
        (question("joke"), "Why was six afraid of seven? Because seven ate nine!"),
        (question("rhyme", "Any idea"), "Blouse rhymes with house."),
        (question("feeling", "My grandfather"), "I am very sorry."),
        (question("hand", "My hand"), "I took scissors. Rock breaks scissors, so you win!"),
        (question("chain_word", "Here is mine"), "Elbow."),
        (question("small_talk", "People call me"), "Hello, Robert!"),
    ],
    ids=lambda value: value.intent if isinstance(value, WideQuestion) else value,
)
def test_another_right_answer_is_right(asked: WideQuestion, other: str) -> None:
    assert right(asked, other or asked.key.capitalize())


def test_a_call_that_is_wrong_missing_or_not_asked_for_is_wrong() -> None:
    timer, joke = question("timer"), question("joke")

    assert is_right(timer, timer.answer, [timer.call])
    assert not is_right(timer, timer.answer)
    assert not is_right(timer, timer.answer, ["@set_timer seconds=1"])
    assert not is_right(joke, joke.answer, ["@set_timer seconds=1"])


def test_a_call_is_right_however_its_arguments_are_ordered_and_quoted() -> None:
    timer = question("timer")

    assert timer.call == "@set_timer seconds=600 label=eggs"
    assert is_right(timer, timer.answer, ['@set_timer label="eggs" seconds=600'])
    assert not is_right(timer, timer.answer, ["@set_timer seconds=600"])
    assert not is_right(timer, timer.answer, [timer.call, timer.call])


def test_who_declines_and_yet_calls_a_tool_has_not_declined() -> None:
    for asked in (next(each for each in mini1_questions() if each.intent == intent) for intent in ("beyond", "beyond_calls")):
        assert is_right(asked, "Sorry, that is beyond me.")
        assert not is_right(asked, "Sorry, that is beyond me.", ["@set_timer seconds=1"])


def test_calls_can_be_read() -> None:
    asked = [each for each in wide_questions() if each.call]

    assert len(asked) >= 20
    assert all(call is not None and call.line == each.call for each in asked for call in [read_call(each.call)])


def test_the_examination_is_as_broad_as_promised() -> None:
    by_intent = Counter(each.intent for each in wide_questions())
    by_category = Counter(each.category for each in mini1_questions())

    assert all(count >= 6 for intent, count in by_intent.items() if not intent.startswith("beyond_")), by_intent
    assert by_category["Outside"] >= 100
    assert by_category["Role-playing"] >= 50
    assert by_category["Speech emotion control"] >= 30
    assert len({(each.question, each.before, each.system, each.tone) for each in mini1_questions()}) == len(mini1_questions())
    assert set(rules()) <= set(by_intent)


def test_what_mini_1_can_do_is_not_declined_any_more() -> None:
    kept = {each.question for each in mini1_questions()}

    assert "Tell me something funny." in {each.question for each in questions()} - kept
    assert len({each.question for each in questions()} - kept) <= 16


def test_styles_and_tones_are_named() -> None:
    tones = {each.tone for each in wide_questions() if each.tone}

    assert {"pitch=high", "pace=slow", "loudness=quiet", "whispered=true", "mood=angry"} <= tones
    assert any(" then " in each.style for each in wide_questions())


def test_turns_before_are_read_in_order() -> None:
    deep = max(wide_questions(), key=lambda each: len(each.before))

    assert len(deep.before) >= 2
    assert deep.before[0] == ("Guess my number.", "Okay. Is it five?")
    assert not replace(deep, question="@list_timers: {}").spoken


def test_word_errors() -> None:
    assert word_errors("a b c d".split(), "a c d".split()) == 1
    assert word_errors("a b".split(), "b a".split()) == 2
    assert word_errors([], ["a"]) == 1


def test_large_numbers_in_words() -> None:
    assert [number(n) for n in (99, 100, 101, 144, 199)] == [
        "ninety-nine",
        "one hundred",
        "one hundred one",
        "one hundred forty-four",
        "one hundred ninety-nine",
    ]
    assert len(set(NUMBERS)) == 200
    assert in_words("12 times 12 is 144, not 2000") == "twelve times twelve is one hundred forty-four, not 2000"
    with pytest.raises(ValueError, match="counts from 0 to 199"):
        number(200)
