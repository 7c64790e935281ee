"""The commands of `parley` and their options. Models are imported only by the command that runs them."""

import errno
import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Literal

import typer
from typer.exceptions import TyperException

from parley.cli.bench import bench
from parley.cli.models import models
from parley_models.errors import ParleyError, UsageError

program = typer.Typer(
    name="parley",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

program.add_typer(models, name="models")
program.add_typer(bench, name="bench")

voices = typer.Typer(help="Voices: who can answer, and new ones from recordings.", no_args_is_help=True, rich_markup_mode=None)
program.add_typer(voices, name="voices")

BundleOption = Annotated[str, typer.Option("--bundle", metavar="NAME|DIR", help="The model that answers.")]
EngineOption = Annotated[str, typer.Option("--engine", metavar="local|vllm", help="Where the backbone runs: here, or on a vLLM server.")]
ServerOption = Annotated[str | None, typer.Option("--url", metavar="URL", help="The vLLM server's address.")]
KeyFileOption = Annotated[Path | None, typer.Option("--key-file", metavar="F", help="Holds the vLLM server's key.")]
ServedOption = Annotated[
    str | None, typer.Option("--model", metavar="NAME", help="What the vLLM server calls the model, if it has several.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="One line of JSON per question, for machines.")]


def _tell_version(asked: bool) -> None:
    if asked:
        typer.echo(f"Parley {version('parley')}")
        raise typer.Exit


@program.callback()
def parley(
    _version: Annotated[bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Tell which Parley this is.")] = False,
) -> None:
    """A voice assistant that you talk to and that talks back, on your own machine."""


@program.command()
def ask(
    questions: Annotated[
        list[Path] | None, typer.Argument(metavar="Q.wav", help="Spoken questions: WAV, FLAC, OGG or MP3, up to 30 s.")
    ] = None,
    text: Annotated[
        list[str] | None, typer.Option("--text", metavar="QUESTION", help="A typed question; asked after the spoken ones.")
    ] = None,
    conversation: Annotated[bool, typer.Option("--conversation", help="The questions belong together.")] = False,
    out: Annotated[Path | None, typer.Option("-o", "--out", metavar="OUT.wav|OUTDIR", help="Where the answers go.")] = None,
    bundle: BundleOption = "mini",
    style: Annotated[str, typer.Option("--style", metavar="CONTROL=VALUE,…", help="How to speak: rate=1.2,pitch=2,…")] = "",
    system: Annotated[str | None, typer.Option("--system", metavar="ROLE", help="Who Parley is to be.")] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="N", min=0, max=2**63 - 1, help="The same seed gives the same answer.")
    ] = None,
    engine: EngineOption = "local",
    url: ServerOption = None,
    key_file: KeyFileOption = None,
    model: ServedOption = None,
    as_json: JsonOption = False,
) -> int:
    """Answer questions aloud: the answers are written as sound files."""
    from parley.cli.ask import AskRequest, answer_questions, named_questions
    from parley.cli.engine_choice import EngineChoice

    choice = EngineChoice(engine, url, key_file, model)
    request = AskRequest(named_questions(questions or (), text or ()), conversation, out, bundle, style, system, seed, as_json, choice)
    return answer_questions(request)


@program.command("eval")
def evaluate(
    bundle: Annotated[str, typer.Argument(metavar="NAME|DIR", help="The model to be measured.")] = "mini",
    limit: Annotated[int | None, typer.Option("--limit", metavar="N", min=1, help="Ask only so many questions.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The table as JSON, for machines.")] = False,
    world: Annotated[
        str | None, typer.Option("--world", metavar="mini0|mini1", help="Whose examination; the model's own unless given.")
    ] = None,
    people: Annotated[
        Path | None, typer.Option("--people", metavar="DIR", help="Folder of people's recordings, to be asked as well.")
    ] = None,
) -> int:
    """Measure a model: understood, audible, in style, honest, fast."""
    from parley.cli.evaluate import evaluate_bundle

    return evaluate_bundle(bundle, limit=limit, as_json=as_json, world=world, people=people)


@program.command()
def serve(
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="Where to listen; only this machine can reach 127.0.0.1.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", metavar="N", min=0, max=65535, help="0 takes a free one.")] = 0,
    token_file: Annotated[
        Path | None, typer.Option("--token-file", metavar="F", help="Holds what clients must know; made, yours alone, if it is not there.")
    ] = None,
    bundle: BundleOption = "mini",
    device: Annotated[
        str,
        typer.Option("--device", metavar="auto|cpu|cuda[:N]", help="Where it runs; a backbone below 1 GB stays on the processor."),
    ] = "auto",
    idle_unload_min: Annotated[
        float | None, typer.Option("--idle-unload-min", metavar="N", min=0.01, help="Release the model after N minutes without talk.")
    ] = None,
    engine: EngineOption = "local",
    url: ServerOption = None,
    key_file: KeyFileOption = None,
    model: ServedOption = None,
) -> int:
    """Run the engine for other programs. They reach it by the OpenAI Realtime protocol, on a WebSocket."""
    from parley.cli.engine_choice import EngineChoice
    from parley.cli.serve import ServeRequest, run_engine
    from parley_models.realtime.server import Address

    choice = EngineChoice(engine, url, key_file, model)
    return run_engine(ServeRequest(bundle, Address(host, port), token_file, idle_unload_min, choice, device))


