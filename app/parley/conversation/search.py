"""Finding what was said by its words."""

import sqlite3

AROUND = 40
"""Characters shown on each side of what was found, where the index can't cut the text by words."""

Match = tuple[int, int, tuple[str, str, str]]
"""(conversation, turn, (before, match, after))"""

_BEGIN, _END = "\x02", "\x03"


def find(database: sqlite3.Connection, query: str, limit: int) -> list[Match]:
    """Turns in which every word of the query occurs; the beginning of a word is enough, and any piece of a text without spaces."""
    words = [word for word in query.replace('"', " ").split() if any(letter.isalnum() for letter in word)]
    if not words:
        return []
    if any(_has_no_spaces(word) for word in words):
        return _scan(database, words, limit)
    expression = " ".join(f'"{word}"*' for word in words)
    rows = database.execute(
        "SELECT t.conversation, t.number, snippet(words, 0, ?, ?, '…', 16) FROM words JOIN turn t ON t.number = words.rowid"
        " WHERE words MATCH ? ORDER BY rank LIMIT ?",
        (_BEGIN, _END, expression, limit),
    )
    return [(conversation, turn, _parts(snippet)) for conversation, turn, snippet in rows]


def _has_no_spaces(word: str) -> bool:
    """Whether it is Chinese, Japanese or Thai, whose words the index can't tell apart."""
    return any("\u0e00" <= letter <= "\u0e7f" or "\u3040" <= letter <= "\u9fff" or "\uf900" <= letter <= "\ufaff" for letter in word)


def _scan(database: sqlite3.Connection, words: list[str], limit: int) -> list[Match]:
    condition = " AND ".join("instr(said, ?)" for _ in words)
    query = f"SELECT t.conversation, t.number, said FROM words JOIN turn t ON t.number = words.rowid WHERE {condition}"  # noqa: S608
    rows = database.execute(f"{query} ORDER BY t.number DESC LIMIT ?", (*words, limit))
    found = []
    for conversation, turn, said in rows:
        at = said.index(words[0])
        end = at + len(words[0])
        found.append((conversation, turn, (said[max(0, at - AROUND) : at], words[0], said[end : end + AROUND])))
    return found


def _parts(snippet: str) -> tuple[str, str, str]:
    before, _, rest = snippet.partition(_BEGIN)
    match, _, after = rest.partition(_END)
    return before, match, after.replace(_BEGIN, "").replace(_END, "")
