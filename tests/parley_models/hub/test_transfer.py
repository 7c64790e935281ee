"""A file from a server that does everything wrong: it arrives whole, or not at all."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from huggingface_hub import close_session

from parley_models.errors import BundleCorrupt, BundleMissing
from parley_models.hub.patience import Patience
from parley_models.hub.pins import RemoteFile
from parley_models.hub.remote import Hub
from parley_models.hub.transfer import fetch, matches
from tests.fakes.hub_server import COMMIT, HubServer, Mischief, git_sha1, sha256

REPOSITORY = "stepfun-ai/Some-Model"
LARGE = np.random.default_rng(5).bytes(300_000)
SMALL = b'{"hidden_size": 32}'
HASTY = Patience(tries=4, first_wait_s=0, silence_s=0.3, crawl_s=0.2, crawl_bytes=2_000)


@pytest.fixture
def server() -> Iterator[HubServer]:
    with HubServer() as server:
        server.repositories[REPOSITORY] = {"weights.safetensors": LARGE, "config.json": SMALL}
        yield server
        close_session()


@pytest.fixture
def hub(server: HubServer, tmp_path: Path) -> Hub:
    return Hub(server.endpoint, cache=tmp_path / "cache", home=tmp_path / "home", patience=HASTY)


@pytest.fixture
def large(hub: Hub) -> RemoteFile:
    return next(file for file in hub.pin(REPOSITORY).files if file.path == "weights.safetensors")


def brought(hub: Hub, file: RemoteFile, target: Path) -> bytes:
    return fetch(hub, REPOSITORY, COMMIT, file, target).read_bytes()


def parts(folder: Path) -> list[Path]:
    return list(folder.glob(".*.part"))


def test_a_listing_says_what_a_repository_holds(hub: Hub, server: HubServer) -> None:
    server.api_mischief = [503, 500]
    pin = hub.pin(REPOSITORY)

    assert pin.revision == COMMIT
    assert pin.files == (
        RemoteFile("config.json", len(SMALL), git_sha1=git_sha1(SMALL)),
        RemoteFile("weights.safetensors", len(LARGE), sha256=sha256(LARGE)),
    )


def test_files_arrive_small_and_large(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: HubServer) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    for file in hub.pin(REPOSITORY).files:
        assert brought(hub, file, tmp_path / file.path) == server.repositories[REPOSITORY][file.path]
        assert matches(tmp_path / file.path, file)
    told = {asked.path: asked.authorization for asked in server.asked}
    assert told == {"config.json": "Bearer hf_secret", "weights.safetensors": None}, "the token must not leave the hub's own host"


@pytest.mark.parametrize(
    "mischief",
    [
        [Mischief(100_000, "cut"), Mischief(50_000, "cut"), Mischief(1, "cut")],
        [Mischief(100_000, "stall")],
        [Mischief(100_000, "cut"), Mischief(kind="503"), Mischief(kind="429")],
        [Mischief(100_000, "cut"), Mischief(kind="etag")],
        [Mischief(100_000, "cut"), Mischief(kind="shifted")],
        [Mischief(100_000, "crawl")],
    ],
    ids=lambda mischief: "-".join(each.kind for each in mischief),
)
def test_what_came_is_never_fetched_again(hub: Hub, tmp_path: Path, server: HubServer, large: RemoteFile, mischief: list[Mischief]) -> None:
    server.mischief[large.path] = list(mischief)
    assert brought(hub, large, tmp_path / "weights") == LARGE

    begun = server.bytes_asked(large.path)
    assert len(begun) == len(mischief) + 1
    assert begun == sorted(begun)
    assert begun[1] >= 100_000
    assert not parts(tmp_path)


@pytest.mark.parametrize("kind", ["whole", "gone"])
def test_a_server_without_ranges_sends_it_all_again(hub: Hub, tmp_path: Path, server: HubServer, large: RemoteFile, kind: str) -> None:
    server.mischief[large.path] = [Mischief(100_000, "cut"), Mischief(kind=kind)]
    assert brought(hub, large, tmp_path / "weights") == LARGE


def test_a_flipped_bit_is_noticed_and_the_file_fetched_again(hub: Hub, tmp_path: Path, server: HubServer, large: RemoteFile) -> None:
    for count, at in enumerate(range(0, len(LARGE), 14_999)):
        server.mischief[large.path] = [Mischief(at, "flip")]
        assert brought(hub, large, tmp_path / f"weights-{at}") == LARGE
        assert server.bytes_asked(large.path) == [0, 0] * (count + 1)


def test_a_file_that_is_always_damaged_is_never_there(hub: Hub, tmp_path: Path, server: HubServer, large: RemoteFile) -> None:
    server.mischief[large.path] = [Mischief(7, "flip")] * 9
    with pytest.raises(BundleCorrupt, match=r"weights\.safetensors .* wrong hash"):
        brought(hub, large, tmp_path / "weights")
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_never_recovers_is_told_and_the_part_stays(hub: Hub, tmp_path: Path, server: HubServer, large: RemoteFile) -> None:
    server.mischief[large.path] = [Mischief(123_456, "cut"), *[Mischief(kind="500")] * 4]
    with pytest.raises(BundleMissing, match=r"the server answers 500.*What was fetched stays"):
        brought(hub, large, tmp_path / "weights")
    (part,) = parts(tmp_path)
    assert part.read_bytes() == LARGE[:123_456]
    assert not (tmp_path / "weights").exists()

    assert brought(hub, large, tmp_path / "weights") == LARGE
    assert server.bytes_asked(large.path)[-1] == 123_456


def test_a_part_of_any_length_is_gone_on_with(hub: Hub, tmp_path: Path, server: HubServer, large: RemoteFile) -> None:
    whole = len(LARGE)
    for length in [*range(0, whole + 1, 6_000), whole + 1, whole + 100_000]:
        server.asked.clear()
        part = tmp_path / f".weights-{length}.{large.digest[:16]}.part"
        part.write_bytes((LARGE + bytes(100_000))[:length])
        assert brought(hub, large, tmp_path / f"weights-{length}") == LARGE
        assert server.bytes_asked(large.path) == ([] if length == whole else [0] if length > whole else [length])


def test_a_part_that_was_damaged_on_the_disk_is_thrown_away(hub: Hub, tmp_path: Path, server: HubServer, large: RemoteFile) -> None:
    part = tmp_path / f".weights.{large.digest[:16]}.part"
    part.write_bytes(bytes(200_000))
    assert brought(hub, large, tmp_path / "weights") == LARGE
    assert server.bytes_asked(large.path) == [200_000, 0]


def test_what_is_whole_is_not_fetched_and_what_is_damaged_is(hub: Hub, tmp_path: Path, server: HubServer, large: RemoteFile) -> None:
    target = tmp_path / "weights"
    target.write_bytes(LARGE)
    assert brought(hub, large, target) == LARGE
    assert server.bytes_asked(large.path) == []
    target.write_bytes(LARGE[:-1] + b"?")
    assert brought(hub, large, target) == LARGE
    assert server.bytes_asked(large.path) == [0]


def test_what_has_no_hash_is_not_used(hub: Hub, tmp_path: Path, server: HubServer) -> None:
    server.hashless = True
    file = hub.pin(REPOSITORY).files[0]
    with pytest.raises(BundleCorrupt, match=r"no hash for config\.json"):
        brought(hub, file, tmp_path / "config.json")
    assert list(tmp_path.iterdir()) == []


def test_answers_that_will_not_change_are_told_at_once(hub: Hub, tmp_path: Path, server: HubServer, large: RemoteFile) -> None:
    server.mischief[large.path] = [Mischief(kind="403")] * 9
    with pytest.raises(BundleMissing, match="answered 403"):
        brought(hub, large, tmp_path / "weights")
    assert len(server.asked) == 1
    with pytest.raises(BundleMissing, match="no repository stepfun-ai/None"):
        hub.pin("stepfun-ai/None")


def test_offline_nothing_is_asked(hub: Hub, tmp_path: Path, server: HubServer, large: RemoteFile) -> None:
    quiet = Hub(hub.endpoint, hub.cache, hub.home, offline=True, patience=HASTY)
    server.asked.clear()
    with pytest.raises(BundleMissing, match="HF_HUB_OFFLINE"):
        brought(quiet, large, tmp_path / "weights")
    with pytest.raises(BundleMissing, match="HF_HUB_OFFLINE"):
        quiet.pin(REPOSITORY)
    assert server.asked == []


def test_nobody_there_is_told(tmp_path: Path) -> None:
    nobody = Hub("http://127.0.0.1:9", tmp_path, tmp_path, patience=HASTY)
    with pytest.raises(BundleMissing, match=r"http://127\.0\.0\.1:9 can't be reached"):
        nobody.pin(REPOSITORY)
