"""One file from the hub to the disk: goes on where it stopped, and is the file that was promised or is not there at all.

huggingface_hub (2.4) compares sizes only and begins anew after a kill: its partial file has a random name and is removed. So the bytes are
moved here, through its session and its addresses.
"""

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

import httpx2
from huggingface_hub import get_session
from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled
from huggingface_hub.utils import hf_raise_for_status  # type: ignore[attr-defined]  # it is public: its docs say so

from parley_models.errors import BundleCorrupt, BundleMissing
from parley_models.hub.patience import Patience
from parley_models.hub.pins import RemoteFile
from parley_models.hub.remote import Hub, refusal

CHUNK_BYTES = 1 << 20
Tick = Callable[[int], None]
"""Told how many bytes of the file are there now."""


class Digest(Protocol):
    """What hashlib gives."""

    def update(self, data: bytes, /) -> None:
        """Take more."""

    def hexdigest(self) -> str:
        """The hash so far."""


class _LostError(Exception):
    """The connection failed in a way that may pass; what came stays."""

    def __init__(self, reason: str, wait_s: float | None = None) -> None:
        super().__init__(reason)
        self.wait_s = wait_s


def new_digest(file: RemoteFile) -> Digest:
    """A hash of the kind that the file is known by.

    Raises:
        BundleCorrupt: it is known by none.
    """
    if file.sha256:
        return hashlib.sha256()
    if file.git_sha1:
        return hashlib.sha1(b"blob %d\0" % file.size_bytes, usedforsecurity=False)
    raise BundleCorrupt(f"The server gives no hash for {file.path}; what can't be checked is not used.")


def matches(path: Path, file: RemoteFile) -> bool:
    """Whether a file on the disk is this one, to the last bit."""
    if not path.is_file() or path.stat().st_size != file.size_bytes:
        return False
    digest = new_digest(file)
    with path.open("rb") as content:
        while chunk := content.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest() == file.digest


def fetch(hub: Hub, repository: str, revision: str, file: RemoteFile, target: Path, tick: Tick = lambda _: None) -> Path:
    """Bring a file to `target`; at once if it is there already and whole.

    While it comes it is called `.NAME.DIGEST.part`: the digest keeps apart what belongs to different contents, and what such a part holds
    is never fetched again. Killing the process at any moment loses at most what the network had not handed over yet.

    Raises:
        BundleMissing: the server can't be reached, refuses, or keeps failing; the part stays for the next time.
        BundleCorrupt: it keeps sending something else.
    """
    if matches(target, file):
        tick(file.size_bytes)
        return target
    new_digest(file)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.{file.digest[:16]}.part")
    for _ in range(hub.patience.damaged):
        if _complete(hub, repository, revision, file, part, tick):
            part.replace(target)
            sync_folder(target.parent)
            return target
        part.unlink()
    raise BundleCorrupt(
        f"{file.path} of {repository} arrived {hub.patience.damaged} times with a wrong hash: "
        "the server, or something on the way, changes it."
    )


def _complete(hub: Hub, repository: str, revision: str, file: RemoteFile, part: Path, tick: Tick) -> bool:
    """Fill a part to its full size; whether it has the right hash then."""
    with part.open("ab+", buffering=0) as content:
        inflow = _Inflow(content, file, tick)
        waits = hub.patience.waits()
        while inflow.size < file.size_bytes:
            before = inflow.size
            hub.must_be_online(f"{repository}/{file.path}")
            try:
                _receive(hub, repository, revision, inflow)
            except _LostError as lost:
                if inflow.size > before:
                    waits = hub.patience.waits()
                wait_s = next(waits)
                if wait_s is None:
                    raise BundleMissing(f"{file.path} of {repository} can't be fetched: {lost}. What was fetched stays.") from None
                time.sleep(min(lost.wait_s or wait_s, hub.patience.longest_wait_s))
        os.fsync(content.fileno())
        return inflow.digest.hexdigest() == file.digest


