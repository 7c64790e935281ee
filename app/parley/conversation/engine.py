"""Keeps an engine at hand: starts it, notices within a second when it dies or hangs, says so, and starts another.

It knows nothing of conversations: each time an engine is there, its owner is told and sets the session up anew.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from parley.conversation.child import Child, Command, EngineHopeless, clear_leftovers, serve_command
from parley.conversation.client import Client, EngineRefused
from parley.conversation.events import EngineChanged, EngineState
from parley.conversation.offer import BuiltIn, EngineChoice, Offer, Remote
from parley_models.errors import EngineError, UsageError
from parley_models.prosody import Prosody
from parley_models.realtime.events import (
    BundleOffer,
    EngineStateChanged,
    FromClient,
    LevelOffer,
    Ping,
    Pong,
    ServerEvent,
    SessionCreated,
    SessionUpdated,
)
from parley_models.style import Control, ControlTable, Level

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for what, in seconds."""

    start_s: float = 60.0
    """Until a child says where it listens: Python and its libraries have to be read from a slow disk."""

    connect_s: float = 10.0
    sign_every_s: float = 0.4
    sign_s: float = 0.55
    """A sign of life that is later than this makes the engine STUCK: with `sign_every_s` under a second altogether."""

    step_s: float = 15.0
    """A step of the model that takes longer makes the engine STUCK too, although it answers; the longest honest one takes some seconds."""

    remote_sign_every_s: float = 5.0
    remote_sign_s: float = 10.0
    stuck_s: float = 10.0
    """After so long without a sign it is taken for dead."""

    longest_pause_s: float = 10.0
    """Between two attempts; the first is at once, and each pause is twice the one before."""


class EngineOwner(Protocol):
    """Who is told about the engine, on the loop's thread."""

    def engine_changed(self, news: EngineChanged) -> None:
        """Its state, for the window."""

    def engine_there(self, offer: Offer) -> None:
        """A new session that knows nothing yet: `send` sets it up."""

    def engine_said(self, event: ServerEvent) -> None:
        """What the server says."""

    def engine_gone(self) -> None:
        """The session is lost; what is sent now goes nowhere. Not told of a connection that ended before it had a session."""


