"""A model from the hub: fetched, checked and quantized shard by shard, so that the whole checkpoint never lies on the disk.

While a shard is converted the next one is fetched, where the disk has room for two.

Killed at any moment, it loses nothing: parts of files are gone on with, finished shards are in a journal, and the model's folder gets its
name only when everything in it is complete.
"""

import hashlib
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from filelock import FileLock, Timeout
from safetensors import SafetensorError

from parley_models.errors import BundleCorrupt, BundleMissing, UsageError
from parley_models.hub.catalogue import BACKBONE, Entry, Source
from parley_models.hub.converter import Converter, Tick
from parley_models.hub.footprint import Footprint
from parley_models.hub.journal import Journal
from parley_models.hub.making import Maker
from parley_models.hub.pins import Pin, RemoteFile, read_pins, write_pins
from parley_models.hub.places import Places, check_room
from parley_models.hub.receipt import check_sizes, write_receipt
from parley_models.hub.remote import Hub
from parley_models.hub.transfer import fetch, matches, sync_folder

SMALL_PARTS = "small parts"
SPARE_BYTES = 1_000_000_000
"""What else a working disk needs."""


@dataclass(frozen=True, slots=True)
class PullNews:
    """How far a pull is."""

    doing: str
    """fetching, converting, finishing."""

    path: str
    done_bytes: int
    """Of everything that is fetched; what an earlier pull brought is counted."""

    total_bytes: int


Tell = Callable[[PullNews], None]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Piece:
    """One file that is needed, and whose it is."""

    source: Source
    revision: str
    file: RemoteFile

    @property
    def is_shard(self) -> bool:
        return self.source.role == BACKBONE and self.file.path.endswith(".safetensors")


def pull(entry: Entry, maker: Maker, hub: Hub, places: Places, tell: Tell = lambda _: None) -> Path:
    """Bring a model of the catalogue here; at once if it is here.

    Raises:
        UsageError: it comes with Parley, or somebody else is pulling it.
        BundleMissing: the hub can't be reached, refuses, or does not hold what is needed; or a disk is too small.
        BundleCorrupt: what comes is not what was promised or pinned, or no such model; or what is here is damaged.
    """
    if entry.built_in:
        raise UsageError(f"{entry.title} comes with Parley: there is nothing to pull.")
    target = places.model(entry)
    if target.is_dir():
        check_sizes(target)
        shutil.rmtree(places.fetched(entry), ignore_errors=True)  # a pull that was killed at its very end
        return target
    try:
        places.fetched(entry).mkdir(parents=True, exist_ok=True)
        with FileLock(places.downloads / f".{entry.name}.lock", timeout=0):
            _Pulling(entry, maker, hub, places, tell).run()
    except Timeout:
        raise UsageError(f"{entry.title} is already being pulled.") from None
    except OSError as error:
        raise BundleMissing(f"{error.filename or places.downloads} can't be written: {error.strerror}. What was fetched stays.") from error
    return target


