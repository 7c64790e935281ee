"""`parley ask`: spoken or typed questions in, spoken answers out as sound files."""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from parley.cli.destination import answer_paths
from parley.cli.engine_choice import HERE, EngineChoice
from parley.cli.program import complain
from parley.cli.record import answer_record, failure_record
from parley_models.answer import Answered, SoundPiece, TextPiece, joined
from parley_models.bundle import Bundle, find_bundle
from parley_models.conversation import Conversation
from parley_models.errors import ParleyError, UsageError
from parley_models.pcm import AudioChunk
from parley_models.sound_file import read_question, write_sound
from parley_models.style import Style

if TYPE_CHECKING:
    from parley_models.assistant import Assistant


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to be answered: sound from a file, or text that was typed."""

    name: str
    """What it is called in messages and records: the path as it was given, or the text."""

    path: Path | None = None
    text: str | None = None

    @property
    def stem(self) -> str:
        """What its answer's file is named after."""
        return "text" if self.path is None else self.path.stem


def named_questions(paths: Sequence[Path], texts: Sequence[str]) -> tuple[Question, ...]:
    """The questions of a command line, spoken ones first."""
    spoken = [Question(str(path), path=path) for path in paths]
    return (*spoken, *(Question(text, text=text) for text in texts))


@dataclass(frozen=True, slots=True)
class AskRequest:
    """What the command line asks for."""

    questions: tuple[Question, ...]
    conversation: bool
    out: Path | None
    bundle: str
    style: str
    system: str | None
    seed: int | None
    as_json: bool
    engine: EngineChoice = HERE


@dataclass(slots=True)
class Asking:
    """The questions of one command on their way to their answers."""

    request: AskRequest
    loader: "Callable[[Bundle], Assistant]"
    exit_code: int = 0
    _talk: Conversation = field(default_factory=Conversation)

    def run(self) -> int:
        """Answer what can be answered; the exit code is that of the first question that could not be."""
        request = self.request
        if not request.questions:
            raise UsageError("There is nothing to answer: name a sound file, or type a question after --text.")
        spoken = [question.path for question in request.questions if question.path is not None]
        places = answer_paths(request.out, [question.stem for question in request.questions], spoken)
        usable = [
            (question, sound, place) for question, place in zip(request.questions, places, strict=True) if (sound := self._read(question))
        ]
        if not usable:
            return self.exit_code
        try:
            bundle = Bundle.open(find_bundle(request.bundle))
            style = Style.parse(request.style, bundle.manifest.control_table)
            assistant = self.loader(bundle)
        except ParleyError as error:
            complain(error)
            for question, _, _ in usable:
                self._fail(question, error)
            return self.exit_code
        for question, sound, place in usable:
            try:
                self._answer(assistant, question, sound[0], style, place)
            except ParleyError as error:
                complain(error)
                self._fail(question, error)
        return self.exit_code

    def _read(self, question: Question) -> tuple[AudioChunk | None] | None:
        """The question's sound in a box (a typed one has none), or None if it can't be used."""
        try:
            return (None if question.path is None else read_question(question.path),)
        except ParleyError as error:
            complain(error)
            self._fail(question, error)
            return None

    def _fail(self, question: Question, error: ParleyError) -> None:
        self.exit_code = self.exit_code or error.exit_code
        if self.request.as_json:
            _tell(json.dumps(failure_record(question.name, error)) + "\n")

    def _answer(self, assistant: "Assistant", question: Question, sound: AudioChunk | None, style: Style, place: Path) -> None:
        request = self.request
        talk = self._talk if request.conversation else Conversation()
        events = assistant.ask(sound, text=question.text, style=style, system=request.system, seed=request.seed, conversation=talk)
        show = not request.as_json
        if show and len(request.questions) > 1:
            _tell(f"{question.name}\n")
        spoken: list[AudioChunk] = []
        answered: Answered | None = None
        for event in events:
            match event:
                case TextPiece(text=text) if show:
                    _tell(text)
                case SoundPiece(sound=piece):
                    spoken.append(piece)
                case Answered():
                    answered = event
        if answered is None:
            return
        written = place if spoken else None
        whole = joined(spoken, assistant.rate_hz)
        if written is not None:
            write_sound(written, whole)
        if show:
            _tell(f"\n→ {written} ({whole.seconds:.1f} s)\n" if written else "\n(no sound)\n")
        else:
            _tell(json.dumps(answer_record(question.name, answered, written, whole, assistant)) + "\n")


def answer_questions(request: AskRequest) -> int:
    """Answer the questions of a command line with the real model. Raises UsageError or InputError for an engine that can't be meant."""
    server = request.engine.server()

    def load(bundle: Bundle) -> "Assistant":
        from parley_models.assistant import Assistant

        return Assistant.of(bundle, server)

    return Asking(request, load).run()


def _tell(text: str) -> None:
    """Put text on stdout at once; what the terminal's encoding lacks becomes an escape."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
    sys.stdout.flush()
