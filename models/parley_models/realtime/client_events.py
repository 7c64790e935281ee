"""What a client says to the engine."""

from typing import Annotated, Literal

from pydantic import Field

from parley_models.realtime.objects import Item, ResponseWish, Session
from parley_models.realtime.wire import Wire


class FromClient(Wire):
    """May carry an id, which an `error` about it repeats."""

    event_id: Annotated[str | None, Field(max_length=512)] = None


class SessionUpdate(FromClient):
    """Change what is named, leave the rest."""

    type: Literal["session.update"] = "session.update"
    session: Session


class InputAudioAppend(FromClient):
    """More sound from the microphone; any length, as it comes."""

    type: Literal["input_audio_buffer.append"] = "input_audio_buffer.append"
    audio: str
    """Base64 of PCM16, 24 kHz."""


class InputAudioCommit(FromClient):
    """The turn is over: push-to-talk was released."""

    type: Literal["input_audio_buffer.commit"] = "input_audio_buffer.commit"


class InputAudioClear(FromClient):
    """Forget the sound that was not committed."""

    type: Literal["input_audio_buffer.clear"] = "input_audio_buffer.clear"


class ItemCreate(FromClient):
    """Put an item into the conversation: typed text, a recording, a tool's output, or a turn remembered from another day."""

    type: Literal["conversation.item.create"] = "conversation.item.create"
    previous_item_id: str | None = None
    """None = at the end; `root` = at the beginning."""

    item: Item


class ItemTruncate(FromClient):
    """Only so much of an answer was heard."""

    type: Literal["conversation.item.truncate"] = "conversation.item.truncate"
    item_id: str
    content_index: int = 0
    audio_end_ms: Annotated[int, Field(ge=0)]


class ItemDelete(FromClient):
    """Forget an item."""

    type: Literal["conversation.item.delete"] = "conversation.item.delete"
    item_id: str


class ItemRetrieve(FromClient):
    """Ask for an item as the engine has it."""

    type: Literal["conversation.item.retrieve"] = "conversation.item.retrieve"
    item_id: str


class ResponseCreate(FromClient):
    """Answer now."""

    type: Literal["response.create"] = "response.create"
    response: ResponseWish | None = None


class ResponseCancel(FromClient):
    """Stop answering, at any moment."""

    type: Literal["response.cancel"] = "response.cancel"
    response_id: str | None = None


class Ping(FromClient):
    """Are you well? Answered at once with `parley.pong`, also while the model is at work."""

    type: Literal["parley.ping"] = "parley.ping"


ClientEvent = Annotated[
    SessionUpdate
    | InputAudioAppend
    | InputAudioCommit
    | InputAudioClear
    | ItemCreate
    | ItemTruncate
    | ItemDelete
    | ItemRetrieve
    | ResponseCreate
    | ResponseCancel
    | Ping,
    Field(discriminator="type"),
]
