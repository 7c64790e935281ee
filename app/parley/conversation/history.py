"""What was said, kept in SQLite: every answer as tokens, text, style and seed, so that it can be said again exactly."""

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from parley.conversation.events import Timer
from parley.conversation.schema import bring_up_to_date
from parley.conversation.search import find
from parley.conversation.turns import Heading, Hit, Segment, Stage, Turn
from parley_models.errors import StoreError
from parley_models.realtime.events import ItemMemory
from parley_models.style import Style

TITLE_CHARACTERS = 60
"""Of what was first said, while the user has given no title."""

_HEADING = f"""
    SELECT c.number,
        coalesce(nullif(c.title, ''), (SELECT substr(trim(t.text || ' ' || ifnull(t.heard_as, '')), 1, {TITLE_CHARACTERS}) FROM turn t
            WHERE t.conversation = c.number AND trim(t.text || ifnull(t.heard_as, '')) != '' ORDER BY t.number LIMIT 1), ''),
        (SELECT count(*) FROM turn t WHERE t.conversation = c.number), c.changed, c.character
    FROM conversation c
"""  # noqa: S608 - a number of ours


@dataclass(frozen=True, slots=True)
class Kept:
    """A turn as it lies in the history."""

    turn: Turn
    memory: ItemMemory | None
    """What the engine needs to say or hear it again exactly."""


@dataclass(frozen=True, slots=True)
class _Detail:
    """What is shown of a turn but never searched."""

    waveform: tuple[float, ...] = ()
    segments: tuple[Segment, ...] = ()
    style: Style = Style()
    achieved: tuple[tuple[str, float | str | None], ...] = ()
    latency: tuple[Stage, ...] = ()
    speaker: str | None = None


_DETAIL = TypeAdapter(_Detail)


class HistoryDamaged(StoreError):
    """The file is no database any more."""


