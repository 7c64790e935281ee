"""What the parts of a session share: the way to the client and to the threads, the conversation, the settings."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from parley_models.errors import EngineError, InputError, ParleyError, UsageError
from parley_models.realtime import server_events as told
from parley_models.realtime.compute import Work
from parley_models.realtime.engine import Engine
from parley_models.realtime.ledger import Ledger, StoredItem
from parley_models.realtime.objects import ErrorBody, ResponseWish
from parley_models.realtime.preferences import Preferences
from parley_models.realtime.thinker import Plan, Thinker

logger = logging.getLogger(__name__)


class Link:
    """Belongs to the loop; only `tell` may be called from other threads."""

    def __init__(self, engine: Engine, send: Callable[[told.FromServer], None]) -> None:
        """`send` takes events in order and never waits."""
        self.engine = engine
        self.send = send
        self.ledger = Ledger()
        self.thinker = Thinker(engine, self.ledger, self.tell)
        self.preferences = Preferences()
        self.closed = False
        self._loop = asyncio.get_running_loop()

    def plan(self, wish: ResponseWish | None = None) -> Plan:
        """How the next answer is to be given, or one with a wish of its own."""
        return self.preferences.plan(self.engine.bundle, wish)

    def work(self, work: Work, failed: Callable[..., None] | None = None, *details: Any) -> None:  # noqa: ANN401 - handed through
        """Have something computed; `failed` is called with the trouble and the details."""
        self.engine.compute.submit(self, self.thinker.guarded(work, failed or self.complain, *details))

    def tell(self, callback: Callable[..., None], *news: Any) -> None:  # noqa: ANN401 - handed through
        """From another thread: call this on the loop, unless the session is over."""
        if not self.closed:
            self._loop.call_soon_threadsafe(self._take_news, callback, news)

    def _take_news(self, callback: Callable[..., None], news: tuple[Any, ...]) -> None:
        if self.closed:
            return
        try:
            callback(*news)
        except ParleyError as error:
            self.complain(error)
        except Exception:
            logger.exception("News from another thread could not be taken.")
            self.complain(EngineError("The engine stumbled; the log says where."))

    def complain(self, error: ParleyError, *, event_id: str | None = None, param: str | None = None) -> None:
        """Tell the client of trouble."""
        details = {"event_id": event_id, "param": param}
        body = error_body(error).model_copy(update={name: value for name, value in details.items() if value is not None})
        self.send(told.ErrorEvent(error=body))

    def close(self) -> None:
        """The client is gone."""
        self.closed = True
        self.engine.compute.submit(self, self._let_go())

    def _let_go(self) -> Work:
        self.thinker.let_go()
        yield

    # What several parts say

    def item_done(self, item: StoredItem, _text: str = "") -> None:
        """An item is complete."""
        if item.id in self.ledger:
            self.send(told.ItemDone(item=item.wire(memory=True), previous_item_id=self.ledger.before(item)))

    def item_heard(self, item: StoredItem, text: str) -> None:
        """A spoken item is complete, perhaps with its words."""
        self.item_done(item)
        if text:
            self.item_written(item, text)

    def item_written(self, item: StoredItem, text: str) -> None:
        """What I heard."""
        size = len(item.tokens)
        usage = {"type": "tokens", "input_tokens": size, "output_tokens": 0, "total_tokens": size}
        self.send(told.InputTranscribed(item_id=item.id, transcript=text, usage=usage))

    def item_failed(self, error: ParleyError, item: StoredItem) -> None:
        """An item could not be read or heard: it goes again."""
        if item.id in self.ledger:
            self.ledger.remove(item.id)
            self.send(told.ItemDeleted(item_id=item.id))
        self.complain(error)


def error_body(error: ParleyError) -> ErrorBody:
    """Trouble as the protocol shows it; `UsageError` has the code `usage_error`."""
    theirs = isinstance(error, UsageError | InputError)
    code = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in type(error).__name__).lstrip("_")
    return ErrorBody(type="invalid_request_error" if theirs else "server_error", code=code, message=str(error))
