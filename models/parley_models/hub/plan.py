"""Would a model run here, and how well? Told before anything is fetched; every figure is computed, none measured on this machine."""

from collections.abc import Sequence
from dataclasses import dataclass

from parley_models.backbone.cache_forms import BFLOAT16, INT8
from parley_models.device import BESIDE_BYTES
from parley_models.hub.cards import KERNEL_SHARE
from parley_models.hub.catalogue import BACKBONE, CATALOGUE, Entry
from parley_models.hub.footprint import IDS_PER_AUDIO_S, Footprint
from parley_models.hub.hardware import Gpu
from parley_models.prebuffer import TEXT_IDS, TEXT_IDS_PER_S, Pace, wait_to_start
from parley_models.tokens import GROUP_SECONDS, TokenLayout

LEAST_CONTEXT_IDS = 4096
"""98 s of sound: less is no conversation."""

TAIL_STEPS = 1.2
"""What is left to read at the end of a question, in steps."""

AROUND_S = 0.145
"""Ears 35 ms, first chunk of the voice 80 ms, sound card 30 ms: the middles of the budget."""

MEAN_IDS_PER_S = IDS_PER_AUDIO_S + TEXT_IDS_PER_S
"""45.4: what an answer needs on the average to come as fast as it is spoken."""

_MIXED = TokenLayout(vocab_size=74752, audio_offset=65536, bos=1, bot=4, eot=3, stops=(3,))


@dataclass(frozen=True, slots=True)
class Fit:
    """One form of a model on one card."""

    name: str
    precision: str
    weight_gb: float
    needed_gb: float
    """Weights, the least context, ears and voice."""

    fits: bool
    ids_per_s: float | None = None
    """At a context of 4,096; None if the card is unknown, or the model does not fit."""

    first_sound_s: float | None = None
    """From the end of a question to sound that does not stop again, for an answer of 11 s."""

    context_minutes: float | None = None
    """Of sound that fits into the memory that is left; the model's own limit at most."""

    cache: str = BFLOAT16
    """How the context is kept: `int8` where the model's own limit would else not be reached."""

    @property
    def keeps_up(self) -> bool:
        """Whether answers come at least as fast as they are spoken."""
        return self.ids_per_s is not None and self.ids_per_s >= MEAN_IDS_PER_S


@dataclass(frozen=True, slots=True)
class Room:
    """What the disks have and what is needed of them."""

    model_gb: float
    """Stays."""

    on_the_way_gb: float
    """Lies beside it until it is converted."""

    free_gb: float
    downloads_free_gb: float
    """The same disk, or another one if HF_HOME is elsewhere."""

    one_disk: bool

    @property
    def enough(self) -> bool:
        """Whether a pull could finish."""
        if self.one_disk:
            return self.free_gb >= self.model_gb + self.on_the_way_gb + 1
        return self.free_gb >= self.model_gb + 1 and self.downloads_free_gb >= self.on_the_way_gb


@dataclass(frozen=True, slots=True)
class Plan:
    """The answer."""

    entry: Entry
    gpus: tuple[Gpu, ...]
    card: Gpu | None
    """The one with the most free memory."""

    forms: tuple[Fit, ...]
    """The model's forms on that card, largest first."""

    chosen: Fit | None
    """The form that was asked for; or, if only the model was named, the best that runs."""

    room: Room
    verdict: str