@dataclass(slots=True)
class _Inflow:
    """A part being filled, and the hash of what it holds."""

    content: BinaryIO
    file: RemoteFile
    tick: Tick
    size: int = field(init=False)
    digest: Digest = field(init=False)

    def __post_init__(self) -> None:
        self.begin_anew(keep=True)

    def begin_anew(self, *, keep: bool = False) -> None:
        """Hash what is there; or forget it, and so what is longer than the file."""
        self.digest, self.size = new_digest(self.file), 0
        there = os.fstat(self.content.fileno()).st_size
        if not keep or there > self.file.size_bytes:
            self.content.truncate(0)
        self.content.seek(0)
        while chunk := self.content.read(CHUNK_BYTES):
            self.digest.update(chunk)
            self.size += len(chunk)
        self.tick(self.size)

    def take(self, data: bytes) -> None:
        """Write it down, no more than belongs to the file."""
        data = data[: self.file.size_bytes - self.size]
        written = 0
        try:
            while written < len(data):
                written += self.content.write(data[written:])
        finally:
            self.digest.update(data[:written])
            self.size += written
        self.tick(self.size)


def _receive(hub: Hub, repository: str, revision: str, inflow: _Inflow) -> None:
    """One request for all that is missing. Raises _LostError, or BundleMissing for an answer that will not change."""
    file = inflow.file
    headers = hub.headers() | {"Accept-Encoding": "identity"}
    if inflow.size:
        headers["Range"] = f"bytes={inflow.size}-"
    timeout = httpx2.Timeout(hub.patience.silence_s)
    try:
        url = hub.url(repository, revision, file.path)
        with get_session().stream("GET", url, headers=headers, timeout=timeout, follow_redirects=True) as answer:
            _check(hub, repository, answer, inflow)
            for data in _lively(answer, hub.patience):
                inflow.take(data)
    except OfflineModeIsEnabled as error:
        raise BundleMissing(f"{repository}/{file.path} is not here, and HF_HUB_OFFLINE forbids to fetch it.") from error
    except httpx2.HTTPError as error:
        raise _LostError(f"the connection failed ({type(error).__name__})") from error
    except OSError as error:
        raise BundleMissing(f"{file.path} can't be written: {error.strerror}. What was fetched stays.") from error
    if inflow.size < file.size_bytes:
        raise _LostError("the connection ended too early")


def _check(hub: Hub, repository: str, answer: httpx2.Response, inflow: _Inflow) -> None:
    """Look at an answer's head before a byte of its body is kept."""
    file, status = inflow.file, answer.status_code
    if status in Patience.PASSING:
        raise _LostError(f"the server answers {status}", _seconds(answer.headers.get("Retry-After")))
    if status == 416:
        inflow.begin_anew()
        raise _LostError("the server has less than was fetched")
    try:
        hf_raise_for_status(answer)
    except HfHubHTTPError as error:
        raise BundleMissing(refusal(repository, hub.endpoint, error, status)) from error
    tag = (answer.headers.get("X-Linked-Etag") or answer.headers.get("ETag") or "").removeprefix("W/").strip('"')
    if len(tag) == 64 and file.sha256 and tag != file.sha256:
        raise _LostError("the server holds another file under this name now")
    if inflow.size and not (status == 206 and _begins_at(answer.headers.get("Content-Range", ""), inflow.size, file.size_bytes)):
        if status == 206:
            raise _LostError("the server sends another part than was asked for")
        inflow.begin_anew()  # all of it comes again


def _begins_at(content_range: str, first: int, size: int) -> bool:
    """Whether `bytes 5-9/10` begins at `first` and is of a file of this size."""
    span, _, total = content_range.removeprefix("bytes ").partition("/")
    return span.partition("-")[0] == str(first) and total in {str(size), "*"}


def _seconds(header: str | None) -> float | None:
    with suppress(TypeError, ValueError):
        return max(float(header), 0.0) if header else None
    return None


def _lively(answer: httpx2.Response, patience: Patience) -> Iterator[bytes]:
    """The body, as long as it moves."""
    since, received = time.monotonic(), 0
    for data in answer.iter_bytes():
        yield data
        received += len(data)
        now = time.monotonic()
        if now - since >= patience.crawl_s:
            if received < patience.crawl_bytes:
                raise _LostError("the connection crawls")
            since, received = now, 0


def sync_folder(folder: Path) -> None:
    """Make a rename outlast a power cut, where the system can."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
