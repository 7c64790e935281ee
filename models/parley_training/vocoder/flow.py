"""Train Mini's flow: speech tokens to mel, block by block on the vocoder's grid.

    python -m parley_training.vocoder.flow --data runs/corpus --out runs/flow --minutes 30 --threads 1

Reads {audio,index,codes,code_index}.npy in DATA/answers and, where there is a second voice, DATA/rms; writes OUT/checkpoint.pt about once
a minute and goes on from it. Beside the flow matching loss, mu itself is held to the mel: the prior is then nearly right, which a quarter
of an hour of speech needs.

With other ears, `--like runs/flow --before runs/tokens/voice.npz` goes on from that flow; its codes follow what they stood for.
"""

import argparse
import json
import logging
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from parley_models.networks.flow import Flow, FlowConfig
from parley_models.vocoders.grid import Grid
from parley_models.vocoders.mel import MelConfig
from parley_training.checkpoint import Pace, restore, save
from parley_training.code_books import carried_over
from parley_training.corpus.answers import VOICES
from parley_training.precision import multiplying
from parley_training.vocoder import recordings, windows
from parley_training.vocoder.code_embedding import CodeEmbedding
from parley_training.vocoder.windows import HELD_OUT, Windows

logger = logging.getLogger(__name__)

GRID = Grid()
CONFIG = FlowConfig(embedding=128, width=128, heads=4, hidden=512)
MEL_MEAN, MEL_DEVIATION = -6.0, 2.5
"""The flow works on (mel − mean) / deviation, about unit variance for speech."""

PEAK_RATE = 1.5e-3
WARM_STEPS = 200
BATCH = 32
SIGMA_MIN = 1e-6
UNTOLD = 0.2
"""Share of windows that learn without mu, speaker and prompt, for guidance."""

MISHEARD = 0.02
"""Share of tokens replaced by random ones: the backbone will not always be right."""


@dataclass(frozen=True, slots=True)
class Losses:
    """What a step minimizes; scalars."""

    prior: Tensor
    """Mean distance of mu from the mel, in deviations."""

    flow: Tensor

    @property
    def total(self) -> Tensor:
        """The sum."""
        return self.prior + self.flow


def voice_vector(voice: str, size: int = 192) -> Tensor:
    """A voice's speaker vector (1, size): any directions do that lie apart."""
    return torch.randn(1, size, generator=torch.Generator().manual_seed(list(VOICES).index(voice)))


class Lesson:
    """Compares what a flow makes of windows with the teacher."""

    def __init__(self, flow: Flow, codes: CodeEmbedding, voices: Iterable[str], device: torch.device) -> None:
        self.flow, self.codes, self.device = flow, codes, device
        self.voices = torch.cat([voice_vector(voice, flow.config.speaker) for voice in voices]).to(device)

    def __call__(self, batch: Windows) -> Losses:
        """One forward pass, networks in bfloat16."""
        tokens, positions, mel = (item.to(self.device) for item in (batch.tokens, batch.positions, batch.mel))
        real = (mel - MEL_MEAN) / MEL_DEVIATION
        size = len(real)
        with multiplying(self.device.type):
            mu = self.flow.mu_of_embedded(self.codes(_misheard(tokens)), positions).float()
            told = (torch.rand(size, 1, 1, device=self.device) > UNTOLD).float()
            time = 1 - torch.cos(torch.rand(size, device=self.device) * math.pi / 2)
            noise = torch.randn_like(real)
            at = time.reshape(-1, 1, 1)
            midway = (1 - (1 - SIGMA_MIN) * at) * noise + at * real
            prompt = torch.zeros_like(real)
            # what has been finished is never quite the teacher's: a little noise stands for that
            prompt[:, :, : GRID.finished] = real[:, :, : GRID.finished] + 0.1 * torch.randn_like(real[:, :, : GRID.finished])
            speaker = self.flow.speaker(self.voices)[batch.voice.to(self.device)]
            moved = self.flow.velocity(midway, mu * told, time, speaker * told[:, :, 0], prompt * told).float()
        return Losses(functional.l1_loss(mu, real), functional.mse_loss(moved, real - (1 - SIGMA_MIN) * noise))


