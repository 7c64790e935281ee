"""The history as a user meets it: what was said is there again, and what was deleted is nowhere."""

import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from parley.conversation.events import Timer
from parley.conversation.history import History, open_history
from parley.conversation.schema import STEPS
from parley.conversation.turns import Segment, Stage, Turn
from parley_models.errors import StoreError
from parley_models.realtime.events import ItemMemory, StyleWish
from parley_models.style import Style

MEMORY = ItemMemory(tokens=(5, 1537, 6000, 6), text="Paris.", style=StyleWish(rate=1.2), seed=7)
ANSWER = Turn(
    2,
    "assistant",
    "The capital of France",
    unheard=" is Paris.",
    seconds=1.25,
    waveform=(0.0, 0.5, 1.0),
    segments=(Segment("The capital of France is Paris.", Style(emotion="happy")),),
    style=Style(rate=1.2),
    achieved=(("rate", 1.19), ("pitch", None)),
    latency=(Stage("first_audio", 212.5),),
    seed=7,
    sound="2.flac",
    at="2026-01-01T00:00:00.000+00:00",
)


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    opened = History(tmp_path / "history.db")
    yield opened
    opened.close()


def said(history: History, conversation: int, *texts: str, side: str = "human") -> list[int]:
    numbers = []
    for text in texts:
        numbers.append(history.next_number("turn"))
        history.save(conversation, Turn(numbers[-1], "human" if side == "human" else "assistant", text))
    return numbers


def test_a_turn_comes_back_with_everything(tmp_path: Path) -> None:
    history = History(tmp_path / "history.db")
    asked = Turn(1, "human", "", heard_as="the capital of france", corrected=True, seconds=2.0, at="2026-01-01T00:00:00.000+00:00")
    history.save(3, asked)
    history.save(3, ANSWER, MEMORY, character="Captain Rosa")
    history.close()
    again = History(tmp_path / "history.db")
    (first, second) = again.turns(3)
    (heading,) = again.headings()
    again.close()
    assert first.turn == asked
    assert (second.turn, second.memory) == (ANSWER, MEMORY)
    assert (heading.title, heading.turns, heading.character) == ("the capital of france", 2, "Captain Rosa")


def test_news_about_a_turn_replace_it_and_its_tokens_stay(history: History) -> None:
    history.save(1, ANSWER, MEMORY)
    history.save(1, replace(ANSWER, text="The capital of France is Paris.", unheard=""))
    (kept,) = history.turns(1)
    assert kept.turn.text.endswith("Paris.")
    assert kept.memory == MEMORY


def test_numbers_are_never_given_twice_even_to_two_programs(tmp_path: Path, history: History) -> None:
    other = History(tmp_path / "history.db")
    numbers = [each.next_number("turn") for each in (history, other, history, other)]
    other.close()
    assert numbers == [1, 2, 3, 4]


def test_the_list_has_the_latest_first_and_no_empty_ones(history: History) -> None:
    said(history, 1, "one")
    said(history, 2, "two")
    said(history, 1, "three")
    dropped = said(history, 3, "none")
    history.forget(dropped[0])
    assert [(heading.number, heading.title, heading.turns) for heading in history.headings()] == [(1, "one", 2), (2, "two", 1)]
    history.rename(2, "  My   trip ")
    assert history.headings()[1].title == "My trip"
    history.rename(2, "")
    assert history.headings()[1].title == "two"
    assert history.heading(9) is None


def test_search_finds_words_their_beginnings_and_corrections(history: History) -> None:
    said(history, 1, "Where is the Café Müller?", "It rains in Spain")
    (spoken,) = said(history, 2, "")
    history.save(2, Turn(spoken, "human", "", heard_as="a trip to spain by train"))
    said(history, 3, "北京的天气怎么样")
    assert [(hit.turn, hit.match) for hit in history.search("cafe mul")] == [(1, "Café")]
    assert {hit.conversation.number for hit in history.search("spain")} == {1, 2}
    assert [hit.conversation.number for hit in history.search("spain TRAIN")] == [2]
    assert [(hit.match, hit.after) for hit in history.search("天气")] == [("天气", "怎么样")]
    history.save(2, Turn(spoken, "human", "", heard_as="a trip to wales", corrected=True))
    assert {hit.conversation.number for hit in history.search("spain")} == {1}
    for nothing in ("", "  ", '"', "?!", "zebra", "spain zebra", "NOT (", "a* OR b"):
        assert history.search(nothing) == ()


