"""What an assistant is made of, as it sees it: ears, brain and voice. Real ones and the tests' fakes keep these promises."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from parley_models.pcm import AudioChunk
from parley_models.prosody import Prosody
from parley_models.tokens import SpeechTokens


class Listening(Protocol):
    """One question being heard."""

    def feed(self, chunk: AudioChunk) -> SpeechTokens:
        """Take more sound; give the groups that became sure. They never change again."""

    def finish(self) -> SpeechTokens:
        """Nothing more comes: the groups that are left."""

    def log_likelihoods(self, texts: Sequence[str]) -> list[float] | None:
        """How well each of these texts explains the sound so far, as a log probability; None if these ears can't tell."""


class Ears(Protocol):
    """Sound to tokens."""

    @property
    def views(self) -> int:
        """In how many ways it can hear the same sound; 1 = only as it is."""

    def stream(self, view: int = 0) -> Listening:
        """Begin a question, in the first view or another."""

    def tokens(self, sound: AudioChunk) -> SpeechTokens:
        """All groups of a recording that is there as a whole: nothing has to be given before its end is known."""


class Brain(Protocol):
    """One context of ids, which grows by what is read and by what is answered."""

    def resume(self, ids: Sequence[int]) -> None:
        """Make the context exactly these ids; what it shares with them from the start is kept, not read again."""

    def read(self, ids: Sequence[int]) -> None:
        """Add ids to the context."""

    def hear(self, ids: Sequence[int], *, last: bool = False) -> Sequence[int]:
        """Add groups of a question that is being heard; give the ids that stand in the context for them.

        They may be more than were given: a brain that writes along puts the words it understood between the groups. `last` =
        nothing more is said, so what is still to be written is written.
        """

    @property
    def question_complete(self) -> float | None:
        """How likely (0…1) what was heard so far is a whole question; None if this brain can't tell."""

    @property
    def said_likelihood(self) -> float:
        """Log probability of the text that the answer decoded last has so far; 0.0 if it has none, or the brain can't tell."""

    def decode(self, seed: int, limit: int) -> Iterator[int]:
        """Answer: up to `limit` ids, each computed when it is asked for; the end is not among them. Same context, same seed, same ids.

        Between two ids all but the last one given are in the context; the last is read when the next is asked for. Meanwhile others may
        use the brain: whoever then restores exactly that (`resume`) may go on asking, and gets what would have come anyway.
        """

    def voice(self, seed: int, limit: int, *, may_end: bool) -> Iterator[int]:
        """Go on with sound for the words at the end of the context: up to `limit` audio ids, whole groups, whatever it would rather say.

        Where it `may_end`, it stops as soon as the speech is over. As with `decode`, an id is computed when it is asked for, and others may
        use the brain in between.
        """


class Speaking(Protocol):
    """One answer being spoken."""

    def feed(self, groups: SpeechTokens) -> Sequence[AudioChunk]:
        """Take more groups; give the sound that became ready. Chunks abut."""

    def finish(self) -> Sequence[AudioChunk]:
        """Nothing more comes: the sound that is left."""


class Voice(Protocol):
    """Tokens to sound."""

    @property
    def rate_hz(self) -> int:
        """Of the sound."""

    def stream(self, voice: str, prosody: Prosody, seed: int) -> Speaking:
        """Begin an answer in a named voice; the same seed gives the same sound."""
