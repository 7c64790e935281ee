"""A client's session with the scripted Realtime server. It keeps the protocol's promises: items, turns, cancelling, truncating, tools."""

import array
import asyncio
import base64
import contextlib
import json
import threading
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.server import ServerConnection

from tests.fakes.realtime_script import RATE_HZ, Json, Reply, Script, said, tone

LOUD = 1_000
"""Of 32,768: what counts as speech."""


@dataclass
class Session:
    """One connection."""

    socket: ServerConnection
    script: Script
    items: list[Json] = field(default_factory=list)
    received: list[Json] = field(default_factory=list)
    settings: Json = field(default_factory=dict)
    buffer: bytearray = field(default_factory=bytearray)
    clock_ms: float = 0.0
    loud_ms: float = 0.0
    quiet_ms: float = 0.0
    speaking: str = ""
    numbers: int = 0
    answer: asyncio.Task[None] | None = None
    writing: asyncio.Task[None] | None = None
    """What was heard is written down when the answer is over, and its style is measured then; the next one may be wanted meanwhile."""

    response: Json = field(default_factory=dict)

    async def say(self, kind: str, **rest: Any) -> None:  # noqa: ANN401
        self.numbers += 1
        await self.socket.send(json.dumps({"type": kind, "event_id": f"event_{self.numbers}", **rest}))

    async def run(self) -> None:
        bundle: Json = {"name": "scripted", "title": "Scripted", "version": "1", "languages": ["en"], "voices": ["slt", "rms"]}
        bundle |= {"roles": self.script.roles, "recites": self.script.recites, "recognizes": self.script.recognizes}
        sad: Json = {"name": "emotion", "kind": "discrete", "levels": [{"name": "sad", "rate": 0.5}, {"name": "calm"}]}
        bundle["controls"] = [{"name": "rate", "kind": "continuous", "minimum": 0.5, "maximum": 2.0}, sad]
        ours = {"parley": {"bundle": bundle}} if self.script.is_parley else {}
        await self.is_set(self.script.opens)
        await self.say("session.created", session={"type": "realtime", "model": "scripted", **ours})
        if self.script.is_parley:
            await self.say("parley.engine", state="unloaded" if self.script.wakes else "ready", bundle="scripted")
        try:
            async for message in self.socket:
                event = json.loads(message)
                self.received.append(event)
                await self.take(event)
        finally:
            await self.cancel()
            if self.writing is not None:
                self.writing.cancel()

    async def is_set(self, event: threading.Event | None) -> None:
        """Wait for what the test does, or for the client to go."""
        while event is not None and not event.is_set() and self.socket.close_code is None:
            await asyncio.sleep(0.005)

    async def take(self, event: Json) -> None:
        does = getattr(self, "on_" + event["type"].replace(".", "_"), None)
        if does is None:
            await self.refuse(event, f"There is no event {event['type']}.")
        else:
            await does(event)

    async def on_session_update(self, event: Json) -> None:
        _merge(self.settings, event["session"])
        await self.say("session.updated", session=self.settings)

    async def on_parley_ping(self, _event: Json) -> None:
        await self.say("parley.pong", working_s=0.0)

    async def on_input_audio_buffer_append(self, event: Json) -> None:
        await self.hear(base64.b64decode(event["audio"]))

    async def on_input_audio_buffer_clear(self, _event: Json) -> None:
        self.forget_sound()
        await self.say("input_audio_buffer.cleared")

    async def on_input_audio_buffer_commit(self, event: Json) -> None:
        if len(self.buffer) < RATE_HZ * 2 // 10:
            await self.refuse(event, "The buffer holds less than 100 ms of sound.")
        else:
            await self.commit(self.name("item"))

    async def on_response_create(self, event: Json) -> None:
        if self.answer is not None and not self.answer.done():
            await self.refuse(event, "There is a response already.")
        else:
            self.begin(event.get("response") or {})

    async def on_response_cancel(self, event: Json) -> None:
        if event.get("response_id") not in {None, self.response.get("id")} or not await self.cancel():
            await self.refuse(event, "There is nothing to cancel.")

    # Sound

    @property
    def detects(self) -> bool:
        return bool(self.settings.get("audio", {}).get("input", {}).get("turn_detection"))

    async def hear(self, pcm: bytes) -> None:
        self.buffer += pcm
        ms = len(pcm) / RATE_HZ / 2 * 1000
        self.clock_ms += ms
        if not self.detects:
            return
        loud = max(map(abs, array.array("h", pcm)), default=0) >= LOUD
        self.loud_ms = self.loud_ms + ms if loud else 0.0
        self.quiet_ms = 0.0 if loud else self.quiet_ms + ms
        if not self.speaking and self.loud_ms >= self.script.speech_s * 1000:
            self.speaking = self.name("item")
            await self.say("input_audio_buffer.speech_started", item_id=self.speaking, audio_start_ms=int(self.clock_ms - self.loud_ms))
            if self.settings["audio"]["input"]["turn_detection"].get("interrupt_response", True) and not self.script.swallow:
                await self.cancel("turn_detected")
        elif self.speaking and self.quiet_ms >= self.script.silence_s * 1000:
            item, self.speaking = self.speaking, ""
            await self.say("input_audio_buffer.speech_stopped", item_id=item, audio_end_ms=int(self.clock_ms - self.quiet_ms))
            if not self.script.swallow:
                await self.commit(item)
                await self.cancel("turn_detected")
                self.begin({})

    def forget_sound(self) -> None:
        self.buffer.clear()
        self.loud_ms = self.quiet_ms = 0.0
        self.speaking = ""

    async def commit(self, name: str) -> None:
        sound = base64.b64encode(bytes(self.buffer)).decode()
        self.forget_sound()
        await self.is_set(self.script.commits)
        await self.say("input_audio_buffer.committed", item_id=name)
        await self.add({"id": name, "type": "message", "role": "user", "content": [{"type": "input_audio", "audio": sound}]}, silent=True)

    # Items

    async def add(self, item: Json, previous: str | None = None, *, silent: bool = False) -> None:
        at = len(self.items)
        if previous is not None:
            at = 0 if previous == "root" else 1 + next(place for place, each in enumerate(self.items) if each["id"] == previous)
        self.items.insert(at, item)
        memory = {"parley": {"tokens": [1, 2, 3], "text": said(item), "seed": 7}} if self.script.is_parley else {}
        shown = {**item, "content": [] if silent else item.get("content"), **memory}
        await self.say("conversation.item.added", item=shown)
        await self.say("conversation.item.done", item=shown)

    async def on_conversation_item_create(self, event: Json) -> None:
        item = {"id": self.name("item"), **event["item"]}
        if not self.script.is_parley and "parley" in item:
            await self.refuse(event, "Unknown parameter: item.parley.")
        elif item["id"] in {each["id"] for each in self.items}:
            await self.refuse(event, f"There is an item {item['id']} already.")
        else:
            await self.add(item, event.get("previous_item_id"))

    async def on_conversation_item_delete(self, event: Json) -> None:
        left = [item for item in self.items if item["id"] != event["item_id"]]
        if len(left) == len(self.items):
            await self.refuse(event, "There is no such item.")
        else:
            self.items = left
            await self.say("conversation.item.deleted", item_id=event["item_id"])

    async def on_conversation_item_truncate(self, event: Json) -> None:
        item = next((each for each in self.items if each["id"] == event["item_id"]), None)
        if item is None:
            await self.refuse(event, "There is no such item.")
            return
        words = said(item).split(" ")
        heard = " ".join(words[: event["audio_end_ms"] * len(words) // 1000])
        item["whole"] = item.get("whole") or said(item)
        item["content"] = [{"type": "output_audio", "transcript": heard}]
        ours = {"parley": {"text": heard, "tokens": [1]}} if self.script.is_parley else {}
        await self.say("conversation.item.truncated", item_id=item["id"], content_index=0, audio_end_ms=event["audio_end_ms"], **ours)

    # Answers

    def begin(self, wish: Json) -> None:
        self.response = {}  # what is told to cancel the one of before does not mean this one, which has no name yet
        again = (wish.get("parley") or {}).get("say_again")
        item = next(each for each in self.items if each["id"] == again["item_id"]) if again else {}  # it may be deleted before it is heard
        self.answer = asyncio.create_task(self.respond(wish, item))

    async def respond(self, wish: Json, again: Json) -> None:
        if again:
            item = again
            reply = Reply(item.get("whole") or said(item))  # also where only its end is wanted: that is about sound
        else:
            reply = self.script.reply(self.items)
        old: Json = {"id": self.name("old"), "status": "in_progress", "output": [], "metadata": self.script.late}
        if self.script.late is not None:
            await self.say("response.created", response=old)
        self.response = {"id": self.name("resp"), "status": "in_progress", "output": [], "metadata": wish.get("metadata")}
        await self.say("response.created", response=self.response)
        if self.script.wakes is not None and not self.script.wakes.is_set():
            await self.say("parley.engine", state="loading", bundle="scripted")
            await self.is_set(self.script.wakes)
            await self.say("parley.engine", state="ready", bundle="scripted")
        if self.script.late is not None:
            await self.end_late(old)
        place = {"response_id": self.response["id"], "output_index": 0}
        name = ""
        if reply.text and not reply.fails:
            name = self.name("item")
            item = {"id": name, "type": "message", "role": "assistant", "content": []}
            await self.say("response.output_item.added", item=item, **place)
            self.response["output"].append(item)
            if not again:
                item["content"] = [{"type": "output_audio", "transcript": reply.text}]
                self.items.append(item)
            await self.speak(reply, {**place, "item_id": name, "content_index": 0})
            ours = {"parley": {"tokens": [4, 5], "text": reply.text, "seed": 9}} if self.script.is_parley else {}
            await self.say("response.output_item.done", item={**item, **ours}, **place)
            if not again:
                await self.say("conversation.item.done", item={**item, **ours})
        for number, (tool, arguments) in enumerate(reply.calls):
            call = {
                "id": self.name("item"),
                "type": "function_call",
                "name": tool,
                "call_id": self.name("call"),
                "arguments": json.dumps(arguments),
            }
            where = {"response_id": self.response["id"], "output_index": number + 1}
            await self.say("response.output_item.added", item=call, **where)
            rest = {"item_id": call["id"], "call_id": call["call_id"], "name": tool, "arguments": call["arguments"]}
            await self.say("response.function_call_arguments.done", **rest, **where)
            self.items.append(call)
            self.response["output"].append(call)
        await self.is_set(self.script.finishes)
        status = "failed" if reply.fails else "completed"
        details = {"type": "failed", "error": {"type": "server_error", "message": reply.fails}} if reply.fails else None
        await self.over(status, details)
        if self.script.is_parley:
            self.writing = asyncio.create_task(self.reflect("" if again else name))

    async def end_late(self, old: Json) -> None:
        """What was said before it was known that nobody wants it."""
        place: Json = {"response_id": old["id"], "output_index": 0, "item_id": self.name("item"), "content_index": 0}
        stale: Json = {"id": place["item_id"], "type": "message", "role": "assistant"}
        stale["content"] = [{"type": "output_audio", "transcript": "stale"}]
        self.items.append(stale)
        await self.say("response.output_item.added", item={**stale, "content": []}, response_id=old["id"], output_index=0)
        await self.say("response.output_audio_transcript.delta", delta="stale", **place)
        await self.say("response.output_audio.delta", delta=tone(0.5, 0), **place)
        await self.say("response.done", response={**old, "status": "cancelled", "output": [stale]})

    async def speak(self, reply: Reply, place: Json) -> None:
        pieces = max(1, round(reply.sound_s * 10))
        words = reply.text.split(" ")
        for number in range(pieces):
            if self.script.pieces is not None:
                while not self.script.pieces.acquire(blocking=False):
                    await asyncio.sleep(0.005)
            for place_, word in enumerate(words):
                if place_ * pieces // len(words) == number:
                    ours = {"style": reply.style} if reply.style and not place_ else {}
                    delta = word if not place_ else f" {word}"
                    await self.say("response.output_audio_transcript.delta", delta=delta, **ours, **place)
            await self.say("response.output_audio.delta", delta=tone(0.1, number), **place)
            if not number and self.script.is_parley:
                figures = {"heard_ms": 20.0, "thought_ms": 60.0, "first_audio_ms": 90.0}
                await self.say("parley.latency", item_id=place["item_id"], response_id=place["response_id"], **figures)
        if self.script.is_parley:
            ours = {"item_id": place["item_id"], "response_id": place["response_id"]}
            await self.say("parley.segment", index=0, style={"rate": 1.0}, text=reply.text, **ours)
        await self.say("response.output_audio.done", **place)

    async def cancel(self, reason: str = "client_cancelled") -> bool:
        task, self.answer = self.answer, None
        if task is None or task.done():
            return False
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        with contextlib.suppress(Exception):
            if self.response:
                await self.over("cancelled", {"type": "cancelled", "reason": reason})
        return True

    async def over(self, status: str, details: Json | None) -> None:
        await self.say("response.done", response={**self.response, "status": status, "status_details": details})

    async def reflect(self, answer: str) -> None:
        """After a response; `answer` is the item that it made."""
        await self.is_set(self.script.reflects)
        if self.script.recognizes:
            await self.transcribe()
        if answer:
            await self.say("parley.style.measured", item_id=answer, asked={"rate": 1.0}, achieved={"rate": 1.02})

    async def transcribe(self) -> None:
        for item in self.items:
            if item.get("role") == "user":
                for part in item["content"]:
                    if not part.get("transcript"):  # typed words too, as our engine does
                        part["transcript"] = f"heard {said(item)}" if part["type"] == "input_audio" else part["text"]
                        name = "conversation.item.input_audio_transcription.completed"
                        await self.say(name, item_id=item["id"], content_index=0, transcript=part["transcript"])

    async def refuse(self, event: Json, message: str) -> None:
        await self.say("error", error={"type": "invalid_request_error", "message": message, "event_id": event.get("event_id")})

    def name(self, kind: str) -> str:
        self.numbers += 1
        return f"{kind}_{self.numbers}"


def _merge(settings: Json, change: Json) -> None:
    for key, value in change.items():
        if isinstance(value, dict) and isinstance(settings.get(key), dict):
            _merge(settings[key], value)
        else:
            settings[key] = value
