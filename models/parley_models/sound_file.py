"""Questions from sound files, answers to them: what is no usable question is refused with one sentence."""

import io
import os
import tempfile
from pathlib import Path

import numpy as np
import soundfile
import soxr

from parley_models.errors import InputError, UsageError
from parley_models.pcm import AudioChunk, Samples

LONGEST_QUESTION_S = 30.0
SHORTEST_QUESTION_S = 0.1
SILENCE_RMS = 1e-3
"""−60 dBFS: a question whose loudest 30 ms stays below this holds no speech."""

WRITTEN = {".wav": "WAV", ".flac": "FLAC"}
"""Not OGG: libsndfile 1.2 crashes when it encodes minutes of Vorbis in one call."""

_RATES_HZ = range(4_000, 768_001)
_STREAMED = (0, 0xFFFFFFFF)
"""What a WAV header says for its length when it was written to a pipe."""


def read_question(path: Path, rate_hz: int | None = 16_000) -> AudioChunk:
    """Read WAV, FLAC, OGG or MP3 of any rate, mono or stereo, as mono at `rate_hz` (None: its own).

    Raises:
        InputError: no such file, not audio, empty, silent, cut short, longer than 30 s, or with numbers that are no sound.
    """
    if path.is_dir():
        raise InputError(f"{path} is a folder, not a sound file.")
    if not path.exists():
        raise InputError(f"There is no file {path}.")
    if not path.is_file():
        raise InputError(f"{path} is no ordinary file.")
    if path.stat().st_size == 0:
        raise InputError(f"{path} is empty.")
    _refuse_cut_wav(path)
    samples, native_hz = _decode(path)
    return prepare_question(samples, native_hz, native_hz if rate_hz is None else rate_hz, name=str(path))


def _decode(path: Path) -> tuple[Samples, int]:
    """All of a short file, (n, channels); a long one is refused before it is read."""
    try:
        # by number, so that the content decides the format and never the name
        with path.open("rb", buffering=0) as raw, soundfile.SoundFile(raw.fileno(), closefd=False) as file:
            if file.samplerate not in _RATES_HZ:
                raise InputError(f"{path} claims {file.samplerate:,} samples a second; Parley reads 4,000 to 768,000.")
            if file.channels > 2:
                raise InputError(f"{path} has {file.channels} channels; Parley hears mono and stereo.")
            longest = int(LONGEST_QUESTION_S * file.samplerate)
            if file.frames > longest:
                seconds = file.frames / file.samplerate
                raise InputError(f"{path} lasts {seconds:.0f} s; a question may last up to {LONGEST_QUESTION_S:.0f} s.")
            # one more than allowed: a damaged header may promise less than the file holds
            samples = file.read(longest + 1, dtype="float32", always_2d=True)
            if len(samples) < file.frames:
                raise InputError(f"{path} is cut short: {file.frames:,} samples were promised, {len(samples):,} are there.")
            return samples, file.samplerate
    except soundfile.LibsndfileError as error:
        raise InputError(f"{path} is not a sound file that can be read (WAV, FLAC, OGG or MP3).") from error
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}.") from error


def _refuse_cut_wav(path: Path) -> None:
    """A WAV whose end is missing is quietly shortened by libsndfile whose end is missing; half a question deserves a word."""
    try:
        with path.open("rb") as file:
            head = file.read(12)
            if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
                return
            room = path.stat().st_size
            while len(chunk := file.read(8)) == 8:
                size = int.from_bytes(chunk[4:], "little")
                if chunk[:4] == b"data":
                    if size not in _STREAMED and file.tell() + size > room:
                        raise InputError(f"{path} is cut short: {size:,} bytes of sound were promised, {room - file.tell():,} are there.")
                    return
                file.seek(size + size % 2, os.SEEK_CUR)
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}.") from error


def prepare_question(samples: Samples, native_hz: int, rate_hz: int, *, name: str) -> AudioChunk:
    """Check sound (n,) or (n, channels), mix it to mono and resample it.

    Raises:
        InputError: too short, too long, silent, or with numbers that are no sound.
    """
    seconds = len(samples) / native_hz
    if len(samples) == 0:
        raise InputError(f"{name} holds no sound.")
    if seconds > LONGEST_QUESTION_S:
        raise InputError(f"{name} lasts {seconds:.0f} s; a question may last up to {LONGEST_QUESTION_S:.0f} s.")
    if not np.isfinite(samples).all():
        raise InputError(f"{name} holds samples that are no numbers (NaN or infinity).")
    if seconds < SHORTEST_QUESTION_S:
        raise InputError(f"{name} lasts {seconds * 1000:.0f} ms, too short for a question.")
    mono = _mono(np.asarray(samples, dtype=np.float32))
    if _loudest_rms(mono, native_hz) < SILENCE_RMS:
        raise InputError(f"{name} is silent.")
    if native_hz != rate_hz:
        mono = soxr.resample(mono, native_hz, rate_hz)
    peak = float(np.abs(mono).max(initial=0.0))
    return AudioChunk((mono / max(peak, 1.0)).astype(np.float32), rate_hz)


def _mono(samples: Samples) -> Samples:
    if samples.ndim == 1:
        return samples
    wide = samples.astype(np.float64)  # squares of what a float file may hold don't fit into 32 bits
    mixed = wide.mean(axis=1)
    loud = wide[:, int(np.argmax(np.square(wide).sum(axis=0)))]
    # opposite phases cancel in the mix: then one side is the better mono
    return (mixed if np.square(mixed).sum() > 0.1 * np.square(loud).sum() else loud).astype(np.float32)


def _loudest_rms(mono: Samples, rate_hz: int) -> float:
    """RMS of the loudest 30 ms, without a constant offset."""
    frame = max(1, int(rate_hz * 0.03))
    frames = mono[: max(1, len(mono) // frame) * frame].astype(np.float64)
    frames = frames.reshape(-1, frame) if len(frames) >= frame else frames[None]
    return float(np.sqrt(np.square(frames - frames.mean(axis=1, keepdims=True)).mean(axis=1).max()))


def write_sound(path: Path, sound: AudioChunk) -> None:
    """Write 16-bit sound in the format that the name's ending says, in one step: never half a file under this name.

    Raises:
        UsageError: the place can't be written to, or the ending is neither .wav nor .flac.
    """
    kind = WRITTEN.get(path.suffix.lower())
    if kind is None:
        raise UsageError(f"{path} can't be written: answers are .wav or .flac.")
    content = io.BytesIO()
    soundfile.write(content, sound.samples, sound.rate_hz, format=kind, subtype="PCM_16")
    write_whole(path, content.getvalue())


def write_whole(path: Path, content: bytes) -> None:
    """Write a file beside its place and move it there; folders on the way are made.

    Raises:
        UsageError: the place can't be written to.
    """
    draft: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        draft = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        draft.chmod(0o644)  # mkstemp makes it for the owner alone
        draft.replace(path)
    except OSError as error:
        if draft is not None:
            draft.unlink(missing_ok=True)
        raise UsageError(f"{path} can't be written: {error.strerror}.") from error
