"""The voices that ask in the examination: synthesizers that Mini never hears while it learns (CURRICULUM, "Voices that ask")."""

import shutil
import subprocess
import tempfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

from parley_models.errors import EngineError, UsageError
from parley_models.pcm import AudioChunk, Samples

RATE_HZ = 16_000
SNR_DB = 20.0
PAUSE_S = 0.25
"""Quiet before and after the words; the noise goes on in it."""

INSTALL = "sudo apt install flite festival festvox-kallpc16k espeak-ng"


@dataclass(frozen=True, slots=True)
class Speaker:
    """One voice of a synthesizer."""

    engine: str
    """A row of `ENGINES`, and the program that speaks."""

    name: str

    def __str__(self) -> str:
        return f"{self.engine} {self.name}"


TEST_VOICES = (
    *(Speaker("flite", name) for name in ("awb", "kal", "kal16")),  # awb_time can say nothing but the time of day
    Speaker("festival", "kal_diphone"),
    *(Speaker("espeak-ng", f"{accent}+{name}") for accent, name in zip(
        ("en-us", "en-gb", "en-us", "en-gb-scotland", "en-us"), ("Andy", "linda", "john", "shelby", "Michael"), strict=True
    )),
)  # fmt: skip
TEACHER = Speaker("flite", "slt")


def _flite(text: str, voice: str, out: Path) -> list[str]:
    return ["flite", "-voice", voice, "-t", text, "-o", str(out)]


def _festival(text: str, voice: str, out: Path) -> list[str]:
    script = out.with_suffix(".txt")
    script.write_text(text, encoding="utf-8")
    return ["text2wave", "-eval", f"(voice_{voice})", "-o", str(out), str(script)]


def _espeak(text: str, voice: str, out: Path) -> list[str]:
    return ["espeak-ng", "-v", voice, "-w", str(out), "--", text]


ENGINES: dict[str, Callable[[str, str, Path], list[str]]] = {"flite": _flite, "festival": _festival, "espeak-ng": _espeak}


def voices_here() -> tuple[Speaker, ...]:
    """The test voices whose program is installed.

    Raises:
        UsageError: none is; says what to install.
    """
    here = tuple(voice for voice in TEST_VOICES if shutil.which(voice.engine))
    if not here:
        raise UsageError(f"The examination's questions are spoken by flite, festival and espeak-ng, and none is here: {INSTALL}.")
    return here


def missing_programs() -> tuple[str, ...]:
    """The programs of test voices that are not installed."""
    return tuple(engine for engine in ENGINES if not shutil.which(engine))


def speak(text: str, voice: Speaker, *, snr_db: float = SNR_DB) -> AudioChunk:
    """A text spoken by a test voice, 16 kHz, peak at −6 dBFS, in pink noise `snr_db` below the speech; the same each time.

    Raises:
        EngineError: the synthesizer failed.
    """
    speech = _render(text, voice)
    pause = np.zeros(round(PAUSE_S * RATE_HZ), np.float32)
    clean = np.concatenate([pause, speech, pause])
    active = speech[np.abs(speech) > 0.01]
    loudness = float(np.sqrt(np.square(active).mean()))
    noise = _pink(len(clean), seed=zlib.crc32(f"{voice}: {text}".encode()))
    return AudioChunk((clean + noise * loudness * 10 ** (-snr_db / 20)).astype(np.float32), RATE_HZ)


def taught(text: str) -> AudioChunk:
    """A text in the voice that Mini's own was learned from, without noise: the most that a judge of Mini's answers can hear."""
    return AudioChunk(_render(text, TEACHER), RATE_HZ)


def _render(text: str, voice: Speaker) -> Samples:
    """Speech at 16 kHz, peak at −6 dBFS."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "question.wav"
        done = subprocess.run(ENGINES[voice.engine](text, voice.name, out), capture_output=True, check=False)
        if done.returncode or not out.is_file():
            raise EngineError(f"The voice {voice} could not speak: its program ended with {done.returncode}.")
        samples, native_hz = soundfile.read(out, dtype="float32")
    speech: Samples = soxr.resample(samples, native_hz, RATE_HZ)
    loud: Samples = (speech * (0.5 / max(float(np.abs(speech).max(initial=0.0)), 1e-4))).astype(np.float32)
    return loud


def _pink(count: int, seed: int) -> Samples:
    """Noise of RMS 1 with equal power in every octave above 50 Hz, like a room's."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(count))
    hz = np.fft.rfftfreq(count, 1 / RATE_HZ)
    noise = np.fft.irfft(spectrum / np.sqrt(np.maximum(hz, 50.0)), count)
    return np.asarray(noise / np.sqrt(np.square(noise).mean()), np.float32)
