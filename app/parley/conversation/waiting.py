"""A turn of the user, while it waits for its answer."""

from dataclasses import dataclass

from parley.conversation.sounds import joined
from parley.conversation.turns import Turn
from parley_models.pcm import AudioChunk

WIRE_PIECE_S = 1.0
"""Sound that is sent again goes in pieces of this length."""


@dataclass(slots=True)
class Question:
    """A turn that is not answered yet; should the engine be replaced, it is asked again."""

    turn: Turn
    chunks: list[AudioChunk]
    end: float
    """When the user had finished, on the loop's clock."""

    def pieces(self) -> list[AudioChunk]:
        """Its sound, abutting chunks cut anew, so that no message is large and there are not too many."""
        if not self.chunks:
            return []
        per_piece = max(1, round(WIRE_PIECE_S / self.chunks[0].seconds))
        return [joined(self.chunks[at : at + per_piece]) for at in range(0, len(self.chunks), per_piece)]
