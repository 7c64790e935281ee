"""`parley voices …`: who can answer, and new voices from recordings."""

import json
from pathlib import Path

import typer

from parley_models.bundle import Bundle, find_bundle
from parley_models.hub.new_voice import add_voice


def list_voices(name: str, *, as_json: bool) -> int:
    """Tell the voices of a bundle, the first of which speaks unless another is asked for."""
    bundle = Bundle.open(find_bundle(name), verify=False)
    for voice in bundle.manifest.voices:
        if as_json:
            typer.echo(json.dumps({"name": voice.name, "median_f0_hz": voice.median_f0_hz, "syllables_per_s": voice.syllables_per_s}))
        else:
            typer.echo(f"{voice.name}  {voice.median_f0_hz:.0f} Hz  {voice.syllables_per_s:.1f} syllables/s")
    return 0


def add_from_recording(recording: Path, name: str, *, called: str | None, as_json: bool) -> int:
    """Make a voice of a recording; raises InputError or BundleError."""
    folder = find_bundle(name)
    voice = add_voice(folder, recording, called)
    if as_json:
        typer.echo(json.dumps({"name": voice.name, "file": str(folder / voice.file), "median_f0_hz": voice.median_f0_hz}))
    else:
        typer.echo(f"{voice.name} can speak now: parley ask --bundle {name} --style voice={voice.name} Q.wav")
    return 0
