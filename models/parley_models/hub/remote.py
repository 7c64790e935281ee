"""The hub as Parley sees it: a repository's commit and its files with their hashes.

Made of huggingface_hub, so HF_ENDPOINT, HF_TOKEN, HF_HOME and HF_HUB_OFFLINE mean what they mean everywhere.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx2
from huggingface_hub import HfApi, constants, hf_hub_url, try_to_load_from_cache
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.hf_api import RepoFile
from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]  # it is public: its docs say so

from parley_models.errors import BundleMissing
from parley_models.hub.patience import PATIENT, Patience
from parley_models.hub.pins import Pin, RemoteFile

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Hub:
    """One server that speaks the hub's protocol."""

    endpoint: str = constants.ENDPOINT
    cache: Path = Path(constants.HF_HUB_CACHE)
    """Where other programs keep what they fetched from the hub; looked at first, never written to."""

    home: Path = Path(constants.HF_HOME)
    offline: bool = constants.HF_HUB_OFFLINE
    patience: Patience = PATIENT

    def pin(self, repository: str, revision: str | None = None) -> Pin:
        """Commit and files of a repository.

        Raises:
            BundleMissing: it can't be asked, or has no such repository.
        """
        self.must_be_online(repository)
        api = HfApi(endpoint=self.endpoint)
        commit = self._patiently(repository, lambda: api.model_info(repository, revision=revision).sha)
        if not commit:
            raise BundleMissing(f"{self.endpoint} does not say which commit of {repository} it holds.")
        entries = self._patiently(repository, lambda: list(api.list_repo_tree(repository, recursive=True, revision=commit)))
        files = [
            RemoteFile(entry.path, entry.lfs.size, sha256=entry.lfs.sha256)
            if entry.lfs
            else RemoteFile(entry.path, entry.size, git_sha1=entry.blob_id)
            for entry in entries
            if isinstance(entry, RepoFile)
        ]
        return Pin(commit, tuple(sorted(files, key=lambda file: file.path)))

    def url(self, repository: str, revision: str, path: str) -> str:
        """Where a file is asked for."""
        return hf_hub_url(repository, path, revision=revision, endpoint=self.endpoint)

    def headers(self) -> dict[str, str]:
        """What every request carries, the user's token included where there is one."""
        return {key: str(value) for key, value in build_hf_headers(library_name="parley").items()}

    def cached(self, repository: str, revision: str, path: str) -> Path | None:
        """The file in the hub's own cache, where it is there."""
        found = try_to_load_from_cache(repository, path, cache_dir=self.cache, revision=revision)
        return Path(found) if isinstance(found, str) else None

    def must_be_online(self, what: str) -> None:
        """Raises BundleMissing in offline mode."""
        if self.offline:
            raise BundleMissing(f"{what} is not here, and HF_HUB_OFFLINE forbids to fetch it.")

    def _patiently(self, repository: str, ask: Callable[[], T]) -> T:
        """Ask until there is an answer or patience ends."""
        for wait_s in self.patience.waits():
            try:
                return ask()
            except (HfHubHTTPError, EntryNotFoundError, OfflineModeIsEnabled, HFValidationError) as error:
                status = getattr(getattr(error, "response", None), "status_code", 0)
                if status not in Patience.PASSING or wait_s is None:
                    raise BundleMissing(refusal(repository, self.endpoint, error, status)) from error
            except httpx2.TransportError as error:
                if wait_s is None:
                    raise BundleMissing(f"{self.endpoint} can't be reached: {type(error).__name__}. What was fetched stays.") from error
            time.sleep(wait_s)
        raise AssertionError


def refusal(repository: str, endpoint: str, error: Exception, status: int) -> str:
    """One sentence about an answer that was no file."""
    match error:
        case GatedRepoError():
            return f"{repository} asks for consent: accept its terms on {endpoint}/{repository}, then set HF_TOKEN."
        case RevisionNotFoundError():
            return f"{repository} no longer holds the commit that was pinned."
        case RepositoryNotFoundError():
            return f"{endpoint} has no repository {repository} that may be read; a private one needs HF_TOKEN."
        case _:
            return f"{endpoint} answered {status or type(error).__name__} for {repository}. What was fetched stays; try again later."
