"""One line of JSON per question (DESIGN §10)."""

from pathlib import Path
from typing import Any

from parley_models.answer import Answered
from parley_models.assistant import Assistant
from parley_models.errors import ParleyError
from parley_models.evaluation.achieved import achieved, proof
from parley_models.pcm import AudioChunk
from parley_models.performance import own_manner, spoken


def answer_record(question: str, answered: Answered, path: Path | None, sound: AudioChunk, assistant: Assistant) -> dict[str, Any]:
    """What a machine is told of an answer; `achieved` mirrors `asked`, None = not measured."""
    counts, timing, style = answered.counts, answered.timing, answered.answer.style
    bundle, manifest = assistant.bundle, assistant.bundle.manifest
    stretches = list(spoken(answered.answer.tokens, style, assistant.tokenizer, manifest))
    groups = counts.linguistic // manifest.tokens.linguistic_per_group
    found = achieved(sound, groups, bundle.voice(style.voice), own_manner(stretches, style))
    return {
        "question": question,
        "text": answered.answer.text,
        "segments": [{"text": segment.text, "style": segment.style.asked()} for segment in answered.segments],
        "audio": None if path is None else {"path": str(path), "rate_hz": sound.rate_hz, "seconds": round(sound.seconds, 3)},
        "tokens": {"heard": counts.heard, "text": counts.text, "linguistic": counts.linguistic, "semantic": counts.semantic},
        "timing": {
            "first_audio_ms": _rounded(timing.first_audio_ms, 1),
            "total_ms": _rounded(timing.total_ms, 1),
            "real_time_factor": _rounded(timing.real_time_factor, 3),
        },
        "style": {"asked": style.asked(), "achieved": proof(style, found)},
    }


def failure_record(question: str, error: ParleyError) -> dict[str, Any]:
    """What a machine is told of a question that could not be answered."""
    return {"question": question, "error": str(error), "exit_code": error.exit_code}


def _rounded(number: float | None, digits: int) -> float | None:
    return None if number is None else round(number, digits)
