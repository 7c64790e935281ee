"""The tables of the history, and how an older file becomes a newer one."""

import sqlite3

from parley_models.errors import StoreError

STEPS = (
    # 1: conversations and their turns, found by their words
    """
    CREATE TABLE counter (kind TEXT PRIMARY KEY, last INTEGER NOT NULL) WITHOUT ROWID;
    INSERT INTO counter VALUES ('conversation', 0), ('turn', 0);
    CREATE TABLE conversation (
        number INTEGER PRIMARY KEY, title TEXT NOT NULL DEFAULT '', character TEXT NOT NULL DEFAULT '', changed TEXT NOT NULL);
    CREATE TABLE turn (
        number INTEGER PRIMARY KEY,
        conversation INTEGER NOT NULL REFERENCES conversation (number) ON DELETE CASCADE,
        side TEXT NOT NULL, text TEXT NOT NULL, heard_as TEXT, corrected INTEGER NOT NULL, unheard TEXT NOT NULL,
        seconds REAL NOT NULL, seed INTEGER, sound TEXT, at TEXT NOT NULL,
        detail TEXT NOT NULL, memory TEXT);
    CREATE INDEX turn_by_conversation ON turn (conversation, number);
    CREATE VIRTUAL TABLE words USING fts5 (said, tokenize = "unicode61 remove_diacritics 2");
    CREATE TRIGGER turn_said AFTER INSERT ON turn BEGIN
        INSERT INTO words (rowid, said) VALUES (new.number, trim(new.text || ' ' || ifnull(new.heard_as, '')));
    END;
    CREATE TRIGGER turn_reworded AFTER UPDATE OF text, heard_as ON turn BEGIN
        UPDATE words SET said = trim(new.text || ' ' || ifnull(new.heard_as, '')) WHERE rowid = new.number;
    END;
    CREATE TRIGGER turn_gone AFTER DELETE ON turn BEGIN
        DELETE FROM words WHERE rowid = old.number;
    END;
    """,
    # 2: timers and reminders outlive the program
    """
    INSERT INTO counter VALUES ('timer', 0);
    CREATE TABLE timer (number INTEGER PRIMARY KEY, label TEXT NOT NULL, due TEXT NOT NULL);
    """,
)


def bring_up_to_date(database: sqlite3.Connection) -> None:
    """Create the tables, or change an older file's step by step; each step happens whole or not at all.

    Raises:
        StoreError: the file was written by a newer Parley.
    """
    version = int(database.execute("PRAGMA user_version").fetchone()[0])
    if version > len(STEPS):
        raise StoreError("The history was written by a newer Parley; this one leaves it alone and keeps nothing.")
    for number, step in enumerate(STEPS[version:], start=version + 1):
        try:
            database.executescript(f"BEGIN IMMEDIATE; {step} PRAGMA user_version = {number}; COMMIT;")
        except sqlite3.Error:
            if database.in_transaction:
                database.execute("ROLLBACK")
            raise
