"""`parley models plan`: would a model run here, and how well, before anything is fetched."""

import json
from dataclasses import asdict

import typer

from parley_models.backbone.cache_forms import BFLOAT16
from parley_models.errors import UsageError
from parley_models.hub.catalogue import CATALOGUE, find_entry
from parley_models.hub.hardware import Gpu, card_as_gpu, free_bytes, gpus
from parley_models.hub.places import Places, hub_home, same_disk
from parley_models.hub.plan import Fit, Plan, plan, room

FIGURES = "computed from the card's memory speed; Parley's kernels for cards have not run on one yet"


def plan_models(name: str | None, *, card: str | None, as_json: bool) -> int:
    """Tell of one model, or of all that the catalogue has. Raises UsageError for a name or a card that is unknown."""
    there = gpus() if card is None else [_imagined(card)]
    for asked in [name] if name is not None else CATALOGUE:
        found = _planned(asked, there)
        if as_json:
            typer.echo(json.dumps(record(found)))
        else:
            _show(found, whole=name is not None)
    return 0


def _imagined(card: str) -> Gpu:
    gpu = card_as_gpu(card)
    if gpu is None:
        raise UsageError(f"No card “{card}” is known: write it as its maker does, such as “RTX 4090”.")
    return gpu


def _planned(asked: str, there: list[Gpu]) -> Plan:
    entry, places = find_entry(asked), Places.of_user(hub_home())
    free = free_bytes(places.data), free_bytes(places.downloads)
    return plan(asked, entry, there, room(entry, *free, one_disk=same_disk(places.data, places.downloads)))


def record(found: Plan) -> dict[str, object]:
    """The plan as JSON has it; sizes in GB of 10⁹ bytes."""
    entry = found.entry
    return {
        "name": found.chosen.name if found.chosen else entry.name,
        "title": entry.title,
        "gpus": [
            {"name": gpu.name, "total_gb": _rounded(gpu.total_bytes / 1e9), "free_gb": _rounded(gpu.free_bytes / 1e9)} for gpu in found.gpus
        ],
        "card": found.card.name if found.card else None,
        "chosen": _form(found.chosen) if found.chosen else None,
        "forms": [_form(form) for form in found.forms],
        "download_gb": _rounded(entry.download_bytes / 1e9),
        "disk": {key: _rounded(value) for key, value in asdict(found.room).items()} | {"enough": found.room.enough},
        "figures": FIGURES,
        "verdict": found.verdict,
    }


def _form(form: Fit) -> dict[str, object]:
    return {
        "name": form.name,
        "precision": form.precision,
        "weight_gb": _rounded(form.weight_gb),
        "needed_gb": _rounded(form.needed_gb),
        "fits": form.fits,
        "tokens_per_s": _rounded(form.ids_per_s),
        "keeps_up": form.keeps_up,
        "first_sound_s": _rounded(form.first_sound_s),
        "context_minutes": _rounded(form.context_minutes),
        "cache": form.cache,
    }


def _rounded(value: object) -> object:
    return round(value, 2) if isinstance(value, float) else value


def _show(found: Plan, *, whole: bool) -> None:
    entry = found.entry
    if not whole:
        typer.echo(f"{entry.name:<14} {found.verdict}")
        return
    typer.echo(f"{entry.title}: {entry.summary}. {entry.licence}.")
    cards = ", ".join(f"{gpu.name} ({gpu.free_bytes / 1e9:.0f} of {gpu.total_bytes / 1e9:.0f} GB free)" for gpu in found.gpus)
    typer.echo(f"Cards      {cards or 'none'}")
    if not entry.built_in:
        typer.echo(f"Download   {entry.download_bytes / 1e9:.0f} GB, quantized while it comes")
        elsewhere = "" if found.room.one_disk else f" ({found.room.downloads_free_gb:.0f} GB free where HF_HOME is)"
        needed = f"{found.room.model_gb:.0f} GB for the model, {found.room.on_the_way_gb:.0f} GB on the way{elsewhere}"
        typer.echo(f"Disk       {needed}; {found.room.free_gb:.0f} GB free")
    for form in found.forms:
        typer.echo(f"{'→' if form is found.chosen else ' '} {form.name:<15} {_line(form)}")
    if any(form.ids_per_s for form in found.forms):
        typer.echo(f"           (tokens/s and seconds are {FIGURES})")
    typer.echo(found.verdict)


def _line(form: Fit) -> str:
    size = f"{form.weight_gb:.1f} GB of weights, {form.needed_gb:.1f} GB on the card"
    if not form.fits:
        return f"{size}: does not fit"
    speed = "" if form.ids_per_s is None else f", {form.ids_per_s:.0f} tokens/s, first sound after {form.first_sound_s:.1f} s"
    kept = "" if form.cache == BFLOAT16 else f", kept as {form.cache}"
    return f"{size}{speed}, {form.context_minutes:.0f} min of talk{kept}"
