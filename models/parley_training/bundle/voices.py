"""What a bundle's voices sound like at rate 1, measured on the vocoder's own sound."""

import statistics
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from parley_models.errors import EngineError
from parley_models.evaluation.expression import Expression, expression, usual
from parley_models.evaluation.measures import Measures
from parley_models.manifest import VoiceEntry
from parley_models.parts import Voice
from parley_models.tokens import Codes
from parley_training.backbone.world import plain_answers, sounds_of
from parley_training.corpus.dialogue import World
from parley_training.tokens.recipe import codes_of
from parley_training.vocoder.speaking import spoken

UNMEASURED = VoiceEntry("", "", median_f0_hz=180.0, syllables_per_s=4.5)
MEASURED_ANSWERS = 30


def spoken_plainly(tokens: Path, corpus: Path, world: World) -> list[Codes]:
    """The answers that voices are measured on: those in the voice's own style; none where no answers were spoken yet.

    Raises:
        ValueError: the codes are not those of this corpus.
    """
    if not (tokens / "answers.npz").exists():
        return []
    if world == "mini0":  # it has one style, whatever the corpus' folder holds by now
        return list(codes_of(tokens / "answers.npz"))
    return list(plain_answers(sounds_of(corpus, tokens)).values())


def measured(vocoder: Voice, voice: VoiceEntry, answers: Sequence[Codes]) -> VoiceEntry:
    """A voice with the figures of its own sound at rate 1, over answers of the corpus.

    Raises:
        EngineError: there is no speech in the sound.
    """
    measures = Measures()
    found: list[tuple[float, float, float]] = []
    expressions: list[Expression] = []
    for codes in answers[:MEASURED_ANSWERS]:
        sound = spoken(vocoder, voice.name, codes)
        heard = measures.measure(sound)
        expressed = expression(sound)
        if heard.syllables_per_s and heard.median_f0_hz and expressed is not None:
            expressions.append(expressed)
            found.append((heard.median_f0_hz, heard.syllables_per_s, sound.seconds - heard.span_s))
    if not found:
        raise EngineError(f"The voice {voice.name} says nothing that can be measured.")
    f0_hz, syllables, quiet_s = (statistics.median(column) for column in zip(*found, strict=True))
    plain = {name: round(figure, 3) for name, figure in asdict(usual(expressions)).items()}
    return replace(
        voice, median_f0_hz=round(f0_hz, 1), syllables_per_s=round(syllables, 2), quiet_s=round(max(quiet_s, 0.0), 3), plain=plain
    )
