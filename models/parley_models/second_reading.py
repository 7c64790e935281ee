"""A spoken question whose answer is in doubt is read once more: its words alone, as if they had been typed.

The model wrote them along while it heard, often rightly, and yet doubts what to answer, because a voice that is new to it speaks them. In
writing there is no voice. If it would answer the words alike, or is sure of another answer to them, there is no doubt any more.
"""

from collections.abc import Callable, Generator, Sequence

from parley_models.beginning import Beginning
from parley_models.mind import Mind
from parley_models.rehearing import Hearing


def undoubted(
    heard: Beginning, second: Callable[[], Beginning | None], least: tuple[float, float], declines: Callable[[Beginning], bool]
) -> Generator[None, None, Beginning | None]:
    """The answer to be given, its words thought, and the other one forgotten; None if the model doubts both. Pauses after every id.

    Args:
        heard: the answer to the sound.
        second: begins the answer to the words alone; None if they can't be asked apart.
        least: how likely the model must think an answer's words to be sure of it, of one to the sound and of one to the words alone.
        declines: whether an answer says that the question is beyond it. Of such a one the words are asked, too.
    """
    yield from heard.think()
    sure = heard.is_sure(least[0])
    if sure and not declines(heard):
        return heard
    read = second()
    if read is not None:
        yield from read.think()
        if read.words != heard.words and read.is_sure(least[1]) and not declines(read):
            heard.forget()
            return read
        sure = sure or read.words == heard.words
        read.forget()
    if sure:
        return heard
    heard.forget()
    return None


def in_writing(hearing: Hearing, mind: Mind, head: Sequence[int], words: str) -> Hearing | None:
    """The turn as if these words, which were heard, had been typed; None if nothing was heard, or nothing written along.

    `hearing` stays as it is. Another view's brain is taken if there is one: this one's holds the sound, in case speech goes on.
    """
    if not words or not any(map(mind.manifest.tokens.is_audio, hearing.heard)):
        return None
    read = Hearing(mind.context.apart_from(hearing.context), mind.prompt.typed(words))
    read.become(head)
    return read