class _Pulling:
    """One pull, from where the last one stopped."""

    def __init__(self, entry: Entry, maker: Maker, hub: Hub, places: Places, tell: Tell) -> None:
        self._entry, self._maker, self._hub, self._places, self._tell = entry, maker, hub, places, tell
        self._target, self._making, self._fetched = places.model(entry), places.unfinished(entry), places.fetched(entry)
        self._done_bytes = 0
        self._room_for_two = False

    def run(self) -> None:
        pieces = [piece for source in self._entry.sources for piece in self._pieces(source)]
        self._total = sum(piece.file.size_bytes for piece in pieces)
        self._making.mkdir(parents=True, exist_ok=True)
        journal = Journal(self._fetched / "journal.json", self._making)
        shards, small = [piece for piece in pieces if piece.is_shard], [piece for piece in pieces if not piece.is_shard]
        if not shards and not self._entry.on_a_server:
            raise BundleCorrupt(f"{self._entry.sources[0].repository} holds no file that a backbone could be made of.")
        self._check_room(small, shards, journal)
        for piece in small:
            self._fetch(piece)
        self._make_all(small, shards, journal)
        if journal.forget_damaged():
            self._make_all(small, shards, journal)
        self._tell(PullNews("finishing", self._entry.name, self._total, self._total))
        for draft in self._making.rglob(".*"):
            draft.unlink()  # a kill can leave what was being written
        self._making_can_be_written(lambda: self._maker.finish(self._folders, self._making))
        write_receipt(self._making)
        self._target.parent.mkdir(parents=True, exist_ok=True)
        self._making.replace(self._target)
        sync_folder(self._target.parent)
        shutil.rmtree(self._fetched)

    @property
    def _folders(self) -> dict[str, Path]:
        """Where each role's files come in."""
        return {source.role: self._fetched / source.role for source in self._entry.sources}

    def _pieces(self, source: Source) -> list[_Piece]:
        """The files that are needed of a repository, as pinned; pins it where nobody has."""
        pins = read_pins(self._places.pins)
        pin = pins.get(source.repository)
        if pin is None:
            pin = self._hub.pin(source.repository, source.revision)
            pins[source.repository] = pin
            write_pins(self._places.pins, pins)
        for file in pin.files:
            if source.sha256.get(file.path, file.digest) != file.digest:
                raise BundleCorrupt(f"{source.repository} holds another {file.path} than the one that Parley knows.")
        return [_Piece(source, pin.revision, file) for file in _needed(source, pin)]

    def _check_room(self, small: list[_Piece], shards: list[_Piece], journal: Journal) -> None:
        open_bytes = [piece.file.size_bytes for piece in shards if not journal.has(piece.file.path, self._digest(piece))]
        if shards and not open_bytes:
            return
        small_bytes = sum(piece.file.size_bytes for piece in small)
        stays = (self._target, round(sum(open_bytes) * self._shrinks_to) + small_bytes + SPARE_BYTES, "the model")
        passes = [(self._fetched, sum(sorted(open_bytes)[-shards:]) + small_bytes, "downloads on their way") for shards in (1, 2)]
        check_room([stays, passes[0]])
        with suppress(BundleMissing):
            check_room([stays, passes[1]])
            self._room_for_two = True

    @property
    def _shrinks_to(self) -> float:
        """The share of bfloat16 shards that stays."""
        if self._entry.geometry is None or self._entry.precision is None:
            return 1.0
        footprint = Footprint(self._entry.geometry, self._entry.precision)
        return footprint.weight_bytes / (2 * footprint.parameters)

    def _make_all(self, small: list[_Piece], shards: list[_Piece], journal: Journal) -> None:
        digests = hashlib.sha256("".join(piece.file.digest for piece in small).encode()).hexdigest()
        if not journal.has(SMALL_PARTS, digests):
            self._tell(PullNews("converting", SMALL_PARTS, self._done_bytes, self._total))
            made = self._making_can_be_written(lambda: self._maker.prepare(self._folders, self._making))
            journal.note(SMALL_PARTS, digests, made)
        self._done_bytes = sum(piece.file.size_bytes for piece in small)
        missing = []
        for piece in shards:
            if journal.has(piece.file.path, self._digest(piece)):
                self._done_bytes += piece.file.size_bytes
                self._place(piece).unlink(missing_ok=True)
            else:
                missing.append(piece)
        with Converter() as converter:
            for piece in missing:
                if not self._room_for_two:
                    self._wait(converter)
                shard = self._fetch(piece)
                self._wait(converter)
                converter.begin(piece.file.path, partial(self._convert, piece, shard, journal))
                self._tell(PullNews("converting", piece.file.path, self._done_bytes, self._total))
            self._wait(converter)

    def _wait(self, converter: Converter) -> None:
        if converter.busy:
            self._tell(PullNews("converting", converter.doing, self._done_bytes, self._total))
        converter.wait()

    def _convert(self, piece: _Piece, shard: Path, journal: Journal, tick: Tick) -> None:
        """On the converter's thread, while the next shard is fetched."""
        file = self._making_can_be_written(lambda: self._maker.take_shard(shard, self._folders, self._making, tick))
        journal.note(piece.file.path, self._digest(piece), [file] if file else [])
        self._place(piece).unlink(missing_ok=True)

    def _place(self, piece: _Piece) -> Path:
        return self._folders[piece.source.role] / piece.file.path

    def _digest(self, piece: _Piece) -> str:
        return f"{piece.file.digest} {self._maker.way}"

    def _making_can_be_written(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except (OSError, SafetensorError) as error:
            raise BundleMissing(f"{self._making} can't be written: {error}. What is done stays.") from error

    def _fetch(self, piece: _Piece) -> Path:
        """The verified file: from the hub's cache, where another program left it, or from the network."""
        file, repository = piece.file, piece.source.repository
        cached = self._hub.cached(repository, piece.revision, file.path)
        if cached is not None and matches(cached, file):
            path = cached if piece.is_shard else _copied(cached, self._place(piece))
        else:

            def tick(size_bytes: int) -> None:
                self._tell(PullNews("fetching", file.path, self._done_bytes + size_bytes, self._total))

            path = fetch(self._hub, repository, piece.revision, file, self._place(piece), tick)
        self._done_bytes += file.size_bytes
        return path


def _needed(source: Source, pin: Pin) -> list[RemoteFile]:
    files = [file for file in pin.files if source.wants(file.path)]
    for file in files:
        parts = file.path.split("/")
        if file.path.startswith("/") or "\\" in file.path or ":" in file.path or not all(part.strip(". ") for part in parts):
            raise BundleCorrupt(f"{source.repository} names “{file.path}”, which lies outside its folder.")
    if not files:
        raise BundleCorrupt(f"{source.repository} holds no file that {source.role} could be made of.")
    return files


def _copied(cached: Path, target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(cached, target)
    return target
