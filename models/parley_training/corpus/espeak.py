"""espeak-ng in this process: sound and phone times from its library, some hundred times faster than real time.

Facts: espeak-ng `speak_lib.h` (espeak_Initialize, espeak_SetSynthCallback, event list with phoneme events).
"""

import ctypes
import ctypes.util
import threading
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

RETRIEVAL_SYNCHRONOUS = 2  # AUDIO_OUTPUT_SYNCHRONOUS: the callback has run to its end when espeak_Synth returns
PHONEME_EVENTS = 1
CHARS_UTF8 = 1
EVENT_LIST_END = 0
EVENT_PHONEME = 7
RATE_WPM, PITCH, PITCH_RANGE = 1, 3, 4


class _EventId(ctypes.Union):
    _fields_ = [("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8)]


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _EventId),
    ]


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


@dataclass(frozen=True, slots=True)
class EspeakSound:
    """What espeak-ng said."""

    samples: npt.NDArray[np.int16]
    rate_hz: int
    phones: list[tuple[float, str]]
    """(start in seconds, espeak mnemonic), in order."""


class Espeak:
    """The library, opened once a process. Not for several threads at a time: a lock holds the others back."""

    def __init__(self) -> None:
        name = ctypes.util.find_library("espeak-ng")
        if name is None:
            raise FileNotFoundError("libespeak-ng is not installed. On Debian: apt-get install libespeak-ng1 espeak-ng-data")
        self._library = ctypes.CDLL(name)
        self.rate_hz: int = self._library.espeak_Initialize(RETRIEVAL_SYNCHRONOUS, 200, None, PHONEME_EVENTS)
        self._blocks: list[npt.NDArray[np.int16]] = []
        self._phones: list[tuple[float, str]] = []
        self._callback = _Callback(self._take)  # kept alive: the library holds only a pointer
        self._library.espeak_SetSynthCallback(self._callback)
        self._lock = threading.Lock()

    def _take(self, block: "ctypes._Pointer[ctypes.c_short]", count: int, events: "ctypes._Pointer[_Event]") -> int:
        if block and count > 0:
            self._blocks.append(np.ctypeslib.as_array(block, (count,)).copy())
        position = 0
        while events[position].type != EVENT_LIST_END:
            event = events[position]
            if event.type == EVENT_PHONEME:
                self._phones.append((event.audio_position / 1000, event.id.string.decode("utf-8", "replace")))
            position += 1
        return 0

    def say(self, text: str, voice: str, *, words_per_minute: int = 175, pitch: int = 50, pitch_range: int = 50) -> EspeakSound:
        """Speak `text` in `voice` (for example "en-us+f3"); pitch and its range run from 0 to 99."""
        with self._lock:
            self._blocks, self._phones = [], []
            if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
                raise ValueError(f"espeak-ng has no voice {voice!r}.")
            for parameter, value in ((RATE_WPM, words_per_minute), (PITCH, pitch), (PITCH_RANGE, pitch_range)):
                self._library.espeak_SetParameter(parameter, value, 0)
            encoded = text.encode()
            self._library.espeak_Synth(encoded, len(encoded) + 1, 0, 1, 0, CHARS_UTF8, None, None)
            sound = np.concatenate(self._blocks) if self._blocks else np.zeros(0, np.int16)
            return EspeakSound(sound, self.rate_hz, self._phones)
