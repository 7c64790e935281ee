"""Sizes are asked for before anything is fetched."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from downloads import Download, Size, size_of


class Wheels(BaseHTTPRequestHandler):
    """Every wheel has 12,000,000 bytes, unless its name says that the server does not tell."""

    def do_HEAD(self) -> None:
        self.send_response(200)
        if "untold" not in self.path:
            self.send_header("Content-Length", "12000000")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name is the base class's)
        """Keep quiet."""


@pytest.fixture
def address() -> Iterator[str]:
    """Where the wheels lie."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Wheels) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_sizes_add_up_and_gaps_are_counted(address: str) -> None:
    size = size_of(
        [Download("a", "1", f"{address}/a.whl"), Download("b", "1", f"{address}/b.whl"), Download("c", "1", f"{address}/untold.whl")]
    )

    assert size == Size(24.0, 1)
    assert str(size) == "24 MB and 1 packages of unknown size"


def test_what_is_on_this_machine_is_not_downloaded() -> None:
    assert size_of([Download("a", "1", "file:///nowhere/a.whl")]) == Size(0.0, 0)


def test_a_server_that_is_not_there_leaves_the_size_unknown() -> None:
    assert size_of([Download("a", "1", "http://127.0.0.1:9/a.whl")]).unknown == 1


@pytest.mark.parametrize(
    ("name", "cuda"), [("nvidia-cublas", True), ("triton", True), ("cuda-bindings", True), ("torch", False), ("numpy", False)]
)
def test_cuda_packages_are_recognized(name: str, cuda: bool) -> None:
    assert Download(name, "1", "").is_cuda is cuda
