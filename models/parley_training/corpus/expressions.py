"""Measure what each emotion is in the teacher's sound, for the judge of style.

    python -m parley_training.corpus.expressions --out models/parley_models/evaluation/expressions.toml

Both answering voices say some sentences in every emotion; a point is the median difference from plain speech, a scale the spread of
plain speech, and of every emotion about its point, from sentence to sentence.
"""

import argparse
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from pathlib import Path

import numpy as np

from parley_models.evaluation.expression import Expression, expression, usual
from parley_models.evaluation.style_judge import FIGURES, difference
from parley_models.pcm import AudioChunk
from parley_models.style import Style
from parley_training.corpus import answers
from parley_training.corpus.renditions import EMOTIONS

SENTENCES = (
    "The capital of Norway is Oslo.",
    "Seven plus eight is fifteen.",
    "I am sorry, please tell me more.",
    "After Tuesday comes Wednesday.",
)

LEAST_SCALE = {"tone": 0.8, "loudness": 1.0, "unrest": 0.15}
"""The teacher is level and on pitch as nobody else is; a judge may not count on that."""

HEAD = """# What emotions are in sound: how far each figure of `expression.py` lies from the same voice's plain speech, and its scale.
# Written by `python -m parley_training.corpus.expressions`; measured on both answering voices of the corpus.
"""


def measured(text: str, emotion: str, voice: str) -> Expression:
    """One sentence of the teacher's. Raises ValueError if nothing is heard in it."""
    found = expression(AudioChunk(answers.speak(text, Style(emotion=emotion), voice), answers.ANSWER_RATE_HZ))
    if found is None:
        raise ValueError(f"Nothing is heard in “{text}”.")
    return found


def _measured(job: tuple[str, str, str]) -> Expression:
    voice, emotion, text = job
    return measured(text, emotion, voice)


def table(sentences: tuple[str, ...], voices: tuple[str, ...]) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """A point for each emotion, and the scale of each figure."""
    jobs = list(product(voices, EMOTIONS, sentences))
    found = defaultdict[tuple[str, str], list[Expression]](list)
    with ProcessPoolExecutor() as pool:
        for (voice, emotion, _), it in zip(jobs, pool.map(_measured, jobs), strict=True):
            found[voice, emotion].append(it)
    plain = {voice: usual(found[voice, "neutral"]) for voice in voices}
    apart = {
        emotion: np.array([difference(each, plain[voice]) for voice in voices for each in found[voice, emotion]]) for emotion in EMOTIONS
    }
    points = {emotion: np.median(rows, axis=0) for emotion, rows in apart.items()}
    spread = np.concatenate([rows - points[emotion] for emotion, rows in apart.items()])
    least = np.array([LEAST_SCALE.get(figure, 0.0) for figure in FIGURES])
    return points, np.maximum(np.sqrt(np.mean(spread**2, axis=0)), least)


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    points, scale = table(SENTENCES, (answers.FIRST, answers.SECOND))
    rows = {"scale": scale, **{f"emotions.{emotion}": point for emotion, point in points.items()}}
    lines = [HEAD]
    for name, figures in rows.items():
        lines += [f"[{name}]", *(f"{figure} = {value:.3f}" for figure, value in zip(FIGURES, figures, strict=True)), ""]
    options.out.write_text("\n".join(lines))


if __name__ == "__main__":
    main()
