"""What the engine says to a client."""

from typing import Annotated, Any, Literal

from pydantic import Field

from parley_models.realtime.objects import ErrorBody, Item, ItemMemory, Response, Session, StyleWish
from parley_models.realtime.wire import Wire


class FromServer(Wire):
    """Every event has an id."""

    event_id: str = ""


class ErrorEvent(FromServer):
    """Something did not go; the session goes on."""

    type: Literal["error"] = "error"
    error: ErrorBody


class SessionCreated(FromServer):
    """Hello; `session.parley.bundle` says what the model can do."""

    type: Literal["session.created"] = "session.created"
    session: Session


class SessionUpdated(FromServer):
    """The settings as they are now, all of them."""

    type: Literal["session.updated"] = "session.updated"
    session: Session


class InputAudioCommitted(FromServer):
    """The sound became a user's item."""

    type: Literal["input_audio_buffer.committed"] = "input_audio_buffer.committed"
    item_id: str
    previous_item_id: str | None = None


class InputAudioCleared(FromServer):
    """The sound is forgotten."""

    type: Literal["input_audio_buffer.cleared"] = "input_audio_buffer.cleared"


class SpeechStarted(FromServer):
    """Somebody began to speak. Stop playing: if a response was on its way it has been cancelled (unless `interrupt_response` is off)."""

    type: Literal["input_audio_buffer.speech_started"] = "input_audio_buffer.speech_started"
    item_id: str
    audio_start_ms: int
    """On the clock of all sound appended in this session."""


class SpeechStopped(FromServer):
    """The turn is over."""

    type: Literal["input_audio_buffer.speech_stopped"] = "input_audio_buffer.speech_stopped"
    item_id: str
    audio_end_ms: int


class ItemAdded(FromServer):
    """An item is in the conversation; an answer's content still grows."""

    type: Literal["conversation.item.added"] = "conversation.item.added"
    item: Item
    previous_item_id: str | None = None


class ItemDone(FromServer):
    """An item is complete; `item.parley` is what to remember it by."""

    type: Literal["conversation.item.done"] = "conversation.item.done"
    item: Item
    previous_item_id: str | None = None


class ItemRetrieved(FromServer):
    """An item as the engine has it."""

    type: Literal["conversation.item.retrieved"] = "conversation.item.retrieved"
    item: Item


class ItemTruncated(FromServer):
    """The answer is cut to what was heard; `parley.text` is its heard part, by estimate."""

    type: Literal["conversation.item.truncated"] = "conversation.item.truncated"
    item_id: str
    content_index: int = 0
    audio_end_ms: int
    parley: ItemMemory | None = None


class ItemDeleted(FromServer):
    """An item is forgotten."""

    type: Literal["conversation.item.deleted"] = "conversation.item.deleted"
    item_id: str


class InputTranscribed(FromServer):
    """What I heard: the backbone's own recognition of a user's item."""

    type: Literal["conversation.item.input_audio_transcription.completed"] = "conversation.item.input_audio_transcription.completed"
    item_id: str
    content_index: int = 0
    transcript: str
    usage: dict[str, Any] | None = None


class InputTranscriptionFailed(FromServer):
    """What was heard could not be written down."""

    type: Literal["conversation.item.input_audio_transcription.failed"] = "conversation.item.input_audio_transcription.failed"
    item_id: str
    content_index: int = 0
    error: ErrorBody


class ResponseCreated(FromServer):
    """An answer begins."""

    type: Literal["response.created"] = "response.created"
    response: Response


class ResponseDone(FromServer):
    """An answer is over: completed, cancelled, incomplete or failed."""

    type: Literal["response.done"] = "response.done"
    response: Response


class OfResponse(FromServer):
    """Belongs to an answer."""

    response_id: str
    output_index: int = 0


class OutputItemAdded(OfResponse):
    """An answer's item begins."""

    type: Literal["response.output_item.added"] = "response.output_item.added"
    item: Item


class OutputItemDone(OfResponse):
    """An answer's item is complete."""

    type: Literal["response.output_item.done"] = "response.output_item.done"
    item: Item


class OfItem(OfResponse):
    """Belongs to a part of an answer's item."""

    item_id: str
    content_index: int = 0


class ContentPart(Wire):
    """A part of an answer."""

    type: Literal["text", "audio"]
    text: str | None = None
    transcript: str | None = None


class ContentPartAdded(OfItem):
    """A part begins."""

    type: Literal["response.content_part.added"] = "response.content_part.added"
    part: ContentPart


class ContentPartDone(OfItem):
    """A part is complete."""

    type: Literal["response.content_part.done"] = "response.content_part.done"
    part: ContentPart


class OutputAudioDelta(OfItem):
    """More sound; pieces abut."""

    type: Literal["response.output_audio.delta"] = "response.output_audio.delta"
    delta: str
    """Base64 of PCM16, 24 kHz."""


