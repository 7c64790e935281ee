"""What the engine says, one kind of event after the other, as the dialogue takes it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from parley.conversation.dialogue import ASK, COMMIT, Dialogue
from parley.conversation.events import Spoke, Understood
from parley.conversation.speaking import QUIET
from parley.conversation.tools import Toolbox
from parley_models.realtime.events import (
    ErrorEvent,
    FunctionArgumentsDone,
    InputAudioCommitted,
    InputTranscribed,
    Item,
    ItemCreate,
    ItemDelete,
    ItemDone,
    ItemTruncated,
    Latency,
    OutputAudioDelta,
    OutputItemAdded,
    OutputItemDone,
    OutputTextDelta,
    OutputTranscriptDelta,
    ResponseCreated,
    ResponseDone,
    SegmentDone,
    ServerEvent,
    SpeechStarted,
    SpeechStopped,
    StyleMeasured,
)


class EngineNews:
    """Sorts events to where they belong."""

    def __init__(self, dialogue: Dialogue, toolbox: Toolbox) -> None:
        self._dialogue = dialogue
        self._toolbox = toolbox
        self._outputs: list[ItemCreate] = []
        """What tools gave back, until the response that asked for them is over."""

        listening, speaking = dialogue.listening, dialogue.speaking
        self._takes: dict[type, Callable[[Any], object]] = {
            SpeechStarted: listening.started,
            SpeechStopped: listening.stopped,
            InputAudioCommitted: self._committed,
            InputTranscribed: self._understood,
            ResponseCreated: self._begins,
            OutputItemAdded: self._item_begins,
            OutputTranscriptDelta: lambda event: speaking.wrote(event.delta, event.segment, event.style),
            OutputTextDelta: lambda event: speaking.wrote(event.delta, 0, None),
            OutputAudioDelta: lambda event: speaking.came(event.delta),
            FunctionArgumentsDone: self._call,
            SegmentDone: speaking.segment,
            StyleMeasured: self._measured,
            Latency: self._timed,
            OutputItemDone: lambda event: self._remember(event.item),
            ItemDone: lambda event: self._remember(event.item),
            ItemTruncated: self._truncated,
            ResponseDone: self._done,
            ErrorEvent: self._error,
        }

    def take(self, event: ServerEvent) -> None:
        """Act on an event; what belongs to a response that nobody waits for is passed over."""
        response = getattr(event, "response_id", None)
        current = self._dialogue.speaking.current
        if response is not None and not isinstance(event, StyleMeasured | Latency) and (current is None or current.response_id != response):
            return
        take = self._takes.get(type(event))
        if take is not None:
            take(event)

    def _committed(self, event: InputAudioCommitted) -> None:
        if not self._dialogue.listening.committed(event):
            self._dialogue.committed(event.item_id)

    def _understood(self, event: InputTranscribed) -> None:
        dialogue = self._dialogue
        number = dialogue.items.turn(event.item_id)
        turn = None if number is None else dialogue.archive.turn(number)
        text = event.transcript.strip()
        if turn is not None and turn.seconds and text and not turn.corrected:  # of what was typed nobody needs to be told
            dialogue.archive.keep(replace(turn, heard_as=text))
            dialogue.tell(Understood(turn.number, text))

    def _begins(self, event: ResponseCreated) -> None:
        self._outputs = []  # of one that was called off after its tools had been
        self._dialogue.answer_begins(event.response.id, event.response.metadata or {})

    def _item_begins(self, event: OutputItemAdded) -> None:
        current = self._dialogue.speaking.current
        if current is None or event.item.id is None:
            return
        if event.item.type != "message":
            self._dialogue.items.add_other(event.item.id)
        elif current.to is not None and not current.item_id:  # what nobody asked for, or is said once more, has its item or needs none
            current.item_id = event.item.id
            self._dialogue.items.add(event.item.id, current.base.number, fresh=True)

    def _call(self, event: FunctionArgumentsDone) -> None:
        output = self._toolbox.call(event.name, event.arguments)
        name = f"{event.call_id}-output"[:64]
        self._dialogue.items.add_other(name)
        self._outputs.append(ItemCreate(item=Item(id=name, type="function_call_output", call_id=event.call_id, output=output)))

    def _measured(self, event: StyleMeasured) -> None:
        turn = self._answer(event.item_id, event.response_id)
        if turn is not None:
            self._dialogue.speaking.measured(turn, event)

    def _timed(self, event: Latency) -> None:
        turn = self._answer(event.item_id, event.response_id)
        if turn is not None:
            self._dialogue.speaking.timed(turn, event)

    def _answer(self, item_id: str, response_id: str | None) -> Any:  # noqa: ANN401 - Turn | None
        """The answer that a figure belongs to: the one that sounds, or one that is kept."""
        dialogue = self._dialogue
        current = dialogue.speaking.current
        if (
            current is not None
            and current.purpose == "answer"
            and item_id
            and (current.item_id == item_id or current.response_id == response_id)
        ):
            return current.base
        number = dialogue.items.turn(item_id)
        return None if number is None else dialogue.archive.turn(number)

    def _remember(self, item: Item) -> None:
        """What a turn is to be remembered by."""
        dialogue = self._dialogue
        number = dialogue.items.turn(item.id or "")
        if number is None or item.parley is None:
            return
        current = dialogue.speaking.current
        if current is not None and current.base.number == number:
            current.base = replace(current.base, seed=item.parley.seed)
            dialogue.archive.keep(current.base, item.parley)
        elif (turn := dialogue.archive.turn(number)) is not None:
            dialogue.archive.keep(replace(turn, seed=item.parley.seed), item.parley)

    def _truncated(self, event: ItemTruncated) -> None:
        """The engine knows best which words were heard."""
        dialogue = self._dialogue
        number = dialogue.items.turn(event.item_id)
        turn = None if number is None else dialogue.archive.turn(number)
        if turn is None or event.parley is None:
            return
        whole, heard = turn.text + turn.unheard, event.parley.text.strip()
        if whole.startswith(heard):
            turn = replace(turn, text=heard, unheard=whole[len(heard) :])
            dialogue.tell(Spoke(turn, cut_short=turn.interrupted))
        dialogue.archive.keep(turn, event.parley)

    def _done(self, event: ResponseDone) -> None:
        dialogue, response = self._dialogue, event.response
        current = dialogue.speaking.current
        if current is None or current.response_id != response.id:  # what it made before it heard that nobody wants it any more
            for item in response.output:
                if item.id is not None and not dialogue.items.knows(item.id):
                    dialogue.send(ItemDelete(item_id=item.id, event_id=f"{QUIET}-forget"))
            return
        outputs, self._outputs = self._outputs, []
        details = response.status_details
        if outputs:
            dialogue.waiting_for = dialogue.answered
        if response.status == "failed":
            trouble = details.error.message if details is not None and details.error is not None else "The engine could not answer."
            dialogue.give_up(trouble)  # before it is over, so that whoever waits for silence knows why
        dialogue.speaking.complete(whole=response.status == "completed")
        for output in outputs:
            dialogue.send(output)
        if outputs:
            dialogue.answer_again()

    def _error(self, event: ErrorEvent) -> None:
        cause = event.error.event_id or ""
        if cause.startswith(QUIET):
            return
        if cause.startswith(COMMIT):
            self._dialogue.not_committed(cause.removeprefix(COMMIT), event.error.message)
        elif cause.startswith(ASK):
            self._dialogue.not_asked(cause.removeprefix(ASK), event.error.message)
        else:
            self._dialogue.stumbled(event.error.message)
