"""Mini 1's wider world: what is written is right, natural, and says all that the recipes need to render it."""

import hashlib
import random
import re
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import pytest

from parley_models.calls import CallReader, read_call
from parley_models.evaluation.wide_questions import normalize
from parley_models.numbers import number
from parley_models.situation import TOOLS_TEXT
from parley_training.corpus.dialogue import holdout, write
from parley_training.corpus.disturbance import plain
from parley_training.corpus.exchange import Exchange, Part
from parley_training.corpus.roles import ROLES, system_turn
from parley_training.corpus.wide import WIDE, alphabet, chinese, clock, creative, games, products, riddles, surroundings, timers
from parley_training.corpus.wide.dialogue import MINI1
from parley_training.corpus.wide.scene import SceneWriter
from parley_training.corpus.world import facts
from parley_training.corpus.writers import WRITERS

SCENIC = sorted(intent for intent, writer in WIDE.items() if isinstance(writer, SceneWriter))
LONG = ("story", "story_about", "any_story", "verse")
TONES = {"voice_pitch": "pitch", "voice_pace": "pace", "voice_loudness": "loudness", "voice_whisper": "whispered", "voice_mood": "mood"}


@cache
def drawn(count: int, intent: str | None = None) -> tuple[Exchange, ...]:
    rng = random.Random(7)
    return tuple(write(rng, intent, world="mini1") for _ in range(count))


def test_mini_0_s_dialogue_is_what_it_was() -> None:
    """The shipped Mini and the figures in the README come of these words."""
    rng = random.Random(5)
    questions = "".join(write(rng).question for _ in range(5000))

    assert hashlib.sha256(questions.encode()).hexdigest().startswith("d62c777d3b9bbcae")


@pytest.mark.parametrize("intent", [intent for intent in SCENIC if intent != "heard_word"])
def test_every_intent_has_many_wordings(intent: str) -> None:
    rng, writer = random.Random(0), WIDE[intent]
    assert isinstance(writer, SceneWriter)

    assert len({writer.grammar.sample(rng) for _ in range(600)}) >= 200


def test_bare_words_are_mostly_bare() -> None:
    questions = Counter(exchange.question for exchange in drawn(300, "heard_word"))

    assert sum(count for question, count in questions.items() if " " not in question) > 150
    assert len(questions) > 80


@pytest.mark.parametrize("intent", sorted(WIDE))
def test_exchanges_are_plain_spoken_english(intent: str) -> None:
    for exchange in (each for whole in drawn(25, intent) for each in (*whole.before, whole)):
        if exchange.language != "en" or exchange.segments[0].style.dialect:
            continue
        if exchange.spoken:
            assert re.fullmatch(r"[A-Z][A-Za-z' ,-]*[.?]", exchange.question), exchange
        assert re.fullmatch(r"[A-Z][A-Za-z' ,.!?:-]*[.!?]", exchange.answer), exchange
        assert len(exchange.answer.split()) <= (45 if exchange.intent in LONG else 20), exchange
        said = iter(normalize(exchange.answer).split())
        assert exchange.key.strip(), exchange
        if exchange.intent not in LONG:
            assert all(word in said for word in normalize(exchange.key).split()), exchange


@pytest.mark.parametrize("intent", sorted(WIDE))
def test_what_surrounds_an_exchange_holds_together(intent: str) -> None:
    for exchange in drawn(25, intent):
        assert " ".join(part.text for part in exchange.segments) == exchange.answer
        assert len(exchange.before) <= 4
        for earlier in exchange.before:
            assert not earlier.before
            assert earlier.system == exchange.system
        assert exchange.tone is None or exchange.intent in TONES


def test_the_same_seed_writes_the_same_dialogue() -> None:
    assert drawn(40) == tuple(write(rng, world="mini1") for rng in [random.Random(7)] for _ in range(40))


def test_every_intent_is_drawn() -> None:
    rng, weights = random.Random(3), [writer.weight for writer in MINI1.values()]

    assert set(rng.choices(list(MINI1), weights, k=6000)) == set(MINI1)
    assert not {"beyond"} & {exchange.intent for exchange in drawn(300)}


