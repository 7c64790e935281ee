"""A pull that is cut off, misled, killed and resumed makes the same model as converting a whole checkpoint."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock
from huggingface_hub import close_session
from safetensors.torch import load, load_file, save

from parley_models.backbone.backbone import Backbone
from parley_models.backbone.convert import quantize_checkpoint
from parley_models.backbone.quantize import Quantization
from parley_models.errors import BundleCorrupt, BundleMissing, UsageError
from parley_models.hub.catalogue import BACKBONE, CATALOGUE, Entry, Source
from parley_models.hub.converter import Tick
from parley_models.hub.footprint import INT8, Footprint
from parley_models.hub.journal import Journal
from parley_models.hub.making import BackboneMaker
from parley_models.hub.patience import Patience
from parley_models.hub.places import Places
from parley_models.hub.pull import SPARE_BYTES, PullNews, pull
from parley_models.hub.receipt import inspect
from parley_models.hub.remote import Hub
from tests.conftest import ROOT
from tests.fakes.float_checkpoint import CONFIG, float_checkpoint
from tests.fakes.hub_server import HubServer, Mischief, sha256

REPOSITORY = "stepfun-ai/Tiny-Draft"
HASTY = Patience(tries=3, first_wait_s=0, silence_s=0.3)
SOURCE = Source(BACKBONE, REPOSITORY, 1_000_000, 400_000, ("*.safetensors", "*.json"), ("*.md", "*.py"))
DRAFT = Entry("tiny-draft", "Tiny", "Apache-2.0", "a test", INT8, CONFIG, (SOURCE,), drafts_for="mini")
FILES = float_checkpoint()
Contents = dict[str, object]
SHARDS = sorted(name for name in FILES if name.endswith(".safetensors"))


@pytest.fixture
def server() -> Iterator[HubServer]:
    with HubServer() as server:
        server.repositories[REPOSITORY] = dict(FILES)
        yield server
        close_session()


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path / "data", tmp_path / "downloads")


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Contents:
    """What converting the whole checkpoint at once gives."""
    source, target = tmp_path_factory.mktemp("whole"), tmp_path_factory.mktemp("converted")
    for name, content in FILES.items():
        (source / name).write_bytes(content)
    quantize_checkpoint(source, target, Quantization("int8"))
    return contents(target)


def bring(server: HubServer, places: Places, news: list[PullNews] | None = None, *, entry: Entry = DRAFT, offline: bool = False) -> Path:
    hub = Hub(server.endpoint, places.downloads / "hub", places.downloads, offline=offline, patience=HASTY)
    return pull(entry, BackboneMaker(Quantization("int8")), hub, places, (news if news is not None else []).append)


def contents(folder: Path) -> Contents:
    """What a backbone's files say, whatever the order in which they say it."""
    found: Contents = {}
    for path in folder.iterdir():
        if path.suffix == ".safetensors":
            tensors = load_file(path)
            found |= {f"{path.name}/{key}": (str(tensor.dtype), tensor.tolist()) for key, tensor in tensors.items()}
        else:
            found[path.name] = json.loads(path.read_text())
    return found


def made(folder: Path) -> Contents:
    return contents(folder / "backbone")


def test_a_pull_makes_what_converting_makes_and_leaves_nothing_else(server: HubServer, places: Places, expected: Contents) -> None:
    news: list[PullNews] = []
    folder = bring(server, places, news)

    assert folder == places.data / "drafts" / "tiny-draft"
    assert made(folder) == expected
    assert all(state.trouble is None for state in inspect(folder))
    assert {asked.path for asked in server.asked} == {*SHARDS, "config.json", "model.safetensors.index.json"}
    assert [path for path in places.downloads.rglob("*") if path.is_file() and path.suffix != ".lock"] == []
    assert [item.name for item in folder.parent.iterdir()] == ["tiny-draft"]
    assert news[-1].doing == "finishing"
    assert news[-1].done_bytes == news[-1].total_bytes == sum(len(FILES[asked.path]) for asked in server.asked)
    assert list(dict.fromkeys(each.path for each in news if each.doing == "converting")) == ["small parts", *SHARDS]

    server.asked.clear()
    assert bring(server, places) == folder
    assert server.asked == []


