"""Which of a question's hearings counts: those that may be right are asked how they would answer (`rehearing.py` says how each weighs)."""

from collections.abc import Callable, Generator, Sequence

from parley_models.beginning import Beginning
from parley_models.mind import Mind
from parley_models.rehearing import Hearing, decided, elected, readings
from parley_models.words_alone import corrected, said_alone


def elect(
    hearings: Sequence[Hearing], settled: int, mind: Mind, head: Sequence[int], begin: Callable[[Hearing], Beginning]
) -> Generator[None, None, Beginning]:
    """The answer to the hearing that counts, begun; the others are forgotten. Pauses after every id.

    Args:
        hearings: of one turn, each heard to its end.
        settled: how many of the turn's ids were complete before this speech.
        mind: what hears and answers.
        head: the ids before the turn.
        begin: begins the answer to a hearing, not thought yet.
    """
    texts, sound = [mind.words_of(hearing.heard[settled:]) for hearing in hearings], hearings[0].over
    told = None if sound is None or len(texts) == 1 else sound.log_likelihoods(texts)
    alone = None if sound is None or told is None else said_alone(texts, told, sound, mind.manifest.words_alone)
    if alone is not None:
        wrote_it = (hearing for hearing, text in zip(hearings, texts, strict=True) if text == alone)
        return begin(next(wrote_it, None) or corrected(hearings[0], settled, alone, mind, head))
    possible = readings(texts, told)
    asked, weights = list[Beginning](), list[float]()
    for place, reading in enumerate(possible, 1):
        asked.append(beginning := begin(hearings[reading.number]))
        if len(possible) > 1:
            yield from beginning.think()
        weights.append(reading.log_weight + beginning.log_likelihood)
        if decided([each.words for each in asked], weights, [other.log_weight for other in possible[place:]]):
            break
    counts = asked.pop(elected([each.words for each in asked], weights))
    for other in asked:
        other.forget()
    return counts
