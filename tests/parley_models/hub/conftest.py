from pathlib import Path

import pytest

from tests.fakes.upstream_checkpoint import upstream_checkpoint


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole checkpoint in upstream's formats, very small; nobody may change it."""
    return upstream_checkpoint(tmp_path_factory.mktemp("upstream"))
