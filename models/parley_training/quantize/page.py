"""The figures as they stand in a page: a row a scheme, written between the page's marks."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from parley_models.errors import UsageError


@dataclass(frozen=True, slots=True)
class Errors:
    """What one scheme costs one model."""

    scheme: str
    bits_per_weight: float
    """Of the layers' matrices, scales and middles included."""

    grouped: int
    """Matrices that are kept in groups; the others have a scale a row."""

    weights: float
    """Root mean square of what the layers' weights are off by, as a share of their own."""

    nats: float
    """Mean divergence of the next id's distribution from the float model's."""

    same_choice: float
    """Share of places where the likeliest id is the same."""

    places: int
    """Ids after which that was looked at."""

    layers: tuple[float, ...]
    """Root mean square of what the hidden states after each layer are off by, as a share of their own."""


@dataclass(frozen=True, slots=True)
class CacheErrors:
    """What keeping keys and values in fewer bits than float32 costs."""

    form: str
    bytes_per_id_130b: float
    bytes_per_id: float
    """Of the model that was looked at."""

    nats: float
    same_choice: float
    """Both as in `Errors`."""


def table(found: Sequence[Errors]) -> str:
    """The rows as Markdown."""
    lines = [
        "| | bits a weight | in groups | weights off by | divergence, nats | same likeliest id | hidden states off by, after each layer |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in found:
        layers = ", ".join(f"{each:.1%}" for each in row.layers)
        figures = f"{row.bits_per_weight:.2f} | {row.grouped} | {row.weights:.1%} | {row.nats:.2g} | {row.same_choice:.1%} | {layers}"
        lines.append(f"| {row.scheme} | {figures} |")
    return "\n".join(lines)


def cache_table(found: Sequence[CacheErrors]) -> str:
    """The rows as Markdown."""
    lines = ["| context kept as | KB an id, 130B | KB an id, Mini | divergence, nats | same likeliest id |", "|---|---|---|---|---|"]
    for row in found:
        sizes = f"{row.bytes_per_id_130b / 1e3:.0f} | {row.bytes_per_id / 1e3:.2f}"
        lines.append(f"| {row.form} | {sizes} | {row.nats:.2g} | {row.same_choice:.1%} |")
    return "\n".join(lines)


def write_between(page: Path, name: str, text: str) -> None:
    """Put a text in place of what stands between `<!-- NAME: begin -->` and `<!-- NAME: end -->`.

    Raises:
        UsageError: the page has no such marks.
    """
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
    content = page.read_text(encoding="utf-8") if page.is_file() else ""
    before, found, rest = content.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise UsageError(f"{page} has no place between “{begin.strip()}” and “{end}”.")
    page.write_text(before + begin + text + "\n" + end + after, encoding="utf-8")
