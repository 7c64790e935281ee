"""Which styles are heard in a voice: the teacher's own codes said by it, and judged beside the teacher's own sound.

    python -m parley_training.vocoder.styles --vocoder runs/vocoder/bundle

Reads `runs/mini1/corpus/answers` and their codes. Each row: how many of a style's answers the judge hears as such, in this voice and in the
teacher's.
"""

import argparse
import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from parley_models.evaluation.style_judge import Heard, StyleJudge
from parley_models.pcm import AudioChunk
from parley_models.style import Style
from parley_models.tokens import Codes, SpeechTokens
from parley_models.vocoders.config import VoiceConfig
from parley_models.vocoders.flow_hift import FlowHift
from parley_training.bundle.recipe import GUIDANCE
from parley_training.corpus.answers import ANSWER_RATE_HZ, FIRST
from parley_training.corpus.spoken import spoken_parts
from parley_training.homes import add_folders, at_home
from parley_training.tokens.recipe import codes_of

PLAIN = 14
"""Plain answers by which the judge knows a voice."""

LEAST, MOST = 12, 40
"""Groups: short enough to be quick, long enough to have a melody."""

JUDGED = tuple(Style(emotion=name) for name in ("happy", "sad", "angry", "surprised", "fearful", "calm")) + tuple(
    Style(manner=name) for name in ("whisper", "loud", "soft")
)

HERE = VoiceConfig(
    guidance=GUIDANCE, flow_encoder="flow_encoder.onnx", flow_estimator="flow_estimator.onnx", hift="hift.onnx", voices="voices"
)
"""A vocoder's folder by itself."""

Say = Callable[[int], AudioChunk]
"""Says an answer, by its number."""


def recognized(say: Say, plain: Sequence[int], styled: Mapping[Style, Sequence[int]]) -> dict[Style, int]:
    """How many of each style's answers are heard in that style."""
    judge = StyleJudge([say(number) for number in plain])
    return {style: sum(shows(judge.hear(say(number)), style) for number in numbers) for style, numbers in styled.items()}


def shows(heard: Heard | None, style: Style) -> bool:
    """Whether the judge heard the style's emotion, or its manner."""
    return heard is not None and (heard.emotion == style.emotion if style.emotion else heard.manner == style.manner)


def saying(vocoder: FlowHift, codes: Sequence[Codes]) -> Say:
    """Answers as the vocoder says them."""

    def say(number: int) -> AudioChunk:
        stream = vocoder.stream(FIRST)
        chunks = [*stream.feed(SpeechTokens(codes[number])), *stream.finish()]
        return AudioChunk(np.concatenate([chunk.samples for chunk in chunks]), vocoder.rate_hz)

    return say


def teaching(answers: Path) -> Say:
    """Answers as the teacher said them."""
    audio, index = np.load(answers / "audio.npy", mmap_mode="r"), np.load(answers / "index.npy")
    return lambda number: AudioChunk(audio[slice(*index[number])].astype(np.float32) / np.float32(32768), ANSWER_RATE_HZ)


def main() -> None:
    """Read the command line and judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_folders(parser, default="mini1", corpus="corpus", tokens="tokens")
    parser.add_argument("--vocoder", type=Path, default=Path("runs/vocoder/bundle"))
    parser.add_argument("--count", type=int, default=12, help="answers of a style")
    options = at_home(parser.parse_args())
    rng, by_style = random.Random(0), defaultdict[Style, list[int]](list)
    codes = codes_of(options.tokens / "answers.npz")
    for number, (_, style) in enumerate(spoken_parts(options.corpus / "answers")):
        if LEAST <= len(codes[number]) <= MOST:
            by_style[style].append(number)
    plain = rng.sample(by_style.pop(Style()), PLAIN)
    styled = {style: rng.sample(by_style[style], min(options.count, len(by_style[style]))) for style in JUDGED if by_style[style]}
    vocoder = FlowHift.open(options.vocoder, HERE)
    ours, his = (recognized(say, plain, styled) for say in (saying(vocoder, codes), teaching(options.corpus / "answers")))
    for style, numbers in styled.items():
        print(f"{style.emotion or style.manner}: {ours[style]} of {len(numbers)}, the teacher's {his[style]}")


if __name__ == "__main__":
    main()
