"""When the speaker is turned down for someone who speaks, and when it comes back."""

from parley.audio.events import AudioEvent, MicrophoneClosed, PlaybackEnded, SpeechGone, SpeechOnset
from parley.audio.settings import AudioSettings
from parley.audio.speaker import UNDUCK_S, SpeakerFeed

DUCK_S = 0.01
BARELY_S = 0.3
"""Speech shorter than this was a cough or an "mhm"."""

WAIT_S = 0.5
"""After longer speech that nobody took for an interruption, it is quiet for so long before the speaker comes back."""


class Ducking:
    """Holds the speaker's loudness. The audio thread's."""

    def __init__(self, settings: AudioSettings) -> None:
        self.settings = settings
        self._ducked = False
        self._release_at: float | None = None
        self._feed: SpeakerFeed | None = None

    def use(self, feed: SpeakerFeed | None) -> None:
        """Another speaker: as loud as the one before."""
        self._feed = feed
        self._turn(0.0)

    def duck(self) -> None:
        """Turn it down."""
        self._ducked, self._release_at = True, None
        self._turn(DUCK_S)

    def unduck(self) -> None:
        """Turn it up again."""
        self._ducked, self._release_at = False, None
        self._turn(UNDUCK_S)

    def react(self, event: AudioEvent, now: float) -> None:
        """A voice beside the speaker turns it down; its end, or the end of the turn, turns it up."""
        match event:
            case SpeechOnset(over_turn=int()) if self.settings.interruption:
                self.duck()
            case SpeechGone(seconds=seconds) if self._ducked:
                self._release_at = now if seconds < BARELY_S else now + WAIT_S
            case PlaybackEnded() | MicrophoneClosed() if self._ducked:
                self.unduck()
            case _:
                pass

    def step(self, now: float) -> None:
        """Come back when it is time."""
        if self._release_at is not None and now >= self._release_at:
            self.unduck()

    def _turn(self, seconds: float) -> None:
        if self._feed is not None:
            self._feed.turn_to(10 ** (self.settings.duck_db / 20) if self._ducked else 1.0, seconds)
