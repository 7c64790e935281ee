"""One answer on its way to the client: what the model says becomes the protocol's events, in the protocol's order."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import soxr

from parley_models.answer import AnswerEvent, CallPiece, SoundPiece, TextPiece, joined
from parley_models.calls import ToolCall
from parley_models.pcm import AudioChunk, Samples
from parley_models.realtime.events import text_of_pcm
from parley_models.realtime.ledger import Ledger, StoredItem, new_id
from parley_models.realtime.objects import WIRE_RATE_HZ, ErrorBody, Response, ResponseStatus, StatusDetails, StyleWish, TokenDetails, Usage
from parley_models.realtime.server_events import (
    ContentPart,
    ContentPartAdded,
    ContentPartDone,
    FromServer,
    FunctionArgumentsDelta,
    FunctionArgumentsDone,
    ItemAdded,
    ItemDone,
    Latency,
    OutputAudioDelta,
    OutputAudioDone,
    OutputItemAdded,
    OutputItemDone,
    OutputTextDelta,
    OutputTextDone,
    OutputTranscriptDelta,
    OutputTranscriptDone,
    ResponseCreated,
    ResponseDone,
    SegmentDone,
)
from parley_models.realtime.thinker import End, Opening, Ticket
from parley_models.style import Style

Reason = Literal["turn_detected", "client_cancelled", "max_output_tokens"]


@dataclass(slots=True)
class Responding:
    """One response, on the session's loop. Once it is over it refuses whatever is still coming."""

    send: Callable[[FromServer], None]
    item: StoredItem
    """The answer's message; it joins the conversation with its first piece."""

    ledger: Ledger | None
    """None = outside the conversation."""

    conversation_id: str
    style: Style
    silent: bool = False
    metadata: dict[str, str] | None = None
    endpoint_ms: float | None = None
    id: str = field(default_factory=lambda: new_id("resp"))
    ticket: Ticket = field(default_factory=Ticket)
    over: bool = False
    sounds: list[AudioChunk] = field(default_factory=list)
    outputs: list[StoredItem] = field(default_factory=list)
    """The message and the calls, in the order in which they began: that is their `output_index`."""

    _begun: bool = False
    _place: int = 0
    """The message's among the outputs."""

    _texts: list[str] = field(default_factory=lambda: [""])
    _segment_style: Style = Style()
    _wire: "WireSound | None" = None

    def begin(self) -> None:
        """Say that an answer begins. Its message has its place from now on, though it is announced with its first piece."""
        self.item.status = "in_progress"
        if self.ledger is not None:
            self.ledger.add(self.item)
        self.send(ResponseCreated(response=self._response("in_progress")))

    @property
    def seconds_sent(self) -> float:
        """How much sound went out."""
        return sum(sound.seconds for sound in self.sounds)

    def piece(self, event: AnswerEvent, opening: Opening | None) -> None:
        """A piece of the answer came."""
        if self.over:
            return
        match event:
            case TextPiece(text=text, segment=segment, style=style):
                self._say(text, segment, style)
            case SoundPiece(sound=sound):
                self._sound(sound, opening)
            case CallPiece(call=call):
                self._call(call)

    def end(self, status: ResponseStatus, *, reason: Reason | None = None, error: ErrorBody | None = None, end: End | None = None) -> None:
        """Close whatever is open. Only the first end counts."""
        if self.over:
            return
        self.over = True
        if self._begun:
            self.item.status = "completed" if status == "completed" else "incomplete"
            self.item.text = self.item.text or self._transcript
            self._end_message()
        elif not self.outputs and self.ledger is not None and self.item.id in self.ledger:
            self.ledger.remove(self.item.id)
        details: dict[str, object] = {"type": status}
        details |= {} if reason is None else {"reason": reason}
        details |= {} if error is None else {"error": error}
        usage = None
        if end is not None and end.answered is not None:
            counts = end.answered.counts
            spoken = counts.linguistic + counts.semantic
            usage = Usage(
                total_tokens=counts.heard + counts.text + spoken,
                input_tokens=counts.heard,
                output_tokens=counts.text + spoken,
                output_token_details=TokenDetails(text_tokens=counts.text, audio_tokens=spoken),
            )
        self.send(ResponseDone(response=self._response(status, StatusDetails.model_validate(details), usage)))

    def kept(self) -> None:
        """The message is as it will be remembered."""
        if self._begun:
            self.send(ItemDone(item=self.item.wire(memory=True), previous_item_id=self._before()))

    @property
    def _transcript(self) -> str:
        return " ".join(text.strip() for text in self._texts if text.strip())

    def _response(self, status: ResponseStatus, details: StatusDetails | None = None, usage: Usage | None = None) -> Response:
        known: dict[str, object] = {"status_details": details, "usage": usage, "metadata": self.metadata}
        return Response(
            id=self.id,
            status=status,
            output=tuple(item.wire() for item in self.outputs),
            output_modalities=("text",) if self.silent else ("audio",),
            conversation_id=None if self.ledger is None else self.conversation_id,
        ).model_copy(update={name: value for name, value in known.items() if value is not None})

    def _begin_message(self) -> None:
        if self._begun:
            return
        self._begun, self._place = True, len(self.outputs)
        self.outputs.append(self.item)
        self.send(OutputItemAdded(response_id=self.id, output_index=self._place, item=self.item.wire()))
        if self.ledger is not None:
            self.send(ItemAdded(item=self.item.wire(), previous_item_id=self._before()))
        part = ContentPart(type="text", text="") if self.silent else ContentPart(type="audio", transcript="")
        self.send(ContentPartAdded(part=part, **self._part_of))

    def _end_message(self) -> None:
        text, about = self._transcript, self._part_of
        self._end_segment()
        if self.silent:
            self.send(OutputTextDone(text=text, **about))
            part = ContentPart(type="text", text=text)
        else:
            self._send_sound(self._wire.finish() if self._wire is not None else np.zeros(0, np.float32))
            self.send(OutputAudioDone(**about))
            self.send(OutputTranscriptDone(transcript=text, **about))
            part = ContentPart(type="audio", transcript=text)
        self.send(ContentPartDone(part=part, **about))
        self.send(OutputItemDone(response_id=self.id, output_index=self._place, item=self.item.wire()))

    @property
    def _part_of(self) -> dict[str, Any]:
        """Which part of the answer an event about its message means."""
        return {"response_id": self.id, "output_index": self._place, "item_id": self.item.id}

    def _say(self, text: str, segment: int, style: Style) -> None:
        self._begin_message()
        while len(self._texts) <= segment:
            self._end_segment()
            self._texts.append("")
        first = not self._texts[segment]
        self._texts[segment] += text
        self._segment_style = style
        if self.silent:
            self.send(OutputTextDelta(delta=text, **self._part_of))
        else:
            about = self._part_of | ({"style": StyleWish.model_validate(style.asked())} if first else {})
            self.send(OutputTranscriptDelta(delta=text, segment=segment, **about))

    def _end_segment(self) -> None:
        text, index = self._texts[-1].strip(), len(self._texts) - 1
        if text:
            style = StyleWish.model_validate(self._segment_style.asked())
            self.send(SegmentDone(item_id=self.item.id, response_id=self.id, index=index, style=style, text=text))

    def _sound(self, sound: AudioChunk, opening: Opening | None) -> None:
        self._begin_message()
        self.sounds.append(sound)
        if self._wire is None:
            self._wire = WireSound(sound.rate_hz)
        self._send_sound(self._wire.feed(sound.samples))
        if opening is not None:
            self.send(
                Latency(
                    item_id=self.item.id,
                    response_id=self.id,
                    endpoint_ms=self.endpoint_ms,
                    heard_ms=round(opening.heard_ms, 1),
                    thought_ms=round(opening.thought_ms, 1),
                    first_audio_ms=round(opening.first_audio_ms, 1),
                    thought_ahead=opening.thought_ahead,
                    ids_left=opening.ids_left,
                )
            )

    def _send_sound(self, samples: Samples) -> None:
        if len(samples):
            pcm = (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()
            self.send(OutputAudioDelta(delta=text_of_pcm(pcm), **self._part_of))

    def _call(self, call: ToolCall) -> None:
        arguments = json.dumps(dict(call.arguments), ensure_ascii=False)
        item = StoredItem(new_id("item"), "function_call", name=call.name, call_id=new_id("call"), arguments=arguments)
        place = len(self.outputs)
        self.outputs.append(item)
        before = None if self.ledger is None else self.ledger.add(item)
        self.send(OutputItemAdded(response_id=self.id, output_index=place, item=item.wire()))
        if self.ledger is not None:
            self.send(ItemAdded(item=item.wire(), previous_item_id=before))
        about = FunctionArgumentsDelta(response_id=self.id, output_index=place, item_id=item.id, call_id=item.call_id, delta=arguments)
        self.send(about)
        self.send(
            FunctionArgumentsDone(
                response_id=self.id, output_index=place, item_id=item.id, call_id=item.call_id, name=call.name, arguments=arguments
            )
        )
        self.send(OutputItemDone(response_id=self.id, output_index=place, item=item.wire()))
        if self.ledger is not None:
            self.send(ItemDone(item=item.wire(), previous_item_id=before))

    def _before(self) -> str | None:
        return None if self.ledger is None or self.item.id not in self.ledger else self.ledger.before(self.item)

    @property
    def sound(self) -> AudioChunk | None:
        """All of the answer's sound, as it was made; None if there was none."""
        return joined(self.sounds, self.sounds[0].rate_hz) if self.sounds else None


class WireSound:
    """A voice's sound at the wire's rate."""

    def __init__(self, rate_hz: int) -> None:
        self._resampler = None if rate_hz == WIRE_RATE_HZ else soxr.ResampleStream(rate_hz, WIRE_RATE_HZ, 1, dtype="float32")

    def feed(self, samples: Samples) -> Samples:
        """What of it is ready."""
        return samples if self._resampler is None else np.asarray(self._resampler.resample_chunk(samples), np.float32)

    def finish(self) -> Samples:
        """The rest."""
        nothing: Samples = np.zeros(0, np.float32)
        return nothing if self._resampler is None else np.asarray(self._resampler.resample_chunk(nothing, last=True), np.float32)
