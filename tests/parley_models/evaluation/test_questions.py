from collections import Counter

import pytest

from parley_models.evaluation.candidates import candidates
from parley_models.evaluation.questions import DECLINE, Question, answer_spaces, is_right, normalize, questions
from parley_models.numbers import NUMBERS, number

FRANCE = Question("Knowledge", "capital", "Any idea what the capital of France is?", "The capital of France is Paris.", "Paris")
SUM = Question("Logical reasoning", "sum", "Increase seven by five.", "Seven plus five is twelve.", "twelve")
DAY = Question("Logical reasoning", "day_after", "Any idea what day follows Monday?", "The day after Monday is Tuesday.", "Tuesday")
HOT = Question("Knowledge", "opposite", "I forgot the opposite of hot.", "The opposite of hot is cold.", "cold")
LARGER = Question("Logical reasoning", "larger", "Any idea which is larger, six or nine?", "Nine is larger than six.", "nine")
PARITY = Question("Logical reasoning", "parity", "Is it even or odd, seven?", "Seven is odd.", "odd")
COUNT = Question("Voice instruction following", "count", "Help me count from two to four.", "Two, three, four.", "two, three, four")
HELLO = Question("Assistant", "greeting", "Good to meet you at last, hello.", "Hello! Nice to hear you.", "hello")
OUTSIDE = Question("Outside", "beyond", "Is it going to pour later?", DECLINE, "beyond me")


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (FRANCE, "The capital of France is Paris."),
        (FRANCE, "the capital of france is paris"),
        (FRANCE, "Paris."),
        (FRANCE, "Paris is the capital of France."),
        (FRANCE, "I think it is Paris."),
        (FRANCE, "It's Paris."),
        (FRANCE, "That's Paris, I'm sure."),
        (FRANCE, "France's capital is Paris."),
        (SUM, "7 plus 5 is 12"),
        (SUM, "Seven plus five equals twelve."),
        (SUM, "Twelve."),
        (SUM, "Twelve. Seven plus five is twelve."),
        (SUM, "Twelve is seven plus five."),
        (DAY, "Tuesday comes"),
        (DAY, "Tuesday is the day after Monday."),
        (HOT, "Hot is the opposite of cold."),
        (HOT, "Cold is the opposite of hot."),
        (LARGER, "Nine is larger."),
        (COUNT, "2 3 4"),
        (HELLO, "Hello, nice to meet you."),
        (OUTSIDE, "Sorry, that's beyond me."),
    ],
)
def test_right(question: Question, answer: str) -> None:
    assert is_right(question, answer)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (FRANCE, ""),
        (FRANCE, "The capital of France is Rome."),
        (FRANCE, "The capital of Spain is Paris."),
        (FRANCE, "Paris or Rome."),
        (FRANCE, "Paris is in Texas."),
        (FRANCE, DECLINE),
        (FRANCE, "Parisian."),
        (SUM, "Seven plus five is thirteen."),
        (SUM, "Eight plus four is twelve."),
        (SUM, "Twelve plus five is seven."),
        (SUM, "Seven plus seven is twelve."),
        (SUM, "Twelve plus twelve is twelve."),
        (SUM, "Twelve is five."),
        (SUM, "Seven plus five is seventy-twelve"),
        (SUM, "There are twelve months in a year."),
        (DAY, "The day after Tuesday is Monday."),
        (DAY, "The day after Tuesday is Tuesday."),
        (DAY, "Monday is the day after Tuesday."),
        (LARGER, "Six is larger than nine."),
        (LARGER, "Nine is larger than nine."),
        (LARGER, "Nine or six."),
        (PARITY, "Nine is odd."),
        (PARITY, "Seven is even."),
        (PARITY, "Even or odd."),
        (COUNT, "Two, four."),
        (COUNT, "Four, three, two."),
        (COUNT, "Two, three, four, five."),
        (HELLO, "You are welcome."),
        (OUTSIDE, "It will rain."),
        (OUTSIDE, "The capital of France is Paris."),
    ],
)
def test_wrong(question: Question, answer: str) -> None:
    assert not is_right(question, answer)


def test_normalize_leaves_only_words() -> None:
    assert normalize("Forty-two!  Bogotá — “Grey”, it’s 100.") == "forty two bogota gray it's one hundred"
    assert normalize("a hundred") == normalize("one hundred") == normalize("100") == "one hundred"


def test_the_examination_is_as_broad_as_promised() -> None:
    by_category = Counter(question.category for question in questions())
    by_intent = Counter(question.intent for question in questions())
    numbers = ("number_after", "number_before", "count", "repeat_number", "larger", "smaller", "parity")

    assert len(questions()) >= 300
    assert by_category["Knowledge"] >= 100
    assert by_intent["sum"] >= 50
    assert by_intent["difference"] >= 40
    assert sum(by_intent[intent] for intent in numbers) >= 50
    assert by_category["Assistant"] >= 30
    assert by_category["Outside"] >= 60
    assert len({question.question for question in questions()}) == len(questions())


@pytest.mark.parametrize("question", questions(), ids=lambda question: question.question)
def test_each_question_tells_its_answer_from_the_decoys(question: Question) -> None:
    sentences = candidates(question)
    key = normalize(question.key)

    assert question.intent in answer_spaces()
    assert sentences[0] == question.answer
    assert len(sentences) >= 20
    assert is_right(question, question.answer)
    assert is_right(question, question.key)
    assert question.intent == "beyond" or not is_right(question, DECLINE)
    taken_for_right = [sentence for sentence in sentences if is_right(question, sentence)]
    assert all(key in normalize(sentence) for sentence in taken_for_right)
    assert len(taken_for_right) <= 4


def test_numbers_in_words() -> None:
    assert [number(n) for n in (0, 9, 13, 20, 42, 100)] == ["zero", "nine", "thirteen", "twenty", "forty-two", "one hundred"]
    assert len(set(NUMBERS)) == 101
    with pytest.raises(ValueError, match="counts from 0 to 100"):
        number(101)
