"""`parley ctl`: tell the running Parley to listen, to be silent, to be deaf. The way to bind a system-wide key on any desktop."""

from pathlib import Path

import typer

from parley.conversation.control import command, control_folder


def control(word: str, folder: Path | None = None) -> int:
    """Say a word to the running Parley, and tell what it answers; raises EngineError if none runs."""
    typer.echo(command(control_folder() if folder is None else folder, word))
    return 0
