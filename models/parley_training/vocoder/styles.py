"""Which styles are heard in a voice that performs them (`parley_training.styles`), on the teacher's codes of plain answers.

    python -m parley_training.vocoder.styles --vocoder runs/vocoder/bundle

Reads `runs/mini1/tokens` and which of the answers are plain. Each row: how many of the answers the judge hears in that style, and,
beside it, how many of the teacher's own performances of it with WORLD, spoken anew.
"""

import argparse
import random
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from parley_models.evaluation.style_judge import Heard, StyleJudge
from parley_models.pcm import AudioChunk
from parley_models.style import ControlTable, Style
from parley_models.tokens import Codes
from parley_models.vocoders.config import VoiceConfig
from parley_models.vocoders.flow_hift import FlowHift
from parley_training.bundle.recipe import GUIDANCE, SHIFTED_GUIDANCE
from parley_training.corpus.answers import ANSWER_RATE_HZ, FIRST, speak
from parley_training.corpus.spoken import spoken_parts
from parley_training.homes import add_folders, at_home
from parley_training.styles import EMOTIONS, MANNERS, performed
from parley_training.tokens.recipe import codes_of
from parley_training.vocoder.export import CALLED
from parley_training.vocoder.speaking import spoken

PLAIN = 14
"""Plain answers by which the judge knows a voice."""

LEAST, MOST = 12, 40
"""Groups: short enough to be quick, long enough to have a melody."""

HERE = VoiceConfig(
    guidance=GUIDANCE,
    shifted_guidance=SHIFTED_GUIDANCE,
    flow_encoder="flow_encoder.onnx",
    flow_estimator="flow_estimator.onnx",
    hift="hift.onnx",
    voices="voices",
)
"""A vocoder's folder by itself."""

Say = Callable[[int, Style], AudioChunk]
"""Says an answer, by its number, in a style."""


def recognized(say: Say, usual: Sequence[int], others: Sequence[int], styles: Iterable[Style]) -> dict[Style, int]:
    """How many of the other answers are heard in each style by a judge who knows the voice from the usual ones."""
    judge = StyleJudge.of([say(number, Style()) for number in usual])
    return {style: sum(shows(judge.hear(say(number, style)), style) for number in others) for style in styles}


def shows(heard: Heard | None, style: Style) -> bool:
    """Whether the judge heard the style's emotion, or its manner."""
    return heard is not None and (heard.emotion == style.emotion if style.emotion else heard.manner == style.manner)


def performing(vocoder: FlowHift, codes: Sequence[Codes]) -> Say:
    """Answers as the voice performs them."""
    table = ControlTable("Mini", performed(chooses=True))

    return lambda number, style: spoken(vocoder, CALLED[FIRST], codes[number], table.prosody(style))


def teaching(texts: Sequence[str]) -> Say:
    """Answers as the teacher performs them."""
    return lambda number, style: AudioChunk(speak(texts[number], style), ANSWER_RATE_HZ)


def main() -> None:
    """Read the command line and judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_folders(parser, default="mini1", corpus="corpus", tokens="tokens")
    parser.add_argument("--vocoder", type=Path, default=Path("runs/vocoder/bundle"))
    parser.add_argument("--count", type=int, default=12, help="answers in each style")
    options = at_home(parser.parse_args())
    told, codes = spoken_parts(options.corpus / "answers"), codes_of(options.tokens / "answers.npz")
    plain = [number for number, (_, style) in enumerate(told) if style == Style() and LEAST <= len(codes[number]) <= MOST]
    chosen = random.Random(0).sample(plain, PLAIN + options.count)
    usual, others = chosen[:PLAIN], chosen[PLAIN:]
    styles = [Style(emotion=name) for name in ("neutral", *EMOTIONS)] + [Style(manner=name) for name in MANNERS]
    vocoder = FlowHift.open(options.vocoder, HERE)
    ours, his = (recognized(say, usual, others, styles) for say in (performing(vocoder, codes), teaching([text for text, _ in told])))
    for style in styles:
        print(f"{style.emotion or style.manner}: {ours[style]} of {len(others)}, the teacher's {his[style]}")


if __name__ == "__main__":
    main()