def test_of_some_products_one_order_is_held_out() -> None:
    pairs = [(a, b) for a in range(13) for b in range(a + 1, 13)]
    kept = [pair for pair in pairs if products.product_held_out(*pair)]
    taught = {exchange.answer for exchange in drawn(800, "product")}

    assert 0.15 < len(kept) / len(pairs) < 0.25
    for a, b in kept:
        assert not products.product_held_out(b, a)
        assert holdout(Exchange("product", "", products.product(a, b).parts[0].text, ""))
        assert products.product(a, b).parts[0].text not in taught


@pytest.mark.parametrize("intent", ["product", "two_step", "spell", "unspell"])
def test_what_is_held_out_is_never_written(intent: str) -> None:
    assert not any(holdout(exchange) for exchange in drawn(400, intent))


def test_two_steps_are_worked_out_rightly() -> None:
    signs = {"plus": "+", "minus": "-", "times": "*"}
    value = {number(n): n for n in range(101)}
    for exchange in drawn(200, "two_step"):
        step = re.fullmatch(r"(\S+) (\w+) (\S+) is ([\w -]+), (\w+) (\S+) is ([\w -]+)\.", exchange.answer.lower())
        assert step is not None
        a, first, b, between, second, c, result = step.groups()
        assert eval(f"{value[a]} {signs[first]} {value[b]}") == value[between]
        assert eval(f"{value[between]} {signs[second]} {value[c]}") == value[result]


def test_words_to_repeat_are_many_and_sound_different() -> None:
    pocketsphinx = pytest.importorskip("pocketsphinx")
    sounds: dict[str, set[str]] = {}
    for line in Path(pocketsphinx.get_model_path("en-us/cmudict-en-us.dict")).read_text().splitlines():
        word, sound = line.split(" ", 1)
        sounds.setdefault(re.sub(r"\(\d\)", "", word), set()).add(sound)
    words = [row["word"] for row in facts("words")]
    by_sound = Counter(sound for word in words for sound in sounds[word.lower()])

    assert len(words) == len(set(words)) >= 1500
    assert [sound for sound, count in by_sound.items() if count > 1] == []


def test_what_is_repeated_is_what_was_said() -> None:
    lengths: Counter[int] = Counter()
    for exchange in drawn(200, "repeat"):
        assert normalize(exchange.answer) in normalize(exchange.question)
        lengths[len(exchange.answer.split())] += 1

    assert {1, 2, 3, 4, 5, 6} <= set(lengths)


def test_letters_are_written_as_capitals_and_sounded_by_name() -> None:
    exchange = next(each for each in drawn(50, "unspell") if not each.before)

    assert alphabet.letters("cat") == "C, A, T"
    assert alphabet.letter_names("cat") == "see, eigh, tee"
    assert exchange.question_sound
    assert not re.search(r"\b[B-HJ-Z]\b", exchange.question_sound)
    assert all(part.sound for each in drawn(20, "spell") for part in each.segments)


def test_two_styles_are_two_segments() -> None:
    for exchange in drawn(30, "two_styles"):
        one, two = exchange.segments
        assert one.style != two.style


def test_a_style_asked_for_from_now_on_holds() -> None:
    asked = [each for each in drawn(60, "in_style") if each.before]
    told = [each for each in drawn(60, "in_style") if not each.before]

    assert asked and told
    assert all(each.before[0].segments[0].style == each.segments[0].style for each in asked)
    assert all(each.system for each in told)


@pytest.mark.parametrize("intent", TONES)
def test_the_answer_is_what_is_heard_in_the_question(intent: str) -> None:
    words = {"fast": "fast", "slow": "slowly"}
    for exchange in drawn(30, intent):
        demand = getattr(exchange.tone, TONES[intent])
        assert demand is not None
        if intent == "voice_whisper":
            assert exchange.answer.startswith("Yes" if demand else "No")
        else:
            assert words.get(demand, demand) in exchange.answer


