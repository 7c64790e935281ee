"""Festival in a process of its own, kept open: its voices take longer to load than to speak."""

import subprocess
import tempfile
from functools import cache
from pathlib import Path

import soundfile

from parley_models.pcm import AudioChunk
from parley_training.corpus.british import BRITISH, PHONE_OF_MRPA, SETUP
from parley_training.corpus.foreign import BORROW, FOREIGN_VOICES, introduced, said
from parley_training.corpus.phones import FOREIGN_MARK, NUMBER, SILENCE
from parley_training.corpus.world import respelled

_DONE = "parley-done"
_VOICES = Path("/usr/share/festival/voices")


class Festival:
    """One festival program; it exits with its input."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None)
        self._program = subprocess.Popen(["festival", "--pipe"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._knows = set[str]()

    def say(self, text: str, voice: str, stretch: float, pitch: int = 50) -> tuple[AudioChunk, list[tuple[float, str]]]:
        """Speak; the sound, and where each phone begins. `stretch` 2.0 is half as fast. ValueError if it can't say that.

        Of `pitch`, 0 to 99, only foreign voices have any.
        """
        sound, segments = Path(self._folder.name) / "said.wav", Path(self._folder.name) / "said.seg"
        sound.unlink(missing_ok=True)
        words = respelled(text).replace("\\", " ").replace('"', " ")
        foreign, british = FOREIGN_VOICES.get(voice), voice in BRITISH
        if (foreign or british) and voice not in self._knows:
            self._tell(*((introduced(voice, _VOICES), BORROW) if foreign else (SETUP,)))
            self._knows.add(voice)
        if foreign:
            self._tell(*said(voice, words, stretch, foreign.pitch_hz * (0.85 + 0.003 * pitch)))
        else:
            self._tell(
                f"(voice_{voice})",
                f"(Parameter.set 'Duration_Stretch {stretch:.3f})",
                f'(set! said (utt.synth (Utterance Text "{words}")))',
            )
        self._tell(
            f'(utt.save.segs said "{segments}")',
            f'(utt.save.wave said "{sound}")',
        )
        if not sound.exists():
            raise ValueError(f"festival's voice {voice} can't say “{text}”")
        samples, rate_hz = soundfile.read(sound, dtype="float32")
        phones, start = [], 0.0
        for line in segments.read_text().splitlines()[1:]:
            end, _, called = line.split()[:3]
            phone = PHONE_OF_MRPA.get(called, SILENCE) if british else called
            phone = phone if phone in NUMBER else SILENCE
            phones.append((start, FOREIGN_MARK + phone if foreign and phone != SILENCE and foreign.lacks(phone) else phone))
            start = float(end)
        return AudioChunk(samples, rate_hz), phones

    def _tell(self, *commands: str) -> None:
        assert self._program.stdin is not None
        assert self._program.stdout is not None
        self._program.stdin.write("\n".join(commands) + f'\n(begin (format t "{_DONE}\\n") (fflush nil))\n')
        self._program.stdin.flush()
        while _DONE not in (line := self._program.stdout.readline()):
            if not line:
                raise ValueError("festival has gone")


@cache
def festival() -> Festival:
    """The one festival of this process."""
    return Festival()
