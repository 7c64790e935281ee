"""Train Mini's HiFT: mel to sound, on the teacher's voice at every pitch it will be asked for.

    python -m parley_training.vocoder.hift --data runs/corpus --out runs/hift --minutes 35 --threads 1

Reads {audio,index}.npy in DATA/answers and, where there is a second voice, DATA/rms; writes OUT/checkpoint.pt about once a minute and goes
on from it. No discriminator: the source brings pitch and noise, so spectra at several windows are enough to train on one core. The source
is driven by F0 labels; the F0 predictor learns beside the generator.
"""

import argparse
import json
import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from parley_models.networks.hift import Hift, HiftConfig
from parley_models.vocoders.mel import MelConfig
from parley_training.checkpoint import Pace, restore, save
from parley_training.precision import multiplying
from parley_training.vocoder import recordings
from parley_training.vocoder.recordings import HOP, RATE_HZ, Recordings
from parley_training.vocoder.spectra import MelSpectrogram, SpectralLoss

logger = logging.getLogger(__name__)

MEL = MelConfig()
CONFIG = HiftConfig(f0_channels=64, dilations=(1, 3), causal=True, lookahead_frames=2)
PEAK_RATE = 5e-4
WARM_STEPS = 200
BATCH = 4
FRAMES = 40
SETTLING = 8
"""Frames at the beginning of a segment that only fill the causal layers' context: no loss on them."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Segments of teacher sound."""

    sound: Tensor
    """(B, side + (FRAMES + lookahead) · HOP + side), where side is what the mel's windows need on both sides."""

    f0: Tensor
    """(B, FRAMES + lookahead) in Hz."""


def draw(
    teacher: Recordings, f0: npt.NDArray[np.float32], rng: np.random.Generator, config: HiftConfig, side: int, size: int = BATCH
) -> Batch:
    """Segments from anywhere, their share of an utterance as its length, and a little silence around it."""
    lengths = teacher.frames
    first = teacher.first_frames
    count = FRAMES + config.lookahead_frames
    sounds, labels = [], []
    for utterance in rng.choice(len(lengths), size, p=lengths / lengths.sum()):
        frames = int(lengths[utterance])
        start = int(rng.integers(-SETTLING, max(1, frames + SETTLING - count)))
        sounds.append(teacher.samples(utterance, start * HOP - side, (start + count) * HOP + side))
        known = f0[first[utterance] + max(start, 0) : first[utterance] + max(0, min(frames, start + count))]
        labels.append(np.pad(known, (max(0, -start), count - max(0, -start) - len(known))))
    return Batch(torch.from_numpy(np.stack(sounds)), torch.from_numpy(np.stack(labels)))


@dataclass(frozen=True, slots=True)
class Losses:
    """What a step minimizes; scalars."""

    mel: Tensor
    """Mean distance of log-mels."""

    spectra: Tensor
    f0: Tensor
    """Mean distance in 100 Hz."""

    @property
    def total(self) -> Tensor:
        """The weighted sum."""
        return 2 * self.mel + self.spectra + self.f0


class Lesson:
    """Compares what a HiFT makes of segments with the teacher."""

    def __init__(self, hift: Hift, device: torch.device, compiled: bool = False) -> None:
        self.hift, self.device = hift, device
        self.generate = torch.compile(hift, dynamic=False) if compiled else hift
        self.mel = MelSpectrogram(MEL).to(device)
        self.spectra = SpectralLoss(RATE_HZ, MEL.highest_hz)

    def __call__(self, batch: Batch) -> Losses:
        """One forward pass in bfloat16, losses in float32."""
        ahead, side = self.hift.config.lookahead_frames, self.mel.side
        sound, f0 = batch.sound.to(self.device), batch.f0.to(self.device)
        mel = self.mel(sound)
        noise = torch.randn(len(f0), self.hift.config.harmonics + 1, FRAMES * HOP, device=self.device)
        source, _ = self.hift.m_source(f0[:, :FRAMES], noise, torch.zeros(1, 1, 1, device=self.device))
        with multiplying(self.device.type):
            made = self.generate(mel[:, :, ahead:], source).float()
            guess = self.hift.f0(mel[:, :, ahead:]).float()
        made = made[:, SETTLING * HOP :]
        real = sound[:, side + SETTLING * HOP : side + FRAMES * HOP]
        return Losses(
            functional.l1_loss(self.mel(made), self.mel(real)),
            self.spectra(made, real),
            functional.l1_loss(guess[:, SETTLING:] / 100, f0[:, SETTLING:FRAMES] / 100),
        )


def train(folder: Path, out: Path, pace: Pace, *, config: HiftConfig = CONFIG, steps: int | None = None, compiled: bool = False) -> int:
    """Train until the time (or `steps`) is up, from the last checkpoint on; returns the steps made in all."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    out.mkdir(parents=True, exist_ok=True)
    teacher = recordings.load(recordings.voice_folders(folder).values())
    labels = recordings.cached_f0(teacher, out / "f0.npz")
    torch.manual_seed(0)
    hift = Hift(config).to(device)
    optimizer = torch.optim.AdamW(hift.parameters(), PEAK_RATE, betas=(0.8, 0.99))
    step = 0
    if (state := restore(out / "checkpoint.pt")) is not None:
        hift.load_state_dict(state["hift"])
        if "optimizer" in state:  # a bundle keeps none
            optimizer.load_state_dict(state["optimizer"])
        step, pace.spent_s = state["step"], state["spent_s"]
    rng = np.random.default_rng(step)
    lesson = Lesson(hift, device, compiled)

    def keep() -> None:
        learned = {"hift": hift.state_dict(), "optimizer": optimizer.state_dict()}
        save(out / "checkpoint.pt", {**learned, "step": step, "spent_s": pace.elapsed_s})

    while not pace.over and (steps is None or step < steps):
        for group in optimizer.param_groups:
            group["lr"] = pace.learning_rate(PEAK_RATE) * min(1.0, (step + 1) / WARM_STEPS)
        losses = lesson(draw(teacher, labels, rng, config, lesson.mel.side))
        optimizer.zero_grad(set_to_none=True)
        losses.total.backward()
        norm = torch.nn.utils.clip_grad_norm_(hift.parameters(), 1.0)
        if torch.isfinite(norm):  # one wild segment must not cost the run
            optimizer.step()
        step += 1
        if step % 50 == 0:
            told = {"mel": losses.mel, "spectra": losses.spectra, "f0": losses.f0}
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
    parser.add_argument("--minutes", type=float, default=35)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--compile", action="store_true", help="a step 1.7 times as fast after a minute or two; needs a C++ compiler")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(options.threads)
    train(options.data, options.out, Pace(options.minutes), compiled=options.compile)


if __name__ == "__main__":
    main()