def test_timers_ring_when_they_should() -> None:
    seconds = {"second": 1, "minute": 60, "hour": 3600}
    value = {number(n): n for n in range(101)}
    for span in timers.SPANS:
        units = re.findall(r"([\w-]+) (second|minute|hour)s?", span.said)
        if all(said in value for said, _ in units) and not re.search(r"half|quarter|\ban?\b", span.said):
            assert span.seconds == sum(value[said] * seconds[unit] for said, unit in units), span
    assert {timer.said: timer.seconds for timer in timers.SPANS}["an hour and a half"] == 5400


@pytest.mark.parametrize("intent", ["timer", "reminder", "cancel_timer", "list_timers"])
def test_calls_are_read_as_calls(intent: str) -> None:
    with_tools = [each for each in drawn(60, intent) if each.call]
    without = [each for each in drawn(60, intent) if not each.call]

    assert with_tools and without
    for exchange in with_tools:
        reader = CallReader([f"set_{intent}", intent])
        assert (reader.feed(f"{exchange.answer}\n{exchange.call}") + reader.finish()).strip() == exchange.answer
        assert reader.calls == [read_call(exchange.call)]
        assert TOOLS_TEXT in exchange.system
    assert all(TOOLS_TEXT not in exchange.system and "cannot" in exchange.answer for exchange in without)


def test_reminders_are_for_a_time_of_day() -> None:
    assert {hour.said: hour.at for hour in timers.HOURS} | {
        "noon": "12:00",
        "midnight": "00:00",
        "seven thirty in the evening": "19:30",
        "half past seven in the morning": "07:30",
        "quarter to eight in the evening": "19:45",
        "one oh five": "13:05",
        "eight o'clock": "08:00",
        "quarter to one in the afternoon": "12:45",
    } == {hour.said: hour.at for hour in timers.HOURS}


def test_days_until_lead_there() -> None:
    day = date(2026, 1, 1)
    for _ in range(800):
        for event, (month, number_of_day) in clock.EVENTS.items():
            there = day + timedelta(clock.days_until(day, event))
            assert (there.month, there.day) == (month, number_of_day)
        assert (day + timedelta(clock.days_until(day, "Friday"))).strftime("%A") == "Friday"
        assert (day + timedelta(clock.days_until(day, "the end of the month") + 1)).day == 1
        assert (day + timedelta(clock.days_until(day, "the weekend"))).strftime("%A") in {"Saturday", "Sunday"}
        day += timedelta(1)


@pytest.mark.parametrize(("intent", "table"), [("joke", "jokes"), ("riddle", "riddles")])
def test_jokes_and_riddles_are_many_and_different(intent: str, table: str) -> None:
    rows = facts(table)

    assert len(rows) >= 30
    assert len({tuple(row.values()) for row in rows}) == len(rows)
    assert len({exchange.answer for exchange in drawn(200, intent)}) >= 25


def test_stories_and_verses_are_many() -> None:
    assert len(facts("stories")) >= 20
    assert len(facts("verses")) >= 20
    assert all(len(row["verse"].split()) <= 45 for row in facts("verses"))
    longest = [creative.story(row["story"], "little girl", "an old clock") for row in facts("stories")]
    assert all(15 <= len(text.split()) <= 45 for text in longest)


def test_a_riddle_is_judged_by_its_own_answers() -> None:
    solutions = {row["riddle"]: row for row in facts("riddles")}
    for exchange in drawn(150, "riddle_answer"):
        row = solutions[exchange.before[-1].answer]
        guessed = any(re.search(rf"\b{re.escape(said)}\b", exchange.question, re.IGNORECASE) for said in row["said"].strip("()").split("|"))
        assert riddles.solution(row) in exchange.answer
        assert guessed or not exchange.answer.startswith("Right")
        assert not guessed or not exchange.answer.startswith("Not")


def test_any_number_is_guessed_in_four_turns() -> None:
    for secret in range(games.LOWEST, games.HIGHEST + 1):
        low, high, tries = games.LOWEST, games.HIGHEST, 1
        while (tried := games.guess(low, high)) != secret:
            low, high = (tried + 1, high) if secret > tried else (low, tried - 1)
            tries += 1
        assert tries <= 4