def _misheard(tokens: Tensor) -> Tensor:
    wrong = torch.rand(tokens.shape, device=tokens.device) < MISHEARD
    return torch.where(wrong, tokens[torch.randperm(len(tokens), device=tokens.device)], tokens)


def begun(like: Path, before: Path, folder: Path) -> dict[str, Any]:
    """An earlier run's flow and codes, for the ears that made `folder/answers/codes.npy`; `before` = the same by its own ears.

    Raises:
        FileNotFoundError: there is no such run.
    """
    state = restore(like / "checkpoint.pt")
    if state is None:
        raise FileNotFoundError(f"{like} has no checkpoint.pt")
    old, new = np.load(before)["codes"], np.load(folder / "answers" / "codes.npy")
    state["codes"]["linguistic"] = carried_over(state["codes"]["linguistic"], old[:, :2].reshape(-1), new[:, :2].reshape(-1))
    return {name: state[name] for name in ("flow", "codes")}


def train(
    folder: Path, out: Path, pace: Pace, *, config: FlowConfig = CONFIG, steps: int | None = None, begin: dict[str, Any] | None = None
) -> int:
    """Train until the time (or `steps`) is up, from the last checkpoint on, else from `begin`; returns the steps made in all."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    out.mkdir(parents=True, exist_ok=True)
    voices = recordings.voice_folders(folder)
    speech = windows.load(voices.values(), MelConfig(mels=config.mels))
    everyone = np.arange(len(speech.first_group) - 1)
    held = everyone[HELD_OUT - 1 :: HELD_OUT]
    taught = np.setdiff1d(everyone, held)
    torch.manual_seed(0)
    flow, codes = Flow(config).to(device), CodeEmbedding(config.embedding).to(device)
    flow.input_embedding.requires_grad_(False)
    optimizer = torch.optim.AdamW([p for p in (*flow.parameters(), *codes.parameters()) if p.requires_grad], PEAK_RATE, betas=(0.9, 0.98))
    step = 0
    state = restore(out / "checkpoint.pt")
    if (known := state or begin) is not None:
        flow.load_state_dict(known["flow"])
        codes.load_state_dict(known["codes"])
    if state is not None:
        if "optimizer" in state:  # a bundle keeps none
            optimizer.load_state_dict(state["optimizer"])
        step, pace.spent_s = state["step"], state["spent_s"]
    rng = np.random.default_rng(step)
    lesson = Lesson(flow, codes, voices, device)

    def keep() -> None:
        with torch.no_grad():
            flow.input_embedding.weight.copy_(codes.table())
        learned = {"flow": flow.state_dict(), "codes": codes.state_dict(), "optimizer": optimizer.state_dict(), "voices": list(voices)}
        save(out / "checkpoint.pt", {**learned, "step": step, "spent_s": pace.elapsed_s})

    while not pace.over and (steps is None or step < steps):
        for group in optimizer.param_groups:
            group["lr"] = pace.learning_rate(PEAK_RATE) * min(1.0, (step + 1) / WARM_STEPS)
        losses = lesson(speech.draw(taught, GRID, rng, BATCH))
        optimizer.zero_grad(set_to_none=True)
        losses.total.backward()
        torch.nn.utils.clip_grad_norm_(flow.parameters(), 1.0)
        optimizer.step()
        step += 1
        if step % 100 == 0:
            with torch.no_grad():
                unseen = lesson(speech.draw(held, GRID, np.random.default_rng(0), 2 * BATCH)) if len(held) else losses
            told = {"prior": losses.prior, "flow": losses.flow, "unseen_prior": unseen.prior, "unseen_flow": unseen.flow}
            figures = {name: round(loss.item(), 3) for name, loss in told.items()}
            logger.info(json.dumps({"step": step, "minutes": round(pace.elapsed_s / 60, 1), **figures}))
        if pace.save_is_due():
            keep()
    keep()
    return step


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds answers/")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--like", type=Path, help="an earlier run to go on from")
    parser.add_argument("--before", type=Path, help="the voice's codes that it learned from")
    options = parser.parse_args()
    if (options.like is None) != (options.before is None):
        parser.error("--like and --before go together.")
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(options.threads)
    begin = begun(options.like, options.before, options.data) if options.like else None
    train(options.data, options.out, Pace(options.minutes), begin=begin)


if __name__ == "__main__":
    main()