def fit(entry: Entry, gpu: Gpu | None) -> Fit | None:
    """One form on one card; None if it needs no card."""
    if entry.geometry is None or entry.precision is None:
        return None
    footprint = Footprint(entry.geometry, entry.precision)
    beside = 0 if entry.drafts_for else BESIDE_BYTES
    left = 0 if gpu is None else gpu.free_bytes - footprint.weight_bytes - beside
    longest = entry.geometry.max_seq_len
    cache = BFLOAT16 if gpu is None or longest * footprint.cache_bytes_per_id(BFLOAT16) <= left else INT8
    least = LEAST_CONTEXT_IDS * footprint.cache_bytes_per_id(cache)
    sizes = (entry.name, entry.precision.name, footprint.weight_bytes / 1e9, (footprint.weight_bytes + beside + least) / 1e9)
    if gpu is None or left < least:
        return Fit(*sizes, fits=False, cache=cache)
    context = min(longest, left // footprint.cache_bytes_per_id(cache)) / IDS_PER_AUDIO_S / 60
    if gpu.usable_gb_per_s is None:
        return Fit(*sizes, fits=True, context_minutes=context, cache=cache)
    speed = gpu.usable_gb_per_s * 1e9 * KERNEL_SHARE / footprint.bytes_per_step(LEAST_CONTEXT_IDS, cache)
    return Fit(*sizes, True, speed, first_sound_s(speed), context, cache)


def first_sound_s(ids_per_s: float) -> float:
    """From the end of a question to sound that does not stop again, for an answer of 40 text ids."""
    groups = round(TEXT_IDS / TEXT_IDS_PER_S / GROUP_SECONDS)
    return AROUND_S + TAIL_STEPS / ids_per_s + wait_to_start(_MIXED, Pace(ids_per_s), TEXT_IDS, groups)


def room(entry: Entry, free_bytes: int, downloads_free_bytes: int, *, one_disk: bool) -> Room:
    """What a pull needs of the disks."""
    if entry.built_in:
        return Room(0, 0, free_bytes / 1e9, downloads_free_bytes / 1e9, one_disk)
    others = sum(source.size_bytes for source in entry.sources if source.role != BACKBONE)
    weights = Footprint(entry.geometry, entry.precision).weight_bytes if entry.geometry and entry.precision else 0
    largest = max(source.largest_file_bytes for source in entry.sources)
    return Room((weights + others) / 1e9, (largest + others) / 1e9, free_bytes / 1e9, downloads_free_bytes / 1e9, one_disk)


def plan(asked: str, entry: Entry, gpus: Sequence[Gpu], room_here: Room, catalogue: Sequence[Entry] = tuple(CATALOGUE.values())) -> Plan:
    """Weigh a model against a machine.

    Args:
        asked: what the user typed: a form's name, or the model's.
        entry: its row.
        gpus: of the machine; none is fine.
        room_here: on its disks.
        catalogue: where the model's other forms are looked for.
    """
    card = max(gpus, key=lambda gpu: gpu.free_bytes, default=None)
    siblings = [other for other in catalogue if other.sources == entry.sources]
    forms = tuple(found for other in siblings if (found := fit(other, card)))
    chosen = next((form for form in forms if form.name == entry.name), None)
    if asked != entry.name:  # the model, not one of its forms: the first that keeps up, else the fastest that fits
        fitting = [form for form in forms if form.fits]
        chosen = next((form for form in fitting if form.keeps_up), max(fitting, key=lambda form: form.ids_per_s or 0, default=chosen))
    return Plan(entry, tuple(gpus), card, forms, chosen, room_here, _verdict(entry, chosen, forms, card, gpus, room_here))


def _verdict(entry: Entry, chosen: Fit | None, forms: Sequence[Fit], card: Gpu | None, gpus: Sequence[Gpu], room_here: Room) -> str:
    if entry.on_a_server:
        full = "" if room_here.enough else f", but the disk has only {room_here.free_gb:.0f} GB free"
        return f"Ears and voice take {room_here.model_gb:.1f} GB here{full}; the backbone runs on a server: docs/vllm.md tells how."
    if chosen is None:
        return f"{entry.title} comes with Parley and runs on this machine's CPU: nothing has to be fetched."
    if card is None:
        return f"No GPU was found, and this model needs {chosen.needed_gb:.0f} GB of one. Mini runs here; docs/vllm.md tells of servers."
    if not chosen.fits:
        return _too_small(chosen, forms, card, gpus)
    if not room_here.enough:
        wanted = room_here.model_gb + (room_here.on_the_way_gb if room_here.one_disk else 0)
        return f"Your {card.name} can hold it, but the disk can't: {wanted:.0f} GB are needed and {room_here.free_gb:.0f} GB are free."
    if entry.drafts_for:
        return f"It fits beside {entry.drafts_for.upper()} where {chosen.needed_gb:.1f} GB more are free."
    if chosen.ids_per_s is None or chosen.first_sound_s is None:
        return f"Your {card.name} can hold it; how fast its memory is, is not known here, so nothing can be said about speed."
    if chosen.keeps_up:
        told = f"Your {card.name} should talk with it in real time: sound after about {chosen.first_sound_s:.1f} s."
        return f"{told} `parley models pull {chosen.name}` fetches it."
    return (
        f"Your {card.name} can hold it but makes {chosen.ids_per_s:.0f} of the {MEAN_IDS_PER_S:.0f} ids a second that speech needs: "
        f"an answer of 11 s would begin after about {chosen.first_sound_s:.1f} s. `parley models pull {chosen.name}` fetches it."
    )


def _too_small(chosen: Fit, forms: Sequence[Fit], card: Gpu, gpus: Sequence[Gpu]) -> str:
    size, held = round(card.total_bytes / 2**30), (card.total_bytes - card.free_bytes) / 1e9
    if card.total_bytes / 1e9 >= chosen.needed_gb:
        return f"Your {size} GB {card.name} could hold this model ({chosen.needed_gb:.0f} GB), but other programs hold {held:.0f} GB of it."
    fitting = next((form for form in forms if form.fits), None)
    smallest = min(forms, key=lambda form: form.needed_gb)
    begin = f"Your {size} GB card ({card.name}) can't hold this model: it takes {chosen.needed_gb:.0f} GB"
    if fitting:
        return f"{begin}; as {fitting.name} it takes {fitting.needed_gb:.0f} GB and fits."
    if smallest != chosen:
        begin += f", and {smallest.needed_gb:.0f} GB in its smallest form ({smallest.precision})"
    if len(gpus) > 1 and sum(gpu.free_bytes for gpu in gpus) / 1e9 >= smallest.needed_gb:
        return f"{begin}. Your {len(gpus)} cards together have more: docs/vllm.md tells how a server spreads it over them."
    return f"{begin}. Mini runs here; docs/vllm.md tells of servers."
