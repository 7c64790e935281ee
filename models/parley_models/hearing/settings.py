"""When somebody begins to speak and when he has ended: the figures."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HearingSettings:
    """All times in milliseconds of sound."""

    speech_probability: float = 0.5
    """A frame (32 ms) from which on is speech."""

    silence_probability: float = 0.35
    """Below this speech is over; between the two it stays what it was."""

    onset_ms: int = 96
    """So much speech begins a turn."""

    interruption_ms: int = 300
    """So much is needed while an answer sounds: coughs and "mhm" are shorter."""

    preroll_ms: int = 300
    """How much sound before the onset is heard too."""

    lull_ms: int = 120
    """So much silence before a turn has begun, and what sounded before it no longer counts as its beginning."""

    think_ms: int = 64
    """After so much silence an answer is begun, in case the question is over: two frames. The beginning takes some 150 ms of two cores, and
    has to be there when the turn ends; begun in vain, between two words, it costs time in which nobody waits."""

    whole_ms: int = 190
    """Silence that ends a question which the model takes for whole."""

    hang_ms: int = 700
    """Silence that ends a question where the model can't tell, or is not sure."""

    unfinished_ms: int = 1_000
    """Silence that ends a question which the model takes for unfinished."""

    whole_probability: float = 0.93
    """What two hearings of a question say at least (`rehearing.py`). Mini 0.13 is as sure as that of 72 % of whole questions, and of 10 %
    of their beginnings where they are spoken as if they were all (`parley_training.bundle.endings`); from 0.9 on it would be 78 and 14 %.
    Of five sample questions stopped at their pause in six places each it is never more than 0.87 sure."""

    unfinished_probability: float = 0.5
    """Less sure than this it is of 37 % of the beginnings, and of no whole question."""

    def silence_needed_ms(self, question_complete: float | None) -> int:
        """How long silence must last to end a turn, given how likely (0…1) the question is whole; None = not known."""
        if question_complete is None:
            return self.hang_ms
        if question_complete >= self.whole_probability:
            return min(self.whole_ms, self.hang_ms)
        return max(self.unfinished_ms, self.hang_ms) if question_complete < self.unfinished_probability else self.hang_ms