class Engine:
    """The engine that answers now. All methods on the loop's thread."""

    def __init__(
        self,
        choice: EngineChoice,
        owner: EngineOwner,
        state: Path,
        command: Command = serve_command,
        patience: Patience = Patience(),
    ) -> None:
        self._choice = choice
        self._owner = owner
        self._state = state
        self._command = command
        self._patience = patience
        self._client: Client | None = None
        """Set once its session is open: `engine_there` sends everything that was said before, so it must not have come already."""

        self._offer: Offer | None = None
        self._stuck: asyncio.Event = asyncio.Event()
        self._missing: set[str] = set()
        """Which signs of life are overdue."""

        self._told: EngineState | None = None
        self._again = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.child_pid: int | None = None
        """Of the engine process, while there is one of ours."""

    def start(self) -> None:
        """Begin to keep an engine at hand."""
        clear_leftovers(self._state)
        self._task = asyncio.create_task(self._keep(), name="engine")

    async def close(self) -> None:
        """Stop it and wait until it is gone."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
            self._tell(EngineState.STOPPED)

    def retry(self) -> None:
        """Don't wait any longer before the next attempt; an engine that is there and well stays."""
        if self._told in {EngineState.DIED, EngineState.FAILED, EngineState.STUCK}:
            self._again.set()

    def send(self, event: FromClient) -> None:
        """Tell the engine something; nothing happens while there is none, or its session is not open yet."""
        if self._client is not None:
            self._client.send(event)

    async def _keep(self) -> None:
        failures = 0
        while True:
            self._tell(EngineState.STARTING)
            try:
                async with self._reach() as client:
                    await self._talk(client)
                trouble = EngineError("The engine is gone.")
            except EngineError as error:
                trouble = error
            except UsageError as error:
                trouble = EngineHopeless(str(error))
            failures = 1 if self._told in {EngineState.READY, EngineState.STUCK, EngineState.ASLEEP} else failures + 1
            _log.warning("engine: %s", trouble)
            self._again.clear()
            if isinstance(trouble, EngineHopeless | EngineRefused):
                self._tell(EngineState.FAILED, str(trouble))
                await self._again.wait()
                continue
            self._tell(EngineState.DIED, f"{trouble} A new one is being started." if self._is_ours else f"{trouble} Trying again.")
            pause_s = min(self._patience.longest_pause_s, 0.5 * 2 ** (failures - 2)) if failures > 1 else 0.0
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._again.wait(), pause_s)

    @property
    def _is_ours(self) -> bool:
        return isinstance(self._choice, BuiltIn)

    @contextlib.asynccontextmanager
    async def _reach(self) -> AsyncIterator[Client]:
        """A connection to an engine, which is started for it if it is ours."""
        if isinstance(self._choice, Remote):
            client = await Client.connect(self._choice.url, self._choice.key, patience_s=self._patience.connect_s)
            try:
                yield client
            finally:
                await client.close()
            return
        child = Child(self._choice, self._state, self._command)
        try:
            await child.start(self._patience.start_s)
            self.child_pid = child.pid
            client = await self._connect(child)
            try:
                yield client
            finally:
                await client.close()
            await asyncio.sleep(0.05)  # a process that dies closes its connection first
            if child.ended:
                raise child.epitaph()
        finally:
            self.child_pid = None
            await child.stop()

    async def _connect(self, child: Child) -> Client:
        """To an engine of our own: whatever goes wrong there, another one may do better."""
        try:
            return await Client.connect(child.url, child.token, patience_s=self._patience.connect_s)
        except EngineError as error:
            raise (child.epitaph() if child.ended else EngineError(str(error))) from error

    async def _talk(self, client: Client) -> None:
        """Pass on what the engine says until the connection ends or hangs."""
        patience, ours = self._patience, self._is_ours
        every_s, sign_s = (patience.sign_every_s, patience.sign_s) if ours else (patience.remote_sign_every_s, patience.remote_sign_s)
        self._stuck, self._missing = asyncio.Event(), set()
        listening = asyncio.create_task(self._listen(client), name="engine's words")
        watching = asyncio.create_task(client.watch(every_s, sign_s, partial(self._sign, "pong")), name="engine's signs of life")
        asking = asyncio.create_task(self._ask_progress(client), name="engine's progress")
        dying = asyncio.create_task(self._lose_patience(), name="patience with the engine")
        self._again.clear()
        again = asyncio.create_task(self._again.wait(), name="another engine, please")
        tasks = (listening, watching, asking, dying, again)
        try:
            await asyncio.wait([listening, dying, again], return_when=asyncio.FIRST_COMPLETED)
        finally:
            was_there, self._client = self._client is not None, None
            for task in tasks:
                task.cancel()
            if was_there:
                self._owner.engine_gone()
            results = await asyncio.gather(*tasks, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                raise result

    async def _listen(self, client: Client) -> None:
        async for event in client.events():
            match event:
                case SessionCreated():
                    bundle = event.session.parley.bundle if event.session.parley else None
                    self._offer = _offer(bundle) if bundle else _foreign(event.session.model)
                    self._client = client
                    self._owner.engine_there(self._offer)
                    if bundle is None:
                        self._tell(EngineState.READY)
                case SessionUpdated() if self._told is EngineState.STARTING:  # it did not say that it has to load first
                    self._tell(EngineState.READY)
                case EngineStateChanged(state=state, message=message):
                    self._tell(_STATES[state], message or "")
                case Pong(working_s=working_s):
                    self._sign("progress", working_s > self._patience.step_s)
            self._owner.engine_said(event)

    async def _ask_progress(self, client: Client) -> None:
        """A process whose model hangs still answers its door: ask how long the model has been at one step. Only ours can be replaced."""
        while self._is_ours:
            await asyncio.sleep(self._patience.sign_every_s)
            client.send(Ping())

    def _sign(self, of: str, overdue: bool) -> None:
        """It missed a sign of life, or gave one after all."""
        if overdue:
            self._missing.add(of)
        else:
            self._missing.discard(of)
        if self._missing:
            self._stuck.set()
            if self._told in {EngineState.READY, EngineState.ASLEEP}:
                self._tell(EngineState.STUCK, "The engine does not answer.")
        else:
            self._stuck.clear()
            if self._told is EngineState.STUCK:
                self._tell(EngineState.READY)

    async def _lose_patience(self) -> None:
        while True:
            await self._stuck.wait()
            well = self._told in {EngineState.READY, EngineState.STUCK, EngineState.ASLEEP}
            await asyncio.sleep(self._patience.stuck_s if well else self._patience.start_s)  # reading a model may hold everything up
            if self._stuck.is_set():
                raise EngineError("The engine hangs.")

    def _tell(self, state: EngineState, message: str = "") -> None:
        if (state, message) != (self._told, ""):
            self._told = state
            self._owner.engine_changed(EngineChanged(state, message, self._offer if state is EngineState.READY else None))


_STATES = {
    "loading": EngineState.LOADING,
    "ready": EngineState.READY,
    "unloaded": EngineState.ASLEEP,
    "failed": EngineState.FAILED,
}


def _offer(bundle: BundleOffer) -> Offer:
    """The wire's words as the style panel takes them."""
    rows = tuple(
        Control(row.name, row.kind, tuple(map(_level, row.levels)), row.minimum, row.maximum, row.default, row.languages)
        for row in bundle.controls
    )
    table = ControlTable(bundle.title, rows)
    return Offer(
        bundle.title,
        table,
        bundle.voices,
        bundle.languages,
        bundle.roles,
        bundle.recites,
        recognizes=bundle.recognizes,
        is_parley=True,
    )


def _level(offered: LevelOffer) -> Level:
    """A value of a control; of what the voice makes of it only the pace is known here."""
    return Level(offered.name, prosody=None if offered.rate is None else Prosody(rate=offered.rate))


def _foreign(model: str | None) -> Offer:
    """Of a server that knows nothing of ours. It is asked to write down what it hears (`session.opening`)."""
    return Offer(model or "Realtime", ControlTable("This engine", ()), recognizes=True)
