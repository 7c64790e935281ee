"""What the messages are about: sessions, items of a conversation, responses. Names are the protocol's; `parley` holds what is ours."""

from typing import Annotated, Any, Literal

from pydantic import Field

from parley_models.realtime.wire import Wire

WIRE_RATE_HZ = 24_000
"""PCM16 mono, both ways."""

Modality = Literal["text", "audio"]


class StyleWish(Wire):
    """How to speak; the fields of `parley_models.style.Style`. None leaves a control to the model, or to the voice's own."""

    emotion: str | None = None
    intensity: Annotated[float | None, Field(ge=0, le=1)] = None
    rate: float | None = None
    pitch: float | None = None
    dialect: str | None = None
    voice: str | None = None
    manner: str | None = None


class PcmFormat(Wire):
    """The only format on the wire: PCM16, 24 kHz, mono."""

    type: Literal["audio/pcm"] = "audio/pcm"
    rate: Literal[24000] | None = 24000


class ServerVad(Wire):
    """The engine hears when a turn begins and ends."""

    type: Literal["server_vad"] = "server_vad"
    threshold: Annotated[float | None, Field(ge=0, le=1)] = None
    """Probability from which sound counts as speech."""

    prefix_padding_ms: Annotated[int | None, Field(ge=0, le=2_000)] = None
    """How much before the onset is heard too."""

    silence_duration_ms: Annotated[int | None, Field(ge=50, le=10_000)] = None
    """Silence that ends a turn where the model can't tell whether the question is whole; None = the engine's own."""

    create_response: bool | None = None
    interrupt_response: bool | None = None


class SemanticVad(Wire):
    """As `server_vad`, with an eagerness instead of milliseconds."""

    type: Literal["semantic_vad"] = "semantic_vad"
    eagerness: Literal["low", "medium", "high", "auto"] | None = None
    create_response: bool | None = None
    interrupt_response: bool | None = None


TurnDetection = Annotated[ServerVad | SemanticVad, Field(discriminator="type")]


class Transcription(Wire):
    """Wish for what was heard as text. It comes anyway where the model can tell; `model` is for other servers."""

    model: str | None = None
    language: str | None = None
    prompt: str | None = None


class AudioInput(Wire):
    """How sound comes in."""

    format: PcmFormat | None = None
    turn_detection: TurnDetection | None = None
    """None = manual turns: commit, then response.create."""

    transcription: Transcription | None = None


class AudioOutput(Wire):
    """How sound goes out."""

    format: PcmFormat | None = None
    voice: str | None = None
    speed: Annotated[float | None, Field(ge=0.25, le=4)] = None


class Audio(Wire):
    """Sound both ways."""

    input: AudioInput | None = None
    output: AudioOutput | None = None


class Tool(Wire):
    """Something that the model may ask the client to do."""

    type: Literal["function"] = "function"
    name: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_-]{0,63}$")]
    description: Annotated[str, Field(max_length=2_000)] = ""
    parameters: dict[str, Any] | None = None
    """JSON schema of an object."""


class LevelOffer(Wire):
    """One value of a discrete control."""

    name: str
    rate: float | None = None
    """How many times as fast it is spoken, where that is the voice's affair; None = as fast as ever."""


class ControlOffer(Wire):
    """A row of the bundle's control table."""

    name: str
    kind: Literal["discrete", "continuous"]
    levels: tuple[LevelOffer, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    default: str | float | None = None
    languages: tuple[str, ...] = ()


class BundleOffer(Wire):
    """What the model behind the engine is and can do."""

    name: str
    title: str
    version: str
    languages: tuple[str, ...] = ()
    voices: tuple[str, ...] = ()
    controls: tuple[ControlOffer, ...] = ()
    roles: tuple[str, ...] = ()
    """Which roles it can play, one word each (`pirate`), `*` = any; empty = none."""

    recites: tuple[str, ...] = ()
    """Which given words it can speak, `*` = any; empty = none."""

    recognizes: bool = False
    """Whether it writes down what it hears ("what I heard")."""


class ParleySession(Wire):
    """Ours in a session. `bundle` comes from the engine only."""

    style: StyleWish | None = None
    character: Annotated[str | None, Field(max_length=20_000)] = None
    """Who the assistant is to be (system text); None = what the bundle says."""

    voice: str | None = None
    seed: Annotated[int | None, Field(ge=0, le=2**63 - 1)] = None
    """The same for every answer from now on; None = another one each time."""

    bundle: BundleOffer | None = None


class Session(Wire):
    """Settings of a session; in an update, only what is to change."""

    type: Literal["realtime"] = "realtime"
    object: Literal["realtime.session"] | None = None
    """Set by the server; some servers refuse it in an update."""

    id: str | None = None
    model: str | None = None
    instructions: Annotated[str | None, Field(max_length=20_000)] = None
    output_modalities: tuple[Modality, ...] | None = None
    max_output_tokens: Annotated[int, Field(ge=1)] | Literal["inf"] | None = None
    audio: Audio | None = None
    tools: Annotated[tuple[Tool, ...], Field(max_length=64)] | None = None
    tool_choice: Any = None
    parley: ParleySession | None = None


class ItemMemory(Wire):
    """What a turn is remembered by: enough to say it again exactly. Give it back with `conversation.item.create` to go on talking."""

    tokens: Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(max_length=200_000)] = ()
    text: str = ""
    style: StyleWish | None = None
    seed: int | None = None