@program.command()
def talk(
    text: Annotated[bool, typer.Option("--text", help="Type instead of speaking.")] = False,
    bundle: Annotated[str | None, typer.Option("--bundle", metavar="NAME|DIR", help="The model that answers.")] = None,
    url: Annotated[str | None, typer.Option("--url", metavar="ws://…", help="Talk to a Realtime server instead.")] = None,
    key: Annotated[str, typer.Option("--key", metavar="KEY", envvar="PARLEY_KEY", help="What that server wants to know.")] = "",
    character: Annotated[str | None, typer.Option("--character", metavar="NAME", help="Who answers.")] = None,
    style: Annotated[str, typer.Option("--style", metavar="CONTROL=VALUE,…", help="How to speak: rate=1.2,pitch=2,…")] = "",
    keep: Annotated[bool, typer.Option("--keep/--no-keep", help="Whether the conversation is kept in the history.")] = True,
) -> int:
    """Talk in the terminal: Enter starts and ends what you say."""
    from parley.cli.talk import TalkRequest
    from parley.cli.talk import talk as run_talk

    return run_talk(TalkRequest(text, bundle, url, key, character, style, keep))


@program.command()
def ctl(
    word: Annotated[
        Literal["talk", "stop", "mute"],
        typer.Argument(metavar="WORD", help="talk: begin, and again to end; stop: silence; mute: on and off."),
    ],
) -> int:
    """Control the Parley that is running. For key bindings of the whole desktop."""
    from parley.cli.ctl import control

    return control(word)


@voices.command("list")
def voices_list(bundle: BundleOption = "mini", as_json: Annotated[bool, typer.Option("--json", help="JSON, for machines.")] = False) -> int:
    """List the voices of a model."""
    from parley.cli.voices import list_voices

    return list_voices(bundle, as_json=as_json)


@voices.command("add")
def voices_add(
    recording: Annotated[Path, typer.Argument(metavar="ME.wav", help="1 to 15 s of one person speaking.")],
    bundle: BundleOption = "mini",
    name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="What to call it; else it is called like the file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON, for machines.")] = False,
) -> int:
    """Make a voice of a recording."""
    from parley.cli.voices import add_from_recording

    return add_from_recording(recording, bundle, called=name, as_json=as_json)


@program.command()
def doctor(bundle: BundleOption = "mini") -> int:
    """Check that this machine and the model are fit to talk."""
    from parley.cli.doctor import examine

    return examine(bundle)


def run(arguments: list[str]) -> int:
    """Run one command; known trouble becomes one sentence on stderr and its exit code (DESIGN §10)."""
    try:
        code = program(arguments or ["--help"], prog_name="parley", standalone_mode=False)
        sys.stdout.flush()
    except ParleyError as error:
        complain(error)
        return error.exit_code
    except TyperException as error:
        sentence = error.format_message().strip().rstrip(".")
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "parley"
        complain(f"{sentence[:1].upper()}{sentence[1:]}. `{command} --help` tells more.")
        return UsageError.exit_code
    except SystemExit:  # typer's own way when the reader went away: nobody is left to tell
        return 0
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left of it would be tried again at the end
        complain("What is told can't be written: no space left on device.")
        return UsageError.exit_code
    except typer.Abort:
        return 130
    return code if isinstance(code, int) else 0


def complain(trouble: object) -> None:
    """Put one sentence on stderr."""
    sys.stderr.write(f"parley: {' '.join(str(trouble).split())}\n")
