"""A short training for torchrun: python training_together.py FOLDER STEPS [KILLED_AT]. It goes on from FOLDER's checkpoint."""

import os
import random
import signal
import sys
from pathlib import Path

import torch

from parley_models.backbone.config import BackboneConfig
from parley_models.backbone.model import StepOmni
from parley_training.backbone.stretch import UNLEARNED, Stretch
from parley_training.checkpoint import restore, save
from parley_training.parallel.fleet import Fleet, assembled
from parley_training.parallel.lanes import Lanes
from parley_training.parallel.learners import Learners
from parley_training.parallel.learning import Scored, learn
from parley_training.parallel.sharding import gather, spread
from parley_training.text.recipe import LAYOUT

LANES = 2
TINY = BackboneConfig(16, 24, 2, 1, 2, LAYOUT.vocab_size, max_seq_len=128)


def counting(rng: random.Random) -> Stretch:
    """Numbers that follow one another, in text or in audio ids."""
    first, count = rng.choice((10, LAYOUT.audio_offset)) + rng.randrange(50), rng.randint(3, 30)
    ids = list(range(first, first + count))
    return Stretch(ids, [*ids[1:], UNLEARNED])


def train(folder: Path, steps: int, fleet: Fleet, *, killed_at: int = 0) -> StepOmni:
    """Train for so many steps altogether; the model as it would be alone."""
    torch.set_num_threads(1)
    model, plain = StepOmni(TINY), StepOmni(TINY)
    model.init_weights(torch.Generator().manual_seed(0))
    kept = restore(folder / "checkpoint.pt")
    if kept is not None:
        model.load_state_dict(kept["model"])
    scored, rng = Scored(model), random.Random()
    spread(scored, model.model.layers, fleet)
    learners = Learners(model, fleet, 1e-2)
    lanes = Lanes(lambda _task: counting(rng), rng, lambda _fraction: {"count": 1.0}, mine=fleet.share(LANES), tokens=400)
    if kept is not None:
        learners.restore(kept["learners"])
        lanes.restore(kept["lanes"])
    losses = list(kept["losses"]) if kept is not None else []
    while len(losses) < steps:
        losses.append(learn(scored, list(lanes.next(0.5)), fleet).ids)
        learners.step(1e-2)
        if len(losses) == killed_at and fleet.rank == fleet.size - 1:
            os.kill(os.getpid(), signal.SIGKILL)
        gather(scored.trunk, plain)
        state = {"model": plain.state_dict(), "learners": learners.state(), "lanes": fleet.total(lanes.state(LANES)), "losses": losses}
        if fleet.leads:
            save(folder / "checkpoint.pt", state)
        fleet.agree(0.0)  # so that nobody is killed while rank 0 still writes
    return plain


if __name__ == "__main__":
    with assembled() as fleet:
        train(Path(sys.argv[1]), int(sys.argv[2]), fleet, killed_at=int(sys.argv[3]) if len(sys.argv) > 3 else 0)