class Content(Wire):
    """A part of a message."""

    type: Literal["input_text", "input_audio", "output_text", "output_audio", "text", "audio"]
    text: str | None = None
    audio: str | None = None
    """Base64 of PCM16, 24 kHz."""

    transcript: str | None = None


ItemStatus = Literal["completed", "incomplete", "in_progress"]


class Item(Wire):
    """A piece of a conversation: a message, a call of a tool, or what the tool gave back."""

    type: Literal["message", "function_call", "function_call_output"] = "message"
    object: Literal["realtime.item"] = "realtime.item"
    id: Annotated[str | None, Field(max_length=64)] = None
    status: ItemStatus | None = None
    role: Literal["user", "assistant", "system"] | None = None
    content: tuple[Content, ...] | None = None
    name: str | None = None
    call_id: str | None = None
    arguments: str | None = None
    """JSON of an object."""

    output: str | None = None
    parley: ItemMemory | None = None


class SayAgain(Wire):
    """Say an assistant's item again, word for word: the same sound, or the same words in another style."""

    item_id: str
    style: StyleWish | None = None
    """None = as it was said."""

    from_ms: Annotated[int, Field(ge=0)] = 0
    """Only what comes after; "continue" gives the `audio_end_ms` of the truncation."""


class ParleyResponse(Wire):
    """Ours in a response."""

    style: StyleWish | None = None
    seed: Annotated[int | None, Field(ge=0, le=2**63 - 1)] = None
    say_again: SayAgain | None = None
    """Nothing is thought anew and nothing is added to the conversation."""


class ResponseWish(Wire):
    """What `response.create` may change for one answer."""

    conversation: Literal["auto", "none"] | None = None
    instructions: Annotated[str | None, Field(max_length=20_000)] = None
    input: tuple[Item, ...] | None = None
    """Instead of the conversation so far."""

    output_modalities: tuple[Modality, ...] | None = None
    max_output_tokens: Annotated[int, Field(ge=1)] | Literal["inf"] | None = None
    metadata: dict[str, str] | None = None
    parley: ParleyResponse | None = None


class TokenDetails(Wire):
    """Tokens by kind."""

    text_tokens: int = 0
    audio_tokens: int = 0


class Usage(Wire):
    """How many ids went in and came out."""

    total_tokens: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    output_token_details: TokenDetails | None = None


class ErrorBody(Wire):
    """What went wrong, in one sentence fit to show."""

    type: str
    """`invalid_request_error` or `server_error`."""

    message: str
    code: str | None = None
    param: str | None = None
    event_id: str | None = None
    """Of the client's event that caused it."""


class StatusDetails(Wire):
    """Why a response ended as it did."""

    type: Literal["completed", "cancelled", "incomplete", "failed"]
    reason: Literal["turn_detected", "client_cancelled", "max_output_tokens"] | None = None
    error: ErrorBody | None = None


ResponseStatus = Literal["in_progress", "completed", "cancelled", "incomplete", "failed"]


class Response(Wire):
    """An answer."""

    object: Literal["realtime.response"] = "realtime.response"
    id: str
    status: ResponseStatus
    status_details: StatusDetails | None = None
    output: tuple[Item, ...] = ()
    output_modalities: tuple[Modality, ...] | None = None
    conversation_id: str | None = None
    metadata: dict[str, str] | None = None
    usage: Usage | None = None
