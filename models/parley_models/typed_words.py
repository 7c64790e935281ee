"""What people type, spelled as a model writes along what it hears: "Hello!" is "hello"."""

import re

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


def as_heard(text: str) -> str:
    """Its words in small letters, without signs; a text that has no words stays as it is."""
    return " ".join(_WORD.findall(text.replace("’", "'").lower())) or text
