"""Where the backbone runs: here, or on a vLLM server."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from parley_models.errors import InputError, UsageError

if TYPE_CHECKING:
    from parley_models.backbone.completions import Server

ENGINES = ("local", "vllm")
_EXAMPLE = "http://gpu.example:8000"


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """What a command line says about it."""

    engine: str = "local"
    url: str | None = None
    key_file: Path | None = None
    model: str | None = None

    def server(self) -> "Server | None":
        """The server, or None for this machine.

        Raises:
            UsageError: the options don't go together.
            InputError: the file with the key can't be read.
        """
        if self.engine not in ENGINES:
            raise UsageError(f"There is no engine “{self.engine}”; there are {' and '.join(ENGINES)}.")
        if self.engine == "local":
            if self.url or self.key_file or self.model:
                raise UsageError("An address, a key file and a model's name are for --engine vllm.")
            return None
        if not self.url:
            raise UsageError(f"Where is the server? --engine vllm needs --url, such as {_EXAMPLE}.")
        if not _is_address(self.url):
            raise UsageError(f"“{self.url}” is no address of a server: it looks like {_EXAMPLE}.")
        from parley_models.backbone.completions import Server

        return Server(self.url, self._key(), self.model)

    def _key(self) -> str | None:
        if self.key_file is None:
            return None
        try:
            return self.key_file.read_text("utf-8").strip()
        except (OSError, ValueError) as error:
            raise InputError(f"{self.key_file} can't be read as a key.") from error


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


HERE = EngineChoice()
"""On this machine."""
