"""Whether someone speaks: quick and cheap, beside the speaker. What it was is for the engine to decide."""

from collections import deque

import numpy as np
import webrtcvad

from parley.audio.resampler import Resampler
from parley_models.pcm import Samples

FRAME_S = 0.01
VAD_HZ = 16_000
FRAME = int(VAD_HZ * FRAME_S)
STRICTNESS = 2
"""WebRTC's modes go to 3, which misses a third of those who speak over the speaker."""

WINDOW, ENOUGH = 12, 8
"""Frames that are looked at, and how many of them must be speech."""

WINDOW_OVER_ECHO, ENOUGH_OVER_ECHO = 14, 11
"""The same while an echo is expected."""

NEAR_WINDOW, ENOUGH_NEAR = 5, 4
"""Then the canceller may hold a voice back for long: frames in which more than an echo is heard are enough, if they are as dense as this.
Keys and knocks make two or three."""

UNSURE_GONE_AFTER = 12
"""Frames without any such sound that end what began so and was never heard behind the canceller."""

HELD_BACK_S = 0.1
"""Speech that lasts so long without being heard behind the canceller is held back by it."""

GONE_AFTER = 20
"""Frames without speech that end it: longer than the gaps between words' sounds, shorter than anyone waits."""

FLOOR_DB, LOWEST_DB = 9.0, -55.0
"""Speech is so much above the noise, and above this in any case."""

PASSED_DB = -10.0
"""While an echo is expected: a frame of which the canceller left less was echo."""


class SpeechGate:
    """Says when speech begins and ends, from frames of 10 ms."""

    def __init__(self, rate_hz: int) -> None:
        self._vad = webrtcvad.Vad(STRICTNESS)
        self._resampler = Resampler(rate_hz, VAD_HZ)
        self._waiting: Samples = np.zeros(0, np.float32)
        self._recent: deque[bool] = deque(maxlen=WINDOW_OVER_ECHO)
        self._near: deque[bool] = deque(maxlen=NEAR_WINDOW)
        self._noise_db = -60.0
        self._silent = 0
        self._sure = False
        self.speaking = False
        """Whether someone does."""
        self.since_s = 0.0
        """How long ago the speech that is on, or was last, began; counted to the newest frame."""
        self.lasted_s = 0.0
        """How long it lasted, up to its last sound."""

    @property
    def held_back(self) -> bool:
        """Whether someone speaks beside the speaker and the canceller lets none of it through."""
        return self.speaking and not self._sure and self.lasted_s >= HELD_BACK_S

    def observe(self, frames: Samples, levels_db: list[float], passed_db: list[float] | None, near: list[bool]) -> bool | None:
        """Take the next frames (k · 10 ms).

        Args:
            frames: the microphone's sound without echo and noise.
            levels_db: of each frame.
            passed_db: while an echo is expected, how much of each frame the canceller left; otherwise None.
            near: which of them hold more than the speaker's echo (`NearVoice`); counts only while one is expected.

        Returns:
            True: speech began. False: it ended. None: no news.
        """
        verdicts = self._verdicts(frames, len(levels_db))
        news: bool | None = None
        over_echo = passed_db is not None
        for at, (voiced, level_db) in enumerate(zip(verdicts, levels_db, strict=True)):
            self._recent.append(self._counts(voiced, level_db, None if passed_db is None else passed_db[at]))
            self._near.append(over_echo and near[at])
            self.since_s += FRAME_S
            step = self._go_on(over_echo=over_echo) if self.speaking else self._begin(over_echo=over_echo)
            news = step if step is not None else news
        return news

    def _verdicts(self, frames: Samples, count: int) -> list[bool]:
        self._waiting = np.concatenate([self._waiting, self._resampler.feed(frames)])
        whole = min(len(self._waiting) // FRAME, count)
        now, self._waiting = self._waiting[: whole * FRAME], self._waiting[whole * FRAME :]
        pcm = (now.clip(-1, 1) * 32767).astype(np.int16).tobytes()
        verdicts = [self._vad.is_speech(pcm[at : at + 2 * FRAME], VAD_HZ) for at in range(0, len(pcm), 2 * FRAME)]
        return [False] * (count - whole) + verdicts  # the resampler holds one frame back at the very start

    def _counts(self, voiced: bool, level_db: float, passed_db: float | None) -> bool:
        speech = voiced and level_db > max(self._noise_db + FLOOR_DB, LOWEST_DB) and (passed_db is None or passed_db > PASSED_DB)
        if not speech and passed_db is None:
            self._noise_db += 0.3 * (level_db - self._noise_db) if level_db < self._noise_db else 0.03
        return speech

    def _begin(self, *, over_echo: bool) -> bool | None:
        self._sure = self._is_sure(over_echo=over_echo)
        if not self._sure and sum(self._near) < ENOUGH_NEAR:
            return None
        frames = self._window(over_echo=over_echo) if self._sure else list(self._near)
        self.speaking, self._silent = True, 0
        self.since_s = self.lasted_s = (len(frames) - frames.index(True)) * FRAME_S
        return True

    def _window(self, *, over_echo: bool) -> list[bool]:
        return list(self._recent)[-(WINDOW_OVER_ECHO if over_echo else WINDOW) :]

    def _is_sure(self, *, over_echo: bool) -> bool:
        """Whether it is speech behind the canceller, too."""
        return sum(self._window(over_echo=over_echo)) >= (ENOUGH_OVER_ECHO if over_echo else ENOUGH)

    def _go_on(self, *, over_echo: bool) -> bool | None:
        self._sure = self._sure or self._is_sure(over_echo=over_echo)
        self._silent = 0 if self._recent[-1] or self._near[-1] else self._silent + 1
        if not self._silent:
            self.lasted_s = self.since_s
        if self._silent < (GONE_AFTER if self._sure else UNSURE_GONE_AFTER):
            return None
        self.reset()
        return False

    def reset(self) -> None:
        """Forget the speech that is on: it is over, or the microphone was closed, or is deaf."""
        self.speaking = False
        self._recent.clear()
        self._near.clear()
