"""A local server that speaks the hub's protocol, and misbehaves on purpose.

What it answers follows the public hub: `/api/models/…` for a repository's commit and tree, `/…/resolve/…` for files; large ones are a
redirect, with `X-Linked-Etag` and `X-Linked-Size`, to another host that knows ranges.
"""

import hashlib
import json
import threading
from collections import defaultdict
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LARGE = 256
"""Bytes from which on a file is kept as LFS."""


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def git_sha1(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


@dataclass(frozen=True)
class Asked:
    """One request for a file's bytes."""

    path: str
    first: int
    """Byte that was asked for."""

    authorization: str | None


@dataclass
class Mischief:
    """What goes wrong with one answer."""

    after: int = 0
    """Bytes of the body that are sent as they should be."""

    kind: str = "cut"
    """cut, stall, crawl, flip, whole (ignores the range), shifted (another range), etag, gone (416), or a status."""


class HubServer(ThreadingHTTPServer):
    """Serves repositories; `mischief[path]` is used up answer by answer."""

    daemon_threads = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.repositories: dict[str, dict[str, bytes]] = {}
        self.commit = COMMIT
        self.mischief: dict[str, list[Mischief]] = defaultdict(list)
        self.api_mischief: list[int] = []
        """Statuses of the next answers to questions about a repository."""

        self.asked: list[Asked] = []
        self.stalled = threading.Event()
        self.closing = threading.Event()
        self.hashless = False
        self.drip_bytes = 0
        """Send bodies in pieces of so many bytes, so that there is time to kill somebody."""

        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def __enter__(self) -> "HubServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self.shutdown()
        self.server_close()
        self._thread.join()

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that go away are part of the game."""

    def bytes_asked(self, path: str) -> list[int]:
        """Where each request for a file began."""
        return [asked.first for asked in self.asked if asked.path == path]


@dataclass
class _Body:
    content: bytes
    path: str
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    mischief: Mischief | None = None


class _Handler(BaseHTTPRequestHandler):
    server: HubServer
    wbufsize: ClassVar[int] = 0

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the base class
        """Silence."""

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        path = unquote(urlsplit(self.path).path)
        if path.startswith("/api/models/"):
            self._api(path.removeprefix("/api/models/"))
        elif path.startswith("/cdn/"):
            repository, _, name = path.removeprefix("/cdn/").partition("//")
            self._bytes(self.server.repositories[repository][name], name, body=body, tag=None)
        else:
            repository, _, rest = path.lstrip("/").partition("/resolve/")
            self._resolve(repository, rest.partition("/")[2], body=body)

    def _api(self, path: str) -> None:
        if self.server.api_mischief:
            self._send(self.server.api_mischief.pop(0), b"{}")
            return
        repository = "/".join(path.split("/")[:2])
        files = self.server.repositories.get(repository)
        if files is None:
            self._send(404, b"{}", {"X-Error-Code": "RepoNotFound"})
        elif "/tree/" in path:
            self._send(200, json.dumps([self._entry(name, content) for name, content in sorted(files.items())]).encode())
        else:
            self._send(200, json.dumps({"id": repository, "sha": self.server.commit, "siblings": [], "tags": []}).encode())

    def _entry(self, name: str, content: bytes) -> dict[str, object]:
        entry: dict[str, object] = {"type": "file", "path": name, "size": len(content), "oid": git_sha1(content)}
        if len(content) >= LARGE:
            entry["lfs"] = {"oid": sha256(content), "size": len(content), "pointerSize": 134}
        if self.server.hashless:
            entry |= {"oid": ""}
            entry.pop("lfs", None)
        return entry

    def _resolve(self, repository: str, name: str, *, body: bool) -> None:
        content = self.server.repositories.get(repository, {}).get(name)
        if content is None:
            self._send(404, b"", {"X-Error-Code": "EntryNotFound"})
            return
        headers = {"X-Repo-Commit": self.server.commit}
        if len(content) < LARGE:
            self._bytes(content, name, body=body, tag=git_sha1(content))
            return
        headers |= {"X-Linked-Etag": f'"{sha256(content)}"', "X-Linked-Size": str(len(content))}
        host = f"http://localhost:{self.server.server_port}"
        self._send(302, b"", headers | {"Location": f"{host}/cdn/{repository}//{name}"})

    def _bytes(self, content: bytes, name: str, *, body: bool, tag: str | None) -> None:
        server, first = self.server, 0
        if wanted := self.headers.get("Range"):
            first = int(wanted.removeprefix("bytes=").partition("-")[0])
        server.asked.append(Asked(name, first, self.headers.get("Authorization")))
        mischief = server.mischief[name].pop(0) if server.mischief[name] else None
        kind = mischief.kind if mischief else ""
        if kind.isdigit():
            self._send(int(kind), b"", {"Retry-After": "0"})
            return
        if kind == "gone":
            self._send(416, b"")
            return
        if kind == "whole":
            first, wanted = 0, None
        if kind == "shifted":
            first += 1
        headers = {"ETag": f'"{tag or "0" * 32}"', "X-Repo-Commit": server.commit, "Content-Length": str(len(content) - first)}
        if kind == "etag":
            headers["ETag"] = f'"{"e" * 64}"'
        if wanted:
            headers["Content-Range"] = f"bytes {first}-{len(content) - 1}/{len(content)}"
        self.send_response(206 if wanted else 200)
        for key, text in headers.items():
            self.send_header(key, text)
        self.end_headers()
        if body:
            self._spill(content[first:], mischief)

    def _spill(self, content: bytes, mischief: Mischief | None) -> None:
        server = self.server
        if mischief is None or mischief.kind in {"whole", "shifted", "etag"}:
            step = server.drip_bytes or len(content) or 1
            for at in range(0, len(content), step):
                self.wfile.write(content[at : at + step])
                if server.drip_bytes and server.closing.wait(0.001):
                    return
            return
        self.wfile.write(content[: mischief.after])
        rest = content[mischief.after :]
        match mischief.kind:
            case "flip":
                self.wfile.write(bytes([rest[0] ^ 1]) + rest[1:])
            case "stall":
                server.stalled.set()
                server.closing.wait(20)
            case "crawl":
                for byte in rest:
                    self.wfile.write(bytes([byte]))
                    if server.closing.wait(0.02):
                        return

    def _send(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for key, text in (headers or {}).items():
            self.send_header(key, text)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