def test_a_single_shard_is_found_under_its_own_name(server: HubServer, places: Places) -> None:
    """Step-Audio-TTS-3B, which drafts for the 130B, may well be one file that is not called model.safetensors."""
    state = {key: tensor for name in SHARDS for key, tensor in load(FILES[name]).items()}
    index = {"metadata": {}, "weight_map": dict.fromkeys(state, "model-00001.safetensors")}
    server.repositories[REPOSITORY] = {
        "model-00001.safetensors": save(state),
        "model.safetensors.index.json": json.dumps(index).encode(),
        "config.json": FILES["config.json"],
    }
    drafting = Backbone.load(bring(server, places) / "backbone")
    assert drafting.prefill([1, 2, 3]).shape == (CONFIG.vocab_size,)


@pytest.mark.parametrize("occupied", ["data", "downloads"])
def test_a_place_that_can_not_be_written_is_named(server: HubServer, places: Places, occupied: str) -> None:
    (places.data.parent / occupied).write_bytes(b"a file where a folder should be")
    with pytest.raises(BundleMissing, match=rf"{occupied}.* can't be written: .+ What was fetched stays\.$"):
        bring(server, places)


class Slow(BackboneMaker):
    """Converts only when it is told to."""

    begun: threading.Event
    go_on: threading.Event

    def __init__(self) -> None:
        super().__init__(Quantization("int8"))
        object.__setattr__(self, "begun", threading.Event())
        object.__setattr__(self, "go_on", threading.Event())

    def take_shard(self, shard: Path, sources: Mapping[str, Path], target: Path, tick: Tick) -> Path | None:
        self.begun.set()
        assert self.go_on.wait(20)
        return super().take_shard(shard, sources, target, tick)


def test_the_next_shard_is_fetched_while_one_is_converted(server: HubServer, places: Places, expected: Contents) -> None:
    maker = Slow()

    def look(news: PullNews) -> None:
        if news.doing == "fetching" and news.path == SHARDS[1] and maker.begun.is_set():
            maker.go_on.set()  # which nothing else does: were they not at work together, this would never end

    hub = Hub(server.endpoint, places.downloads / "hub", places.downloads, patience=HASTY)
    assert made(pull(DRAFT, maker, hub, places, look)) == expected


def test_who_interrupts_does_not_wait_for_a_whole_shard(server: HubServer, places: Places, expected: Contents) -> None:
    def look(news: PullNews) -> None:
        if news.doing == "fetching" and news.path == SHARDS[1] and maker.begun.is_set():
            maker.go_on.set()
            raise KeyboardInterrupt

    maker = Slow()
    hub = Hub(server.endpoint, places.downloads / "hub", places.downloads, patience=HASTY)
    with pytest.raises(KeyboardInterrupt):
        pull(DRAFT, maker, hub, places, look)
    assert not places.model(DRAFT).exists()
    assert made(bring(server, places)) == expected


