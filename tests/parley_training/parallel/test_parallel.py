"""Training on several processes: the same batches, the same gradients and the same weights as on one."""

import os
import random
import socket
import subprocess
import sys
from collections.abc import Mapping
from multiprocessing import get_context
from pathlib import Path

import pytest
import torch
from torch import Tensor

from parley_models.errors import UsageError
from parley_training.backbone.stretch import UNLEARNED, Stretch
from parley_training.checkpoint import restore
from parley_training.parallel.fleet import Fleet, assembled
from parley_training.parallel.lanes import POOL, Lanes
from tests.parley_training.parallel import training_together

PROGRAM = Path(training_together.__file__)
STEPS, KILLED_AT = 5, 4
FORKS = pytest.mark.skipif(sys.platform == "win32", reason="needs fork")


def member(rank: int, port: int, folder: Path, steps: int, killed_at: int) -> None:
    """One of two processes, told who it is as torchrun would tell it."""
    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    with assembled() as fleet:
        training_together.train(folder, steps, fleet, killed_at=killed_at)


def two(folder: Path, steps: int, killed_at: int = 0) -> list[int | None]:
    """Two gloo processes train; their exit codes. Forked, because importing torch anew takes longer than the training."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started = [get_context("fork").Process(target=member, args=(rank, port, folder, steps, killed_at)) for rank in range(2)]
    for process in started:
        process.start()
    for process in started:
        process.join()
    return [process.exitcode for process in started]


def weights(folder: Path) -> Mapping[str, Tensor]:
    kept = restore(folder / "checkpoint.pt")
    assert kept is not None
    flat: dict[str, Tensor] = kept["model"]
    return flat


@FORKS
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_two_processes_learn_what_one_learns_though_one_of_them_is_killed(tmp_path: Path) -> None:
    together, alone = tmp_path / "together", tmp_path / "alone"
    assert 0 not in two(together, STEPS, KILLED_AT)
    interrupted = restore(together / "checkpoint.pt")
    assert interrupted is not None and len(interrupted["losses"]) == KILLED_AT - 1
    assert two(together, STEPS) == [0, 0]

    training_together.train(alone, STEPS, Fleet())

    one, both = restore(alone / "checkpoint.pt"), restore(together / "checkpoint.pt")
    assert one is not None and both is not None
    assert both["losses"] == pytest.approx(one["losses"], rel=1e-3)
    assert both["losses"][-1] < both["losses"][0]
    for name, weight in weights(alone).items():
        torch.testing.assert_close(weights(together)[name], weight, rtol=1e-3, atol=1e-4, msg=name)
    assert torch.equal(both["lanes"], one["lanes"])

    training_together.train(alone, STEPS + 1, Fleet())
    training_together.train(together, STEPS + 1, Fleet())  # what two began, one may end
    for name, weight in weights(alone).items():
        torch.testing.assert_close(weights(together)[name], weight, rtol=1e-3, atol=1e-4, msg=name)


@pytest.mark.slow
def test_torchrun_starts_a_fleet(tmp_path: Path) -> None:
    root = PROGRAM.parents[3]
    paths = os.pathsep.join(str(root / name) for name in ("models", "assets", ""))
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(PROGRAM), str(tmp_path), "2"]
    known = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
    ended = subprocess.run(command, env=known, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr[-2000:]
    training_together.train(tmp_path / "alone", 2, Fleet())
    one, both = restore(tmp_path / "alone" / "checkpoint.pt"), restore(tmp_path / "checkpoint.pt")
    assert one is not None and both is not None
    assert both["losses"] == pytest.approx(one["losses"], rel=1e-3)


def test_a_stopped_run_goes_on_as_if_it_had_not_stopped(tmp_path: Path) -> None:
    training_together.train(tmp_path / "straight", 4, Fleet())
    training_together.train(tmp_path / "stopped", 2, Fleet())
    training_together.train(tmp_path / "stopped", 4, Fleet())
    for name, weight in weights(tmp_path / "straight").items():
        assert torch.equal(weights(tmp_path / "stopped")[name], weight), name


def numbers(count: int, mine: range, drawn: int) -> list[list[int]]:
    """What so many steps of some lanes bring: the first ids of the examples."""
    rng = random.Random()

    def write(_task: str) -> Stretch:
        ids = [rng.randrange(1000) for _ in range(rng.randint(2, 40))]
        return Stretch(ids, [*ids[1:], UNLEARNED])

    lanes = Lanes(write, rng, lambda _fraction: {"any": 1.0}, mine=mine, tokens=300)
    lanes.restore(torch.zeros(count, 3, dtype=torch.float64))
    return [batch.ids[:, 0].tolist() for _ in range(drawn) for batch in lanes.next(0.0)]


def test_lanes_bring_the_same_whoever_works_on_them() -> None:
    every = numbers(4, range(4), 3)
    first, second = numbers(4, range(0, 4, 2), 3), numbers(4, range(1, 4, 2), 3)
    assert every == [batch for pair in zip(first, second, strict=True) for batch in pair]
    assert every[0] != every[1]


def test_a_lane_whose_pool_has_fewer_batches_than_it_had_goes_on_with_the_next_pool() -> None:
    rng = random.Random()
    lanes = Lanes(lambda _: Stretch([rng.randrange(9)] * 20, [UNLEARNED] * 20), rng, lambda _: {"any": 1.0}, mine=[0], tokens=2000)
    lanes.restore(torch.tensor([[3.0, 0.4, 1e6]], dtype=torch.float64))
    assert next(iter(lanes.next(0.4))).ids.shape[1] == 32
    assert lanes.state(1)[0].tolist() == [4, 0.4, 1]


def test_a_lane_goes_on_behind_its_last_batch_with_the_shares_it_was_drawn_by() -> None:
    rng, asked = random.Random(), list[str]()

    def write(task: str) -> Stretch:
        asked.append(task)
        return Stretch([rng.randrange(9) for _ in range(20)], [UNLEARNED] * 20)

    def lanes() -> Lanes:
        return Lanes(write, rng, lambda fraction: {"early" if fraction < 0.5 else "late": 1.0}, mine=range(1), tokens=2000)

    before = lanes()
    batches = [next(iter(before.next(0.4))) for _ in range(3)]
    after = lanes()
    asked.clear()
    after.restore(before.state(1))
    assert len(asked) == POOL
    expected, found = next(iter(before.next(0.9))), next(iter(after.next(0.9)))
    assert torch.equal(found.ids, expected.ids)
    assert not torch.equal(found.ids, batches[-1].ids)
    assert set(asked) == {"early"}


def test_lanes_that_cannot_be_shared_evenly_are_refused() -> None:
    with pytest.raises(UsageError, match="3 lanes can't be shared evenly among 2 processes"):
        Fleet(rank=1, size=2).share(3)


def test_a_process_that_torchrun_did_not_start_is_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with assembled() as fleet:
        assert (fleet.rank, fleet.size, fleet.leads) == (0, 1, True)
        assert fleet.agree(0.25) == 0.25
