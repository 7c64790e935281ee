"""Where the words of an answer stand that must be right."""

from collections.abc import Sequence

from parley_models.text_tokenizer import TextTokenizer


def key_pieces(parts: Sequence[Sequence[int]], key: str, tokenizer: TextTokenizer) -> set[int]:
    """Which text pieces of an answer, counted through all its parts, spell its key.

    A key with `|` has several wordings; one that does not stand there in one piece is looked for word by word.
    """
    text, spans = "", list[tuple[int, int]]()
    for pieces in parts:
        text += " " if text else ""
        ends = [len(text) + len(tokenizer.decode(pieces[: count + 1])) for count in range(len(pieces))]
        spans += zip([len(text), *ends], ends, strict=False)
        text += tokenizer.decode(pieces)
    told = text.lower().replace("-", " ")
    found = [_places(told, wording.strip().lower()) for wording in key.split("|")]
    wanted = max(found, key=lambda places: sum(last - first for first, last in places), default=[])
    return {at for at, (begin, end) in enumerate(spans) if any(begin < last and end > first for first, last in wanted)}


def _places(text: str, wording: str) -> list[tuple[int, int]]:
    """Where a wording stands: its last place, or that of each of its words."""
    for sought in ([wording], wording.split()):
        places = [(text.rfind(each), text.rfind(each) + len(each)) for each in sought if each and each in text]
        if places:
            return places
    return []
