"""A spoken question whose answer is in doubt is read once more: its words alone, as if they had been typed.

The model wrote them along while it heard, often rightly, and yet doubts what to answer, because a voice that is new to it speaks them. In
writing there is no voice. If it would answer the words alike, or is sure of another answer to them, there is no doubt any more.
"""

from collections.abc import Callable, Generator, Sequence

from parley_models.beginning import Beginning
from parley_models.mind import Mind
from parley_models.rehearing import Hearing


def undoubted(
    heard: Beginning, mind: Mind, head: Sequence[int], begin: Callable[[Hearing], Beginning]
) -> Generator[None, None, Beginning | None]:
    """The answer to be given, its words thought, and the other one forgotten; None if the model doubts both. Pauses after every id.

    Args:
        heard: the answer to the question as it was asked. If it says that the question is beyond it, the words are asked, too.
        mind: what answers; its bundle says how sure it must be.
        head: the ids before the turn.
        begin: begins the answer to a hearing, not thought yet.
    """
    least, least_read = _least_sure(mind, heard.hearing)
    yield from heard.think()
    sure = heard.is_sure(least)
    if sure and not _declines(mind, heard):
        return heard
    written = _in_writing(heard.hearing, mind, head, mind.words_of(heard.hearing.heard))
    if written is not None:
        read = begin(written)
        yield from read.think()
        if read.words != heard.words and read.is_sure(least_read) and not _declines(mind, read):
            heard.forget()
            return read
        sure = sure or read.words == heard.words
        read.forget()
    if sure:
        return heard
    heard.forget()
    return None


def _in_writing(hearing: Hearing, mind: Mind, head: Sequence[int], words: str) -> Hearing | None:
    """The turn as if these words, which were heard, had been typed; None if nothing was heard, or nothing written along.

    `hearing` stays as it is. Another view's brain is taken if there is one: this one's holds the sound, in case speech goes on.
    """
    if not words or not any(map(mind.manifest.tokens.is_audio, hearing.heard)):
        return None
    read = Hearing(mind.context.apart_from(hearing.context), mind.prompt.typed(words))
    read.become(head)
    return read


def _least_sure(mind: Mind, hearing: Hearing) -> tuple[float, float]:
    """How likely the model must think an answer's words to be sure of it: to the turn as it was asked, and to heard words alone."""
    manifest = mind.manifest
    least = manifest.least_sure or 0.0
    if manifest.least_sure_typed is not None and not any(map(manifest.tokens.is_audio, hearing.heard)):
        least = manifest.least_sure_typed
    return least, least if manifest.least_sure_read is None else manifest.least_sure_read


def _declines(mind: Mind, beginning: Beginning) -> bool:
    """Whether the model itself says that this is beyond it, as far as its words are known."""
    said, sentence = mind.words_of(beginning.words), mind.manifest.declines.partition(".")[0]
    return bool(said) and sentence.startswith(said[: len(sentence)])
