"""What a microphone's callback leaves behind."""

from parley.audio.ring import Ring
from parley_models.pcm import Samples

HELD_S = 2


class MicrophoneFeed:
    """A queue of samples: the device's thread calls `take`, the audio thread reads `heard`."""

    def __init__(self, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        self.heard = Ring(rate_hz * HELD_S)
        self.lost = 0
        """Samples that found no room, because the audio thread was away for longer than the queue lasts."""
        self.blocks = 0
        """Blocks delivered so far: a microphone that lives delivers."""
        self.last_at = 0.0
        """When the last block came, on the card's clock."""
        self.latency_s = 0.0
        """How old that block's last sample was then."""

    def take(self, block: Samples, at: float, latency_s: float) -> None:
        """Keep a block (n,) that came at `at`, whose last sample was captured `latency_s` before. The device's thread."""
        self.lost += len(block) - self.heard.write(block)
        self.latency_s = latency_s
        self.last_at = at
        self.blocks += 1