class History:
    """All conversations of one user. Used on one thread. Several programs may have the same file open."""

    def __init__(self, path: Path | None) -> None:
        """Open or create the file; None = keep everything in memory, and forget it at the end.

        Raises:
            StoreError: not to be opened, or written by a newer Parley.
            HistoryDamaged: no database any more.
        """
        self.path = path
        self._given: dict[str, int] = {}
        """The last number of each kind that was given here."""

        try:
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch(mode=0o600)
            self._database = sqlite3.connect(path or ":memory:", isolation_level=None, timeout=5)
        except (OSError, sqlite3.Error) as error:
            raise StoreError(f"The history {path} can't be opened: {getattr(error, 'strerror', None) or error}.") from error
        try:
            for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "secure_delete = ON"):
                self._database.execute(f"PRAGMA {pragma}")
            bring_up_to_date(self._database)
        except sqlite3.OperationalError as error:  # locked, read-only, disk full: the file itself may be fine
            self._database.close()
            raise StoreError(f"The history {path} can't be opened: {error}.") from error
        except sqlite3.Error as error:
            self._database.close()
            raise HistoryDamaged(f"The history {path} is damaged: {error}.") from error
        except StoreError:
            self._database.close()
            raise

    def close(self) -> None:
        """Nothing is written after this."""
        self._database.close()

    def next_number(self, kind: str) -> int:
        """A number for a `turn`, a `conversation` or a `timer` that nothing had before, in any program.

        On a full disk talk goes on all the same: then nothing had it before in this program.
        """
        last = self._given.get(kind, 0)
        try:
            with self._writing():
                query = "UPDATE counter SET last = max(last, ?) + 1 WHERE kind = ? RETURNING last"
                number = int(self._database.execute(query, (last, kind)).fetchone()[0])
        except StoreError:
            with contextlib.suppress(StoreError):
                last = max(last, int(self._read("SELECT last FROM counter WHERE kind = ?", kind)[0][0]))
            number = last + 1
        self._given[kind] = number
        return number

    def save(self, conversation: int, turn: Turn, memory: ItemMemory | None = None, *, character: str = "") -> None:
        """Keep a turn, or what it has become; once this returns, it survives a crash. Without a `memory` the one that is kept stays."""
        detail = _DETAIL.dump_json(_Detail(turn.waveform, turn.segments, turn.style, turn.achieved, turn.latency, turn.speaker)).decode()
        remembered = None if memory is None else memory.to_json()
        row = (turn.number, conversation, turn.side, turn.text, turn.heard_as, turn.corrected, turn.unheard, turn.seconds, turn.seed)
        with self._writing():
            self._database.execute(
                "INSERT INTO conversation (number, character, changed) VALUES (?, ?, ?)"
                " ON CONFLICT (number) DO UPDATE SET changed = excluded.changed, character = excluded.character",
                (conversation, character, now()),
            )
            self._database.execute(
                "INSERT INTO turn"
                " (number, conversation, side, text, heard_as, corrected, unheard, seconds, seed, sound, at, detail, memory)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (number) DO UPDATE SET text = excluded.text, heard_as = excluded.heard_as, corrected = excluded.corrected,"
                " unheard = excluded.unheard, seconds = excluded.seconds, seed = excluded.seed, sound = excluded.sound,"
                " detail = excluded.detail, memory = coalesce(excluded.memory, memory)"
                " WHERE conversation = excluded.conversation",  # a number that could not be counted may be another program's, too
                (*row, turn.sound, turn.at or now(), detail, remembered),
            )

    def forget(self, turn: int) -> None:
        """A turn that was none."""
        with self._writing():
            self._database.execute("DELETE FROM turn WHERE number = ?", (turn,))

    def headings(self) -> tuple[Heading, ...]:
        """Every conversation in which something was said, the latest first."""
        spoken_in = " WHERE EXISTS (SELECT 1 FROM turn t WHERE t.conversation = c.number) ORDER BY c.changed DESC, c.number DESC"
        rows = self._read(_HEADING + spoken_in)
        return tuple(Heading(*row) for row in rows)

    def heading(self, conversation: int) -> Heading | None:
        """One of them; None if it was never kept."""
        rows = self._read(f"{_HEADING} WHERE c.number = ?", conversation)
        return Heading(*rows[0]) if rows else None

    def turns(self, conversation: int) -> tuple[Kept, ...]:
        """What was said in a conversation, in order."""
        rows = self._read(
            "SELECT number, side, text, heard_as, corrected, unheard, seconds, seed, sound, at, detail, memory FROM turn"
            " WHERE conversation = ? ORDER BY number",
            conversation,
        )
        return tuple(_kept(row) for row in rows)

    def rename(self, conversation: int, title: str) -> None:
        """Give a title; an empty one = again what was first said."""
        with self._writing():
            self._database.execute("UPDATE conversation SET title = ? WHERE number = ?", (" ".join(title.split()), conversation))

    def delete(self, conversation: int) -> tuple[str, ...]:
        """Really gone, also from the free pages, the search index and the log of the database.

        Returns:
            The names of the sound files that belonged to it.
        """
        sounds = self._read("SELECT sound FROM turn WHERE conversation = ? AND sound IS NOT NULL", conversation)
        with self._writing():
            self._database.execute("DELETE FROM conversation WHERE number = ?", (conversation,))
            self._database.execute("INSERT INTO words (words) VALUES ('optimize')")  # the index keeps deleted words until it is merged
        try:
            self._database.execute("VACUUM")
            self._database.execute("PRAGMA wal_checkpoint (TRUNCATE)")
        except sqlite3.OperationalError as error:
            raise StoreError("The conversation is deleted, but another Parley uses the history: traces stay until it is closed.") from error
        return tuple(str(name) for (name,) in sounds)

    def search(self, query: str, limit: int = 100) -> tuple[Hit, ...]:
        """Turns in which every word of the query occurs (beginnings count), the best first."""
        try:
            found = find(self._database, query, limit)
        except sqlite3.Error as error:
            raise _unreadable(error) from error
        headings = {heading.number: heading for heading in self.headings()}
        return tuple(Hit(headings[conversation], turn, *text) for conversation, turn, text in found if conversation in headings)

    def timers(self) -> tuple[Timer, ...]:
        """What is still to ring, the next first."""
        return tuple(Timer(*row) for row in self._read("SELECT number, label, due FROM timer ORDER BY due, number"))

    def add_timer(self, timer: Timer) -> None:
        """Keep one."""
        with self._writing():
            self._database.execute("INSERT INTO timer VALUES (?, ?, ?)", (timer.number, timer.label, timer.due))

    def remove_timer(self, number: int) -> None:
        """It rang, or shall not."""
        with self._writing():
            self._database.execute("DELETE FROM timer WHERE number = ?", (number,))

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """One transaction."""
        try:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")
        except sqlite3.Error as error:
            raise StoreError(f"The history can't be written: {error}. What is said now is not kept.") from error

    def _read(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        try:
            return self._database.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise _unreadable(error) from error


def _unreadable(error: sqlite3.Error) -> StoreError:
    return StoreError(f"The history can't be read: {error}.")


def open_history(path: Path) -> tuple[History, str]:
    """The history, and a sentence if it is not the one that was there: a damaged file is kept aside, a foreign one left alone."""
    try:
        return History(path), ""
    except HistoryDamaged as error:
        aside = path.with_name(f"{path.stem}.bad-{datetime.now(UTC):%Y%m%d-%H%M%S}{path.suffix}")
        try:
            path.rename(aside)
            return History(path), f"{error} A new one is begun; the damaged one is kept as {aside.name}."
        except (OSError, StoreError):
            return History(None), f"{error} What is said now is not kept."
    except StoreError as error:
        return History(None), f"{error} What is said now is not kept."


def now() -> str:
    """ISO 8601, UTC, of a length that sorts."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def _kept(row: tuple[Any, ...]) -> Kept:
    number, side, text, heard_as, corrected, unheard, seconds, seed, sound, at, detail, memory = row
    try:
        more = _DETAIL.validate_json(str(detail))
    except ValidationError:
        more = _Detail()
    try:
        remembered = None if memory is None else ItemMemory.model_validate_json(str(memory))
    except ValidationError:
        remembered = None
    turn = Turn(
        number, side, text, heard_as, bool(corrected), unheard, seconds, more.waveform, more.segments, more.style, more.achieved,
        more.latency, seed, sound, at, more.speaker,
    )  # fmt: skip
    return Kept(turn, remembered)