def test_who_wins_is_told_rightly() -> None:
    wins = {("rock", "scissors"), ("scissors", "paper"), ("paper", "rock")}
    for human in ("rock", "paper", "scissors"):
        for mini in ("rock", "paper", "scissors"):
            text = " ".join(part.text for part in games.shown(human, mini))
            verdict = "draw" if human == mini else "I win" if (mini, human) in wins else "you win"
            assert f"I took {mini}." in text
            assert verdict in text


def test_word_chains_hang_together() -> None:
    for exchange in drawn(100, "chain_word"):
        spoken = [normalize(text).split()[-1] for turn in (*exchange.before, exchange) for text in (turn.question, turn.answer)]
        assert spoken[-1] == exchange.key
        assert spoken[-1] not in spoken[:-1]
        words = set(re.findall(r"[a-z]+", exchange.question.lower())) & set(alphabet.WORDS)
        assert any(word[0] == spoken[-3][-1] and word[-1] == spoken[-1][0] for word in words), spoken


@pytest.mark.parametrize("role", ROLES)
def test_a_role_has_much_to_say_and_stays_in_it(role: str) -> None:
    table = [row for row in facts("roles") if row["role"] == role]
    played = [each for each in drawn(150, "role_play") if each.system.startswith(system_turn(role))]

    assert len(table) >= 15
    assert len({row["answer"] for row in table}) == len(table)
    assert played
    assert any(len(each.before) == 3 for each in drawn(150, "role_play"))


def test_the_clock_and_the_tools_may_be_told_of_in_any_exchange() -> None:
    systems = {exchange.system for exchange in drawn(200, "capital")}

    assert "" in systems
    assert any(system.startswith("It is ") and system.endswith(TOOLS_TEXT) for system in systems)
    assert not any("It is" in exchange.system and "clock" in exchange.answer for exchange in drawn(100, "date"))
    assert set(WIDE) >= surroundings.BOUND


@pytest.mark.parametrize(("intent", "language"), chinese.chinese)
def test_chinese_is_written_in_han_and_sounded_syllable_by_syllable(intent: str, language: str) -> None:
    rng = random.Random(1)

    assert len({said.written for said in chinese.wordings(intent, language)}) >= 50
    for exchange in (chinese.write(intent, language, rng) for _ in range(40)):
        answer: Part = exchange.segments[0]
        for written, sounded in ((exchange.question, exchange.question_sound), (answer.text, answer.sound)):
            han = re.findall(r"[\u4e00-\u9fff零]", written)
            assert len(han) == len(re.findall(r"[a-z]+[1-6]", sounded)), (written, sounded)
            assert not re.search(r"[A-Za-z{]", written)
        assert exchange.key in exchange.answer


def test_chinese_numbers() -> None:
    assert [chinese.number(n, "cmn").written for n in (0, 7, 10, 14, 20, 42, 100)] == ["零", "七", "十", "十四", "二十", "四十二", "一百"]
    assert chinese.number(42, "cmn").sounded == "si4 shi2 er4"
    assert chinese.number(100, "yue").sounded == "jat1 baak3"


def test_mini_1_knows_all_that_mini_0_knows() -> None:
    assert set(WRITERS) - set(MINI1) == {"beyond"}
    assert [intent for intent in MINI1 if intent.startswith("beyond_")]


def test_a_question_about_anything_begins_like_a_question_and_asks_nothing_that_mini_1_knows() -> None:
    rng = random.Random(4)
    asked = [write(rng, "beyond_anything", "mini1") for _ in range(400)]
    assert {exchange.key for exchange in asked} == {"beyond me"}
    words = Counter(word for exchange in asked for word in plain(exchange.question).split())
    assert words["what"] > 20 and words["how"] > 20
    assert len(words) > 600, "they are always the same"
    assert not {"timer", "joke", "weather", "germany", "clock", "whisper"} & words.keys()


def test_a_step_from_a_result_is_none_that_the_examination_asks() -> None:
    examined = {fact.answer for intent in ("sum", "difference") for fact in WRITERS[intent].examined}
    said = {each.answer for exchange in drawn(1500, "follow_number") for each in (exchange, *exchange.before)}
    assert len(said) > 1000
    assert not said & examined
    assert not any(holdout(replace(exchange, intent="product")) for exchange in drawn(1500, "follow_number"))