class OutputAudioDone(OfItem):
    """All of the sound has come."""

    type: Literal["response.output_audio.done"] = "response.output_audio.done"


class OutputTranscriptDelta(OfItem):
    """More of the words; they run ahead of the sound."""

    type: Literal["response.output_audio_transcript.delta"] = "response.output_audio_transcript.delta"
    delta: str
    segment: int = 0
    """Which stretch of the answer, from 0; each has its own style (`parley.segment`)."""

    style: StyleWish | None = None
    """That style, told with the first words of the stretch: how fast it is spoken decides how much of it has been heard."""


class OutputTranscriptDone(OfItem):
    """All of the words have come."""

    type: Literal["response.output_audio_transcript.done"] = "response.output_audio_transcript.done"
    transcript: str


class OutputTextDelta(OfItem):
    """More of the words of an answer without sound."""

    type: Literal["response.output_text.delta"] = "response.output_text.delta"
    delta: str


class OutputTextDone(OfItem):
    """All of the words have come."""

    type: Literal["response.output_text.done"] = "response.output_text.done"
    text: str


class FunctionArgumentsDelta(OfResponse):
    """More of a call's arguments; they come in one piece."""

    type: Literal["response.function_call_arguments.delta"] = "response.function_call_arguments.delta"
    item_id: str
    call_id: str
    delta: str


class FunctionArgumentsDone(OfResponse):
    """The model asks for a tool. Answer with a `function_call_output` item and `response.create`."""

    type: Literal["response.function_call_arguments.done"] = "response.function_call_arguments.done"
    item_id: str
    call_id: str
    name: str
    arguments: str
    """JSON of an object."""


class StyleMeasured(FromServer):
    """The proof of style, after each answer with sound, and after what was heard in its question, if that comes at all: what was asked,
    and what the sound shows (null = not measured).
    """

    type: Literal["parley.style.measured"] = "parley.style.measured"
    item_id: str
    response_id: str | None = None
    asked: dict[str, str | float]
    achieved: dict[str, float | str | None]


class Latency(FromServer):
    """Where the time went, once per answer, with its first sound. Counted from the turn's end: the commit, or the engine's decision."""

    type: Literal["parley.latency"] = "parley.latency"
    item_id: str
    response_id: str | None = None
    endpoint_ms: float | None = None
    """From the last speech to the decision that the turn is over; None for manual turns."""

    heard_ms: float
    """Until the whole question was in the model's context."""

    thought_ms: float
    """Until the first block was decoded; 0 if it was ready before the end."""

    first_audio_ms: float
    """Until the first sound left."""

    thought_ahead: bool = False
    """The answer had been begun before the turn ended."""

    ids_left: int | None = None
    """How many ids were still to be read when the turn ended."""


class SegmentDone(FromServer):
    """A stretch of an answer in one style is complete."""

    type: Literal["parley.segment"] = "parley.segment"
    item_id: str
    response_id: str | None = None
    index: int
    style: StyleWish
    text: str


EngineState = Literal["loading", "ready", "unloaded", "failed"]


class EngineStateChanged(FromServer):
    """How the model behind the engine is."""

    type: Literal["parley.engine"] = "parley.engine"
    state: EngineState
    bundle: str | None = None
    message: str | None = None
    """Why it failed, in one sentence."""


class Pong(FromServer):
    """The engine is there, and so long has its model been at one step."""

    type: Literal["parley.pong"] = "parley.pong"
    working_s: float
    """Seconds; 0 while it has nothing to do, or is being loaded. Steps are short: a model that stays at one for many seconds hangs."""

    heard_s: float = 0.0
    """Up to where the model has heard this session's sound: seconds on the clock of `audio_start_ms`. What is no speech is not heard."""


ServerEvent = Annotated[
    ErrorEvent
    | SessionCreated
    | SessionUpdated
    | InputAudioCommitted
    | InputAudioCleared
    | SpeechStarted
    | SpeechStopped
    | ItemAdded
    | ItemDone
    | ItemRetrieved
    | ItemTruncated
    | ItemDeleted
    | InputTranscribed
    | InputTranscriptionFailed
    | ResponseCreated
    | ResponseDone
    | OutputItemAdded
    | OutputItemDone
    | ContentPartAdded
    | ContentPartDone
    | OutputAudioDelta
    | OutputAudioDone
    | OutputTranscriptDelta
    | OutputTranscriptDone
    | OutputTextDelta
    | OutputTextDone
    | FunctionArgumentsDelta
    | FunctionArgumentsDone
    | StyleMeasured
    | Latency
    | SegmentDone
    | EngineStateChanged
    | Pong,
    Field(discriminator="type"),
]


class UnknownEvent(Wire):
    """An event that we don't use; other servers send some."""

    type: str