def test_no_two_shards_lie_on_a_small_disk(server: HubServer, places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    most, sizes = 0, sorted(len(FILES[name]) for name in SHARDS)
    small = sum(len(content) for name, content in FILES.items() if name not in SHARDS)
    shrunk = Footprint(CONFIG, INT8)
    stays = round(sum(sizes) * shrunk.weight_bytes / (2 * shrunk.parameters)) + small + SPARE_BYTES
    full = shutil.disk_usage(places.data.parent)._replace(free=stays + sizes[-1] + small)  # to the byte
    monkeypatch.setattr(shutil, "disk_usage", lambda _: full)

    def look(_: PullNews) -> None:
        nonlocal most
        most = max(most, sum(path.suffix in {".safetensors", ".part"} for path in places.downloads.rglob("*")))

    hub = Hub(server.endpoint, places.downloads / "hub", places.downloads, patience=HASTY)
    pull(DRAFT, BackboneMaker(Quantization("int8")), hub, places, look)
    assert most == 1


def test_a_pull_goes_on_after_trouble_and_fetches_nothing_twice(server: HubServer, places: Places, expected: Contents) -> None:
    server.mischief[SHARDS[2]] = [Mischief(5_000, "cut"), *[Mischief(kind="502")] * 3]
    with pytest.raises(BundleMissing, match="answers 502"):
        bring(server, places)
    assert not places.model(DRAFT).exists()

    assert made(bring(server, places)) == expected
    assert server.bytes_asked(SHARDS[2]) == [0, 5_000, 5_000, 5_000, 5_000]
    assert all(len(server.bytes_asked(name)) == 1 for name in SHARDS if name != SHARDS[2])


def test_a_repository_that_changed_since_it_was_pinned_is_refused(server: HubServer, places: Places) -> None:
    server.mischief[SHARDS[1]] = [Mischief(kind="403")]
    with pytest.raises(BundleMissing, match="answered 403"):
        bring(server, places)
    changed = bytearray(FILES[SHARDS[1]])
    changed[-1] ^= 1
    server.repositories[REPOSITORY][SHARDS[1]] = bytes(changed)
    with pytest.raises(BundleCorrupt, match="wrong hash"):
        bring(server, places)
    assert not places.model(DRAFT).exists()


def test_a_hash_that_everybody_knows_must_be_the_repositorys(server: HubServer, places: Places) -> None:
    source = replace(SOURCE, sha256={SHARDS[0]: "0" * 64})
    with pytest.raises(BundleCorrupt, match=rf"another {SHARDS[0]} than"):
        bring(server, places, entry=replace(DRAFT, sources=(source,)))
    assert server.asked == []


def test_what_was_made_and_then_damaged_on_the_disk_is_made_again(server: HubServer, places: Places, expected: Contents) -> None:
    server.mischief[SHARDS[2]] = [Mischief(kind="403")]
    with pytest.raises(BundleMissing):
        bring(server, places)
    first = places.unfinished(DRAFT) / "backbone" / SHARDS[0]
    content = bytearray(first.read_bytes())
    content[-1] ^= 1
    first.write_bytes(content)

    assert made(bring(server, places)) == expected
    assert [asked.path for asked in server.asked].count(SHARDS[0]) == 2


def test_a_checkpoint_that_lacks_a_tensor_is_no_model(server: HubServer, places: Places) -> None:
    server.repositories[REPOSITORY] = float_checkpoint(without="model.norm.weight")
    with pytest.raises(BundleCorrupt, match=r"lacks the tensor model\.norm\.weight"):
        bring(server, places)
    assert not places.model(DRAFT).exists()


@pytest.mark.parametrize(
    "path", ["../escape.safetensors", "/etc/escape.safetensors", "a/../../escape.safetensors", "..\\escape.safetensors"]
)
def test_names_that_leave_the_folder_are_refused(server: HubServer, places: Places, path: str) -> None:
    server.repositories[REPOSITORY][path] = FILES[SHARDS[0]]
    with pytest.raises(BundleCorrupt, match="outside its folder"):
        bring(server, places)
    assert server.asked == []


def test_the_hubs_own_cache_is_used_and_checked(server: HubServer, places: Places, expected: Contents) -> None:
    snapshot = places.downloads / "hub" / "models--stepfun-ai--Tiny-Draft" / "snapshots" / server.commit
    snapshot.mkdir(parents=True)
    for name, content in FILES.items():
        (snapshot / name).write_bytes(content)
    (snapshot / SHARDS[1]).write_bytes(bytes(len(FILES[SHARDS[1]])))

    assert made(bring(server, places)) == expected
    assert [asked.path for asked in server.asked] == [SHARDS[1]], "the cache held a damaged one"
    assert (snapshot / SHARDS[0]).is_file(), "the cache is not ours to empty"

    shutil.rmtree(places.model(DRAFT))
    (snapshot / SHARDS[1]).write_bytes(FILES[SHARDS[1]])
    assert made(bring(server, places, offline=True)) == expected


def test_offline_and_not_here_is_told(server: HubServer, places: Places) -> None:
    with pytest.raises(BundleMissing, match="HF_HUB_OFFLINE forbids"):
        bring(server, places, offline=True)


def test_two_pulls_do_not_meet(server: HubServer, places: Places) -> None:
    places.downloads.mkdir()
    with FileLock(places.downloads / ".tiny-draft.lock"), pytest.raises(UsageError, match="already being pulled"):
        bring(server, places)


def test_mini_is_not_pulled(server: HubServer, places: Places) -> None:
    with pytest.raises(UsageError, match="comes with Parley"):
        bring(server, places, entry=CATALOGUE["mini"])


def test_a_disk_that_is_too_small_is_told_before_anything_is_fetched(
    server: HubServer, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = shutil.disk_usage(places.data.parent)._replace(free=1_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: full)
    with pytest.raises(BundleMissing, match=r"has 0\.0 GB free, but 1\.0 GB for the model and"):
        bring(server, places)
    assert server.asked == []


def test_a_model_that_was_thrown_away_before_its_pull_had_tidied_up_is_made_again(
    server: HubServer, places: Places, expected: Contents, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as killed:
        killed.setattr(shutil, "rmtree", lambda _: None)  # the last thing that a pull does
        bring(server, places)
    shutil.rmtree(places.data)
    assert made(bring(server, places)) == expected


KILLS = int(os.environ.get("PARLEY_KILLS", "5"))


@pytest.mark.timeout(900)  # importing torch in another process took minutes beside a training
def test_a_pull_killed_at_random_moments_loses_nothing(server: HubServer, places: Places, expected: Contents) -> None:
    """PARLEY_KILLS says how often; each kill comes at a random moment after a pull has begun to fetch."""
    server.drip_bytes = 300
    dice = random.Random(11)
    completed = 0
    with Pullers(server, places) as pullers:
        for _ in range(KILLS):
            if places.model(DRAFT).exists():
                assert made(places.model(DRAFT)) == expected, "half a model must never have its name"
                shutil.rmtree(places.data)
                completed += 1
            kept, done = parts(places), shards_done(places)
            server.asked.clear()
            pullers.kill_one_after(dice.uniform(0, 0.8))
            begun = {asked.path: asked.first for asked in reversed(server.asked)}
            assert not set(begun) & done, "what was converted is not fetched again"
            assert all(first == kept.get(path, 0) for path, first in begun.items()), "what was fetched is not fetched again"
    server.drip_bytes = 0
    assert made(bring(server, places)) == expected
    assert [state for state in inspect(places.model(DRAFT)) if state.trouble] == []
    print(f"{KILLS} kills, {completed} pulls completed between them")  # noqa: T201 - read by whoever runs fifty


def parts(places: Places) -> dict[str, int]:
    return {path.name[1:-22]: path.stat().st_size for path in (places.fetched(DRAFT) / BACKBONE).glob(".*.part")}


def shards_done(places: Places) -> set[str]:
    journal = Journal(places.fetched(DRAFT) / "journal.json", places.unfinished(DRAFT))
    return {name for name in SHARDS if journal.has(name, sha256(FILES[name]))}


class Pullers:
    """A process that has everything imported, and forks one that pulls whenever it is told to."""

    def __init__(self, server: HubServer, places: Places) -> None:
        self._server = server
        command = [sys.executable, "-c", PULLER, server.endpoint, str(places.data), str(places.downloads)]
        self._parent = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> "Pullers":
        return self

    def __exit__(self, *_: object) -> None:
        self._parent.communicate(timeout=60)

    def kill_one_after(self, seconds: float) -> None:
        """Let one pull, and kill it so many seconds after its first request."""
        puller = int(self._ask())
        deadline = time.monotonic() + 60
        while not self._server.asked and time.monotonic() < deadline:
            time.sleep(0.002)
        time.sleep(seconds)
        os.kill(puller, signal.SIGKILL)  # not yet waited for, so still this one's number
        self._ask()

    def _ask(self) -> str:
        assert self._parent.stdin
        assert self._parent.stdout
        self._parent.stdin.write("\n")
        self._parent.stdin.flush()
        return self._parent.stdout.readline()


PULLER = """
import os, sys
sys.path[:0] = ["models", "app", "assets", "."]
from pathlib import Path
from tests.parley_models.hub.test_pull import BackboneMaker, DRAFT, HASTY, Hub, Places, Quantization, pull

endpoint, data, downloads = sys.argv[1:]
places = Places(Path(data), Path(downloads))
while sys.stdin.readline():
    child = os.fork()
    if not child:
        pull(DRAFT, BackboneMaker(Quantization("int8")), Hub(endpoint, places.downloads / "hub", places.downloads, patience=HASTY), places)
        os._exit(0)
    print(child, flush=True)
    sys.stdin.readline()
    os.waitpid(child, 0)
    print("gone", flush=True)
"""
