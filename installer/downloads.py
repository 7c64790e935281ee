"""What pip would fetch, and how big it is, before it does."""

import json
import os
import re
import ssl
import subprocess
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory


@dataclass(frozen=True)
class Download:
    """One package that pip chose."""

    name: str
    version: str
    url: str

    @property
    def is_cuda(self) -> bool:
        """Whether it is of use only beside an NVIDIA GPU."""
        return self.name.startswith(("nvidia-", "cuda-")) or self.name == "triton"


@dataclass(frozen=True)
class Size:
    """How much a plan fetches at most: what pip's own cache holds is not fetched again."""

    total_mb: float
    unknown: int
    """Packages whose server did not say."""

    def __str__(self) -> str:
        text = f"{self.total_mb:,.0f} MB" if self.total_mb >= 10 else f"{self.total_mb:.1f} MB"
        return f"{text} and {self.unknown} packages of unknown size" if self.unknown else text


def plan(python: Path, requirements: list[str]) -> list[Download]:
    """Ask pip what it would install into the environment of `python`; nothing is installed.

    Raises:
        subprocess.CalledProcessError: pip found no way; it has said why on stderr.

    """
    with TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [str(python), "-m", "pip", "install", "--quiet", "--dry-run", "--report", str(report), *requirements]
        subprocess.run(command, check=True)
        chosen = json.loads(report.read_text(encoding="utf-8"))["install"]
    return [Download(normal(each["metadata"]["name"]), each["metadata"]["version"], each["download_info"]["url"]) for each in chosen]


def normal(name: str) -> str:
    """A package's name as indexes compare them: `nvidia-cublas` for `NVIDIA_cublas`."""
    return re.sub(r"[-_.]+", "-", name).lower()


def size_of(downloads: list[Download]) -> Size:
    """Ask the servers how big the files are, all at once; what lies on this machine already counts nothing."""
    remote = [each.url for each in downloads if each.url.startswith("http")]
    with ThreadPoolExecutor(max_workers=16) as askers:
        sizes = list(askers.map(size_bytes, remote))
    return Size(sum(size for size in sizes if size) / 1e6, sum(size is None for size in sizes))


def size_bytes(url: str) -> int | None:
    """The size of one remote file, None if the server does not say."""
    certificates = ssl.create_default_context(cafile=os.environ.get("PIP_CERT"))
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=10, context=certificates) as answer:
            return int(answer.headers["Content-Length"])
    except (urllib.error.URLError, TimeoutError, TypeError, ValueError):
        return None
