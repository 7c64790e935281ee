"""What a user may choose about microphone and speaker."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AudioSettings:
    """Devices and what is done to the sound. Handed to `AudioDesk`, and again to `AudioDesk.apply` when something changed."""

    input_device: str | None = None
    """Name of the microphone as `AudioDesk.devices` gives it; None = whatever the system's default is."""

    output_device: str | None = None
    """Name of the speaker; None = whatever the system's default is."""

    echo_cancellation: bool = True
    """Take Parley's own voice out of what the microphone hears. Off only with headphones."""

    noise_suppression: bool = True

    input_gain_db: float = 0.0
    """Added to the microphone, −20…30; what would clip is limited."""

    output_gain_db: float = 0.0
    """Added to the speaker, −40…6; what would clip is limited."""

    interruption: bool = True
    """Whether a voice beside the speaker ducks it. Off: it plays on until `stop`."""

    duck_db: float = -15.0
    """How far a voice beside the speaker turns it down until it is known whether it is an interruption."""

    half_duplex: bool | None = None
    """True: the microphone is deaf while Parley speaks. None: only when the measured echo loss is too small. False: never."""

    linger_s: float = 20.0
    """How long the device stays open after `close_microphone`, so that the next word is not lost while it opens again (0 = not at all).
    Nothing that it hears meanwhile leaves the desk."""