def test_what_is_deleted_is_nowhere_on_the_disk(tmp_path: Path, history: History) -> None:
    secret = "xylophonic quokka"
    for _ in range(50):
        said(history, 1, secret, "something else")
    other = replace(ANSWER, number=history.next_number("turn"))
    history.save(2, other)
    history.save(1, Turn(history.next_number("turn"), "assistant", secret, sound="a.flac"), ItemMemory(text=secret))
    files = list(tmp_path.iterdir())
    assert any(b"quokka" in file.read_bytes() for file in files)
    assert history.delete(1) == ("a.flac",)
    assert [file.name for file in tmp_path.iterdir() if b"quokka" in file.read_bytes().lower()] == []
    assert history.search("quokka") == ()
    assert history.turns(1) == ()
    assert [kept.turn for kept in history.turns(2)] == [other]


def test_timers_outlive_the_program(tmp_path: Path, history: History) -> None:
    later, sooner = Timer(1, "tea", "2026-01-01T10:00:00+00:00"), Timer(2, "", "2026-01-01T09:00:00+00:00")
    history.add_timer(later)
    history.add_timer(sooner)
    other = History(tmp_path / "history.db")
    assert other.timers() == (sooner, later)
    other.remove_timer(2)
    other.close()
    assert history.timers() == (later,)


def test_a_history_of_an_older_version_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    database = sqlite3.connect(path)
    database.executescript(STEPS[0] + "PRAGMA user_version = 1;")
    database.execute("INSERT INTO conversation VALUES (4, 'Old', '', '2025')")
    database.execute("INSERT INTO turn VALUES (9, 4, 'human', 'hello', NULL, 0, '', 0, NULL, NULL, '2025', 'not json', '{')")
    database.commit()
    database.close()
    history, trouble = open_history(path)
    assert not trouble
    assert [kept.turn.text for kept in history.turns(4)] == ["hello"]  # what is shown beside it may be damaged
    assert history.timers() == ()
    history.close()


def test_a_history_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    database = sqlite3.connect(path)
    database.execute("PRAGMA user_version = 99")
    database.close()
    before = path.read_bytes()
    history, trouble = open_history(path)
    assert "newer Parley" in trouble
    said(history, 1, "goes nowhere")
    history.close()
    assert path.read_bytes()[100:] == before[100:]
    assert [file.name for file in tmp_path.iterdir() if file.suffix == ".db"] == ["history.db"]


def test_a_damaged_history_is_kept_aside(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    path.write_bytes(b"certainly no database" * 100)
    history, trouble = open_history(path)
    assert "damaged" in trouble
    said(history, 1, "hello")
    history.close()
    (aside,) = tmp_path.glob("history.bad-*.db")
    assert aside.read_bytes().startswith(b"certainly")
    again, trouble = open_history(path)
    assert len(again.headings()) == 1
    assert not trouble
    again.close()


def test_a_history_that_can_not_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "blocked").write_text("")
    history, trouble = open_history(tmp_path / "blocked" / "history.db")
    assert "can't be opened: File exists." in trouble
    assert "not kept" in trouble
    history.close()


def test_a_write_that_fails_is_told_and_changes_nothing(tmp_path: Path, history: History) -> None:
    said(history, 1, "kept")
    history._database.execute("PRAGMA max_page_count = 1")
    with pytest.raises(StoreError, match="can't be written"):
        history.save(1, Turn(99, "human", "x" * 100_000))
    history._database.execute("PRAGMA max_page_count = 1000000")
    assert [kept.turn.text for kept in history.turns(1)] == ["kept"]


WRITER = """
import sys
from pathlib import Path
from parley.conversation.history import History
from parley.conversation.turns import Turn
history = History(Path(sys.argv[1]))
while True:
    number = history.next_number("turn")
    history.save(1, Turn(number, "human", f"turn {number}"))
    print(number, flush=True)
"""


def test_what_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    path, acknowledged = tmp_path / "history.db", set()
    chance = random.Random(1)
    for _ in range(3):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        for _ in range(chance.randrange(3, 30)):
            acknowledged.add(int(writer.stdout.readline()))
        writer.send_signal(signal.SIGKILL)
        acknowledged |= {int(line) for line in writer.stdout.read().split() if line}
        writer.wait()
        writer.stdout.close()
        history, trouble = open_history(path)
        assert not trouble
        assert acknowledged <= {kept.turn.number for kept in history.turns(1)}
        history.close()
