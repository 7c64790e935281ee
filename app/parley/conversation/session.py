"""What an engine has to be told before a conversation can go on with it. Our extras go only to engines that know them."""

from collections.abc import Iterable
from dataclasses import asdict

from parley.conversation.character import Character, playable
from parley.conversation.history import Kept
from parley.conversation.offer import Offer
from parley_models.realtime.events import (
    Audio,
    AudioInput,
    AudioOutput,
    Content,
    Item,
    ItemCreate,
    ItemMemory,
    ParleyResponse,
    ParleySession,
    ResponseCreate,
    ResponseWish,
    SayAgain,
    ServerVad,
    Session,
    SessionUpdate,
    StyleWish,
    Tool,
    Transcription,
)
from parley_models.style import Style

REMEMBERED_TURNS = 100
"""So many turns an engine is reminded of; its context ends long before."""

_SPEED = (0.25, 1.5)
"""What other servers take as `speed`."""


def style_wish(style: Style) -> StyleWish:
    """A style on the wire."""
    return StyleWish(**asdict(style))


def style_of(wish: StyleWish) -> Style:
    """A style from the wire."""
    said = wish.model_dump(exclude_none=True)
    return Style(**said)


def hearing(open_microphone: bool, threshold: float, silence_ms: int) -> SessionUpdate:
    """Who finds out when the user's turn is over: the engine, or the button."""
    vad = ServerVad(threshold=threshold, silence_duration_ms=silence_ms, create_response=True, interrupt_response=True)
    return SessionUpdate(session=Session(audio=Audio(input=AudioInput(turn_detection=vad if open_microphone else None))))


def manner(offer: Offer, style: Style, character: Character | None) -> SessionUpdate:
    """Who answers, and how it sounds. Who can't be played is not told of: half a pirate is none."""
    spoken = playable(style, offer)
    role = character.role(offer) if character and not character.unplayable(offer) else None
    if offer.is_parley:
        return SessionUpdate(session=Session(parley=ParleySession(style=style_wish(spoken), character=role, voice=spoken.voice)))
    low, high = _SPEED
    speed = min(high, max(low, style.rate))
    output = AudioOutput(voice=style.voice, speed=speed) if style.voice else AudioOutput(speed=speed)
    return SessionUpdate(session=Session(instructions=role or "", audio=Audio(output=output)))


def opening(offer: Offer, tools: Iterable[Tool]) -> SessionUpdate:
    """What stays the same for the whole session."""
    session = Session(tools=tuple(tools))
    if not offer.is_parley:  # ours writes down what it hears without being asked
        session = Session(tools=tuple(tools), audio=Audio(input=AudioInput(transcription=Transcription(model="gpt-4o-mini-transcribe"))))
    return SessionUpdate(session=session)


def reminders(kept: Iterable[Kept], offer: Offer) -> list[ItemCreate]:
    """What was said before, turn by turn; a spoken question that nobody understood leaves no item."""
    items = [remembered(each, offer) for each in list(kept)[-REMEMBERED_TURNS:]]
    return [ItemCreate(item=item) for item in items if item is not None]


def remembered(kept: Kept, offer: Offer) -> Item | None:
    """One turn as an item; with its tokens, where the engine knows what to do with them."""
    turn, memory = kept.turn, kept.memory if offer.is_parley else None
    if not turn.said and not (memory and memory.tokens):
        return None
    name = item_name(turn.number)
    if turn.side == "human":
        if turn.corrected:  # its tokens say what the user did not mean
            memory = None
        return message(name, "user", turn.said, memory)
    if turn.interrupted and memory is not None and memory.text.strip() != turn.text.strip():
        memory = None  # its tokens hold what nobody heard
    return message(name, "assistant", turn.text, memory)


def message(name: str, role: str, text: str, memory: ItemMemory | None = None) -> Item:
    """A text message."""
    if role == "user":
        item = Item(id=name, role="user", content=(Content(type="input_text", text=text),))
    else:
        item = Item(id=name, role="assistant", content=(Content(type="output_text", text=text),))
    return item if memory is None else item.model_copy(update={"parley": memory})


def spoken_message(name: str, sound: str, text: str = "") -> Item:
    """A message of sound (base64 of PCM16), and of text typed beside it."""
    typed = (Content(type="input_text", text=text),) if text else ()
    return Item(id=name, role="user", content=(*typed, Content(type="input_audio", audio=sound)))


def say(offer: Offer, name: str, text: str, style: Style | None, turn: int, from_ms: int = 0) -> ResponseCreate:
    """Ask for an item to be said (again); a server that can't is asked to read its text."""
    metadata = {"turn": str(turn)}
    if offer.is_parley:
        wish = SayAgain(item_id=name, style=style_wish(playable(style, offer)) if style else None, from_ms=from_ms)
        return ResponseCreate(response=ResponseWish(metadata=metadata, parley=ParleyResponse(say_again=wish)))
    order = f"Say exactly the following and nothing else:\n{text}"
    return ResponseCreate(response=ResponseWish(conversation="none", input=(), instructions=order, metadata=metadata))


def item_name(turn: int) -> str:
    """What a turn of ours is called on the wire, where we give the name."""
    return f"turn-{turn}"
