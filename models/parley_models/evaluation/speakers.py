"""The voices that ask in the examination: synthesizers that Mini never hears while it learns (CURRICULUM, "Voices that ask")."""

import shutil
import subprocess
import tempfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
import soundfile
import soxr

from parley_models.errors import EngineError, UsageError
from parley_models.evaluation import tones
from parley_models.pcm import AudioChunk, Samples

RATE_HZ = 16_000
SNR_DB = 20.0
PAUSE_S = 0.25
"""Quiet before and after the words; the noise goes on in it."""

WORDS_PER_MINUTE, PLAIN_PITCH = 175, 50
"""What espeak-ng does unless told otherwise; half of its scale is also the plain range."""

KAL_STRETCH = 1.1
"""What the kal voices stretch everything by, in flite as in festival, unless told otherwise."""

INSTALL = "sudo apt install flite festival festvox-kallpc16k espeak-ng"


@dataclass(frozen=True, slots=True)
class Speaker:
    """One voice of a synthesizer."""

    engine: str
    """A row of `ENGINES`, and the program that speaks."""

    name: str
    tempo: float = 1.0
    """2.0 speaks twice as fast."""

    pitch: int = 50
    span: int = 50
    """espeak-ng's pitch and its range, 0…99; the others have neither."""

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


def _flite(text: str, voice: Speaker, out: Path) -> list[str]:
    pace = ["--setf", f"duration_stretch={_stretch(voice):.3f}"] if voice.tempo != 1.0 else []
    return ["flite", "-voice", voice.name, *pace, "-t", text, "-o", str(out)]


def _festival(text: str, voice: Speaker, out: Path) -> list[str]:
    script = out.with_suffix(".txt")
    script.write_text(text, encoding="utf-8")
    pace = ["-eval", f"(Parameter.set 'Duration_Stretch {_stretch(voice):.3f})"] if voice.tempo != 1.0 else []
    return ["text2wave", "-eval", f"(voice_{voice.name})", *pace, "-o", str(out), str(script)]


def _stretch(voice: Speaker) -> float:
    return (KAL_STRETCH if voice.name.startswith("kal") else 1.0) / voice.tempo


def _espeak(text: str, voice: Speaker, out: Path) -> list[str]:
    pace = ["-s", str(round(WORDS_PER_MINUTE * voice.tempo))] if voice.tempo != 1.0 else []
    pitch = ["-p", str(voice.pitch)] if voice.pitch != PLAIN_PITCH else []
    words = text if voice.span == PLAIN_PITCH else f'<prosody range="{2 * voice.span}%">{escape(text)}</prosody>'
    marked = ["-m"] if words != text else []
    return ["espeak-ng", "-v", voice.name, *pace, *pitch, *marked, "-w", str(out), "--", words]


ENGINES: dict[str, Callable[[str, Speaker, Path], list[str]]] = {"flite": _flite, "festival": _festival, "espeak-ng": _espeak}


def voices_here() -> tuple[Speaker, ...]:
    """The test voices that are installed.

    Raises:
        UsageError: none is; says what to install.
    """
    here = tuple(voice for voice in TEST_VOICES if _is_here(voice))
    if not here:
        raise UsageError(f"The examination's questions are spoken by flite, festival and espeak-ng, and none is here: {INSTALL}.")
    return here


def missing_voices() -> tuple[Speaker, ...]:
    """The test voices that are not installed."""
    here = voices_here()
    return tuple(voice for voice in TEST_VOICES if voice not in here)


def _is_here(voice: Speaker) -> bool:
    """Whether its program is installed; festival's voices come in packages of their own, flite and espeak-ng bring theirs along."""
    return shutil.which(voice.engine) is not None and (voice.engine != "festival" or voice.name in _voices_of_festival())


def _voices_of_festival() -> frozenset[str]:
    listed = subprocess.run(["festival", "--batch", "(print (voice.list))"], capture_output=True, text=True, check=False).stdout
    return frozenset(listed.strip().strip("()").split())


def speak(text: str, voice: Speaker, *, snr_db: float = SNR_DB, tone: str = "") -> AudioChunk:
    """A text spoken by a test voice, 16 kHz, peak at −6 dBFS, in pink noise `snr_db` below the speech; the same each time.

    Args:
        text: English.
        voice: who speaks.
        snr_db: of the speech as it is spoken; what is quiet has so much less.
        tone: how it must sound (`tones.TONES`); empty = as the voice speaks.

    Raises:
        EngineError: the synthesizer failed.
    """
    how = tones.TONES[tone] if tone else tones.PLAIN
    speech = _toned(text, voice, how)
    pause = np.zeros(round(PAUSE_S * RATE_HZ), np.float32)
    clean = np.concatenate([pause, speech, pause])
    active = speech[np.abs(speech) > 0.01]
    loudness = float(np.sqrt(np.square(active).mean()))
    noise = _pink(len(clean), seed=zlib.crc32(f"{voice}: {text}".encode()))
    heard = clean + noise * loudness * 10 ** (-snr_db / 20)
    return AudioChunk((heard * 10 ** (how.level_db / 20)).astype(np.float32), RATE_HZ)


def _toned(text: str, voice: Speaker, how: tones.Asking) -> Samples:
    speaker = how.spoken_by(voice)
    speech = _render(text, speaker)
    factor = how.factor(speech)
    if factor != 1.0:  # played faster it is higher, so it is spoken that much slower
        speech = tones.resized(_render(text, replace(speaker, tempo=speaker.tempo / factor)), factor)
    return tones.whispered(speech) if how.whispered else speech


def fitting(voices: Sequence[Speaker], tone: str) -> Sequence[Speaker]:
    """Those of the voices that can speak in a tone; all, where none is asked for."""
    able = [voice for voice in voices if not tone or tones.TONES[tone].suits(voice)]
    return able or voices


def taught(text: str) -> AudioChunk:
    """A text in the voice that Mini's own was learned from, without noise: the most that a judge of Mini's answers can hear."""
    return AudioChunk(_render(text, TEACHER), RATE_HZ)


def _render(text: str, voice: Speaker) -> Samples:
    """Speech at 16 kHz, peak at −6 dBFS."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "question.wav"
        done = subprocess.run(ENGINES[voice.engine](text, voice, out), capture_output=True, check=False)
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
