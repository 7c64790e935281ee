"""A backbone's training by the clock: stage after stage, on one process or a whole fleet, on from the last checkpoint."""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import save_file

from parley_models.backbone.model import StepOmni
from parley_models.backbone.weights import CONFIG_NAME, SINGLE_NAME
from parley_training.backbone.batch import AUDIO_WEIGHT
from parley_training.backbone.holding import Held
from parley_training.backbone.stages import Stage, stage_at
from parley_training.backbone.stretch import Stretch
from parley_training.checkpoint import Pace, restore, save
from parley_training.parallel.fleet import Fleet
from parley_training.parallel.lanes import Lanes
from parley_training.parallel.learners import Learners
from parley_training.parallel.learning import Losses, Scored, learn
from parley_training.parallel.sharding import gather, place, spread, whole

SAVE_EVERY_S = 240.0
TELL_EVERY = 25
"""Steps."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is learned from, how much at a time, and for how long."""

    write: Callable[[str], Stretch]
    """Makes an example of a task by `rng`."""

    rng: random.Random
    stages: Sequence[Stage]
    minutes: float
    rate: float
    """Learning rate at its peak."""

    tokens: int
    """Ids in a batch at most, padding to its longest example included; `collate` pads that to a multiple of 32."""

    lanes: int = 1
    """Batches in a step, shared out among the processes."""

    seed: int = 0
    audio_weight: float = AUDIO_WEIGHT
    """What an audio id to be said weighs; a text piece weighs one."""

    eager: bool = False
    """Without torch.compile; several processes never compile."""


class Training:
    """One model in training. All processes of a fleet must make the same calls."""

    def __init__(self, model: StepOmni, plan: Plan, out: Path, fleet: Fleet) -> None:
        """Begin, or go on from `out/checkpoint.pt`, whoever wrote it: one process, more, fewer, or `restoration`."""
        state = restore(out / "checkpoint.pt")
        if state is not None:
            model.load_state_dict(state["model"])
        self._plan, self._out, self._fleet, self._model = plan, out, fleet, model.to(fleet.device)
        alone = fleet.mesh is None
        self._whole = model if alone and fleet.device == "cpu" else StepOmni(model.config)
        if alone and not plan.eager:
            model.compile(dynamic=True)
        self._scored = Scored(model)
        spread(self._scored, model.model.layers, fleet)
        if state is not None and "phones" in state:
            for weight, complete in zip(self._scored.phones.parameters(), state["phones"], strict=True):
                place(weight, complete)
        self._learners = Learners(self._scored, fleet, plan.rate)
        self._pace = Pace(plan.minutes, state["elapsed_s"] if state else 0.0, save_every_s=SAVE_EVERY_S)
        self._step = state["step"] if state else 0
        lanes = state.get("lanes") if state else None
        same = lanes is not None and len(lanes) == plan.lanes
        # Where the lanes are others than the checkpoint's, what they bring must not be what was learned already.
        drawn = 0 if same else self._step
        self._lanes = Lanes(
            plan.write,
            plan.rng,
            lambda fraction: stage_at(plan.stages, fraction).tasks,
            mine=fleet.share(plan.lanes),
            tokens=plan.tokens,
            seed=plan.seed,
            drawn=drawn,
            audio_weight=plan.audio_weight,
        )
        if state is not None and "optimizers" in state:  # a bundle keeps none
            self._learners.restore(state["optimizers"])
        if lanes is not None and same:
            self._lanes.restore(lanes)

    def run(self, tell: Callable[[str], object], look: Callable[[StepOmni], object]) -> StepOmni:
        """Train until the time is up; the whole model, on the CPU if there are several processes.

        `tell` gets a line now and then, and with every checkpoint what `look` finds of the model; both on rank 0 alone.
        """
        fleet, pace, stages = self._fleet, self._pace, self._plan.stages
        losses, seen, at = list[Losses](), 0, -1
        held, fraction = Held(self._model, "everything"), 0.0
        while fraction < 1.0:
            fraction = fleet.agree(pace.fraction)
            now = stages.index(stage_at(stages, fraction))
            if now != at:
                self._keep(stages[at:now] if at >= 0 else ())  # a stage may be shorter than a step
                at, held = now, Held(self._model, stages[now].learns)
            batches = list(self._lanes.next(fraction))
            losses.append(learn(self._scored, batches, fleet))
            self._learners.step(fleet.agree(pace.learning_rate(self._plan.rate)))
            held.put_back()
            self._step += 1
            seen += sum(batch.ids.numel() for batch in batches) * fleet.size
            if fleet.leads and self._step % TELL_EVERY == 0:
                ids, phones = (sum(each) / len(each) for each in zip(*losses, strict=True))
                losses.clear()
                pace_ids = seen / (pace.elapsed_s - pace.spent_s)
                done = f"step {self._step} {stages[at].name} {pace.elapsed_s / 60:.1f} min"
                tell(f"{done} loss {ids:.3f} phones {phones:.3f} {pace_ids:.0f} ids/s")
            if fleet.agree(float(pace.save_is_due())) or fraction >= 1.0:
                self._save()
                if fleet.leads:
                    tell(str(look(self._whole)))
        self._keep(stages[at:])
        return self._whole.eval()

    def _gather(self) -> None:
        if self._whole is not self._model:
            gather(self._model, self._whole)

    def _save(self) -> None:
        self._gather()
        state: dict[str, Any] = {"model": self._whole.state_dict(), "optimizers": self._learners.state(), "step": self._step}
        state |= {"phones": [whole(weight.detach()) for weight in self._scored.phones.parameters()]}
        state |= {"lanes": self._fleet.total(self._lanes.state(self._plan.lanes)), "elapsed_s": self._pace.elapsed_s}
        if self._fleet.leads:
            save(self._out / "checkpoint.pt", state)

    def _keep(self, ended: Sequence[Stage]) -> None:
        """Write what was learned under the names of the stages that end here, if they are to be kept."""
        for stage in ended:
            if stage.kept:
                self._gather()
                if self._fleet.leads:
                    write_backbone(self._whole, self._out / stage.name)


def write_backbone(model: StepOmni, folder: Path) -> None:
    """Write `config.json` and `model.safetensors`; a kill leaves no half of them."""
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / "model.part"
    save_file({name: weight.contiguous().cpu() for name, weight in model.state_dict().items()}, unfinished)
    (folder / CONFIG_NAME).write_text(json.dumps(model.config.to_dict(), indent=1), encoding="utf-8")
    unfinished.replace(folder / SINGLE_NAME)
