"""The Realtime protocol as values: read and written in one place. Light: pydantic and nothing else, so that a window may import it.

Event names are OpenAI's GA names; `parley.*` are ours (DESIGN §10).
"""

import base64
import binascii
import json

from pydantic import TypeAdapter, ValidationError

from parley_models.errors import InputError
from parley_models.realtime.client_events import (
    ClientEvent,
    FromClient,
    InputAudioAppend,
    InputAudioClear,
    InputAudioCommit,
    ItemCreate,
    ItemDelete,
    ItemRetrieve,
    ItemTruncate,
    Ping,
    ResponseCancel,
    ResponseCreate,
    SessionUpdate,
)
from parley_models.realtime.objects import (
    WIRE_RATE_HZ,
    Audio,
    AudioInput,
    AudioOutput,
    BundleOffer,
    Content,
    ControlOffer,
    ErrorBody,
    Item,
    ItemMemory,
    ItemStatus,
    LevelOffer,
    Modality,
    ParleyResponse,
    ParleySession,
    PcmFormat,
    Response,
    ResponseStatus,
    ResponseWish,
    SayAgain,
    SemanticVad,
    ServerVad,
    Session,
    StatusDetails,
    StyleWish,
    TokenDetails,
    Tool,
    Transcription,
    TurnDetection,
    Usage,
)
from parley_models.realtime.server_events import (
    ContentPart,
    ContentPartAdded,
    ContentPartDone,
    EngineState,
    EngineStateChanged,
    ErrorEvent,
    FromServer,
    FunctionArgumentsDelta,
    FunctionArgumentsDone,
    InputAudioCleared,
    InputAudioCommitted,
    InputTranscribed,
    InputTranscriptionFailed,
    ItemAdded,
    ItemDeleted,
    ItemDone,
    ItemRetrieved,
    ItemTruncated,
    Latency,
    OfItem,
    OfResponse,
    OutputAudioDelta,
    OutputAudioDone,
    OutputItemAdded,
    OutputItemDone,
    OutputTextDelta,
    OutputTextDone,
    OutputTranscriptDelta,
    OutputTranscriptDone,
    Pong,
    ResponseCreated,
    ResponseDone,
    SegmentDone,
    ServerEvent,
    SessionCreated,
    SessionUpdated,
    SpeechStarted,
    SpeechStopped,
    StyleMeasured,
    UnknownEvent,
)

__all__ = [
    "WIRE_RATE_HZ",
    "Audio",
    "AudioInput",
    "AudioOutput",
    "BundleOffer",
    "ClientEvent",
    "Content",
    "ContentPart",
    "ContentPartAdded",
    "ContentPartDone",
    "ControlOffer",
    "EngineState",
    "EngineStateChanged",
    "ErrorBody",
    "ErrorEvent",
    "FromClient",
    "FromServer",
    "FunctionArgumentsDelta",
    "FunctionArgumentsDone",
    "InputAudioAppend",
    "InputAudioClear",
    "InputAudioCleared",
    "InputAudioCommit",
    "InputAudioCommitted",
    "InputTranscribed",
    "InputTranscriptionFailed",
    "Item",
    "ItemAdded",
    "ItemCreate",
    "ItemDelete",
    "ItemDeleted",
    "ItemDone",
    "ItemMemory",
    "ItemRetrieve",
    "ItemRetrieved",
    "ItemStatus",
    "ItemTruncate",
    "ItemTruncated",
    "Latency",
    "LevelOffer",
    "Modality",
    "OfItem",
    "OfResponse",
    "OutputAudioDelta",
    "OutputAudioDone",
    "OutputItemAdded",
    "OutputItemDone",
    "OutputTextDelta",
    "OutputTextDone",
    "OutputTranscriptDelta",
    "OutputTranscriptDone",
    "ParleyResponse",
    "ParleySession",
    "PcmFormat",
    "Ping",
    "Pong",
    "Response",
    "ResponseCancel",
    "ResponseCreate",
    "ResponseCreated",
    "ResponseDone",
    "ResponseStatus",
    "ResponseWish",
    "SayAgain",
    "SegmentDone",
    "SemanticVad",
    "ServerEvent",
    "ServerVad",
    "Session",
    "SessionCreated",
    "SessionUpdate",
    "SessionUpdated",
    "SpeechStarted",
    "SpeechStopped",
    "StatusDetails",
    "StyleMeasured",
    "StyleWish",
    "TokenDetails",
    "Tool",
    "Transcription",
    "TurnDetection",
    "UnknownEvent",
    "Usage",
    "pcm_of",
    "read_client_event",
    "read_server_event",
    "text_of_pcm",
]

_CLIENT: TypeAdapter[ClientEvent] = TypeAdapter(ClientEvent)
_SERVER: TypeAdapter[ServerEvent] = TypeAdapter(ServerEvent)
_SERVER_TYPES = frozenset(json.loads(json.dumps(_SERVER.json_schema()["discriminator"]["mapping"])))


class EventRefused(InputError):
    """A client's message can't be used; says which field, and repeats the message's own id."""

    def __init__(self, message: str, param: str | None, event_id: str | None) -> None:
        super().__init__(message)
        self.param = param
        self.event_id = event_id


def read_client_event(message: str | bytes) -> ClientEvent:
    """What a client said.

    Raises:
        EventRefused: no JSON object, no event that we know, or a field missing or wrong.
    """
    raw = _object(message)
    event_id = raw.get("event_id")
    own_id = event_id if isinstance(event_id, str) else None
    try:
        return _CLIENT.validate_python(raw)
    except ValidationError as error:
        raise _refusal(error, raw, own_id) from None  # pydantic's own message repeats what was said


def read_server_event(message: str | bytes) -> "ServerEvent | UnknownEvent":
    """What a server said, ours or another.

    Raises:
        EventRefused: no JSON object, or a known event with a field missing or wrong.
    """
    raw = _object(message)
    if raw.get("type") not in _SERVER_TYPES:
        return UnknownEvent(type=str(raw.get("type", "")))
    try:
        return _SERVER.validate_python(raw)
    except ValidationError as error:
        raise _refusal(error, raw, None) from None


def pcm_of(text: str) -> bytes:
    """PCM16 from base64. Raises InputError if it is none, or if half a sample is left over."""
    try:
        sound = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise InputError("The sound is no base64.") from None
    if len(sound) % 2:
        raise InputError("The sound ends with half a sample; it must be PCM16.")
    return sound


def text_of_pcm(sound: bytes) -> str:
    """PCM16 as base64."""
    return base64.b64encode(sound).decode("ascii")


def _object(message: str | bytes) -> dict[str, object]:
    try:
        raw = json.loads(message)
    except (ValueError, RecursionError):
        raise EventRefused("The message is no JSON.", None, None) from None
    if not isinstance(raw, dict):
        raise EventRefused("The message is no JSON object.", None, None)
    return raw


def _refusal(error: ValidationError, raw: dict[str, object], event_id: str | None) -> EventRefused:
    first = error.errors(include_url=False, include_input=False)[0]
    if first["type"] in {"union_tag_invalid", "union_tag_not_found"} and not first["loc"]:
        kind = str(raw.get("type"))[:80]
        return EventRefused(f"There is no event of the type “{kind}”.", "type", event_id)
    place = ".".join(str(part) for part in first["loc"][1:]) or "the event"
    return EventRefused(f"{first['loc'][0]} is wrong at {place}: {first['msg'].rstrip('.')}.", place, event_id)
