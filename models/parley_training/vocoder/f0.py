"""Teach Mini's HiFT where the pitch is, better than it learns beside the generator: many frames a step, nothing else to compute.

    python -m parley_training.vocoder.f0 --data runs/corpus --hift runs/hift --minutes 5 --threads 1

Reads {audio,index}.npy in DATA/answers and, where there is a second voice, DATA/rms; writes HIFT/f0_checkpoint.pt about once a minute and
goes on from it, as long as the HiFT is the same; at the end, and only then, HIFT/checkpoint.pt gets the new F0 predictor.
"""

import argparse
import json
import logging
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from parley_models.networks.hift import SILENCE, Hift, HiftConfig
from parley_models.vocoders.mel import mel_spectrogram
from parley_training.checkpoint import Pace, restore, save
from parley_training.vocoder import recordings
from parley_training.vocoder.hift import CONFIG, MEL
from parley_training.vocoder.recordings import Recordings

logger = logging.getLogger(__name__)

PEAK_RATE = 2e-3
WARM_STEPS = 100
BATCH = 24
FRAMES = 100
SETTLING = 10
"""Frames that the causal layers look back on."""


def frames_of(teacher: Recordings, settle: int) -> Tensor:
    """Log-mel (frames, mels) of all utterances end to end, after `settle` frames of silence."""
    mels = [np.full((settle, MEL.mels), SILENCE, np.float32)]
    for utterance, (start, stop) in enumerate(teacher.index):
        mels.append(mel_spectrogram(teacher.samples(utterance, 0, int(stop - start)), MEL))
    return torch.from_numpy(np.concatenate(mels))


def loss_of(guess: Tensor, wanted: Tensor) -> Tensor:
    """Distance of F0 (B, T) in Hz: relative where it is voiced, as pitch is heard; in 100 Hz where it is not."""
    return functional.l1_loss(guess / wanted.clamp(min=100.0), wanted / wanted.clamp(min=100.0))


def train(folder: Path, hift_folder: Path, pace: Pace, *, config: HiftConfig = CONFIG, steps: int | None = None) -> int:
    """Train until the time (or `steps`) is up, from the last checkpoint on; returns the steps made in all."""
    teacher = recordings.load(recordings.voice_folders(folder).values())
    labels = torch.from_numpy(recordings.cached_f0(teacher, hift_folder / "f0.npz"))
    mel = frames_of(teacher, SETTLING)
    hift = Hift(config)
    made = restore(hift_folder / "checkpoint.pt")
    if made is None:
        raise FileNotFoundError(hift_folder / "checkpoint.pt")
    hift.load_state_dict(made["hift"])
    predictor = hift.f0_predictor
    optimizer = torch.optim.AdamW(predictor.parameters(), PEAK_RATE)
    step = 0
    state = restore(hift_folder / "f0_checkpoint.pt")
    if state is not None and state.get("hift_step") == made["step"]:  # a HiFT that has learned since has a better predictor than this one
        predictor.load_state_dict(state["f0_predictor"])
        optimizer.load_state_dict(state["optimizer"])
        step, pace.spent_s = state["step"], state["spent_s"]
    rng = np.random.default_rng(step)

    def keep() -> None:
        learned = {"f0_predictor": predictor.state_dict(), "optimizer": optimizer.state_dict()}
        save(hift_folder / "f0_checkpoint.pt", {**learned, "hift_step": made["step"], "step": step, "spent_s": pace.elapsed_s})

    while not pace.over and (steps is None or step < steps):
        for group in optimizer.param_groups:
            group["lr"] = pace.learning_rate(PEAK_RATE) * min(1.0, (step + 1) / WARM_STEPS)
        ahead = config.lookahead_frames
        starts = rng.integers(0, len(labels) - FRAMES - ahead, BATCH)
        seen = torch.stack([mel[start : start + SETTLING + FRAMES + ahead] for start in starts]).transpose(1, 2)
        wanted = torch.stack([labels[start : start + FRAMES] for start in starts])
        loss = loss_of(hift.f0(seen)[:, SETTLING + ahead :], wanted)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(predictor.parameters(), 1.0)
        optimizer.step()
        step += 1
        if step % 100 == 0:
            logger.info(json.dumps({"step": step, "minutes": round(pace.elapsed_s / 60, 1), "f0": round(loss.item(), 4)}))
        if pace.save_is_due():
            keep()
    keep()
    save(hift_folder / "checkpoint.pt", {**made, "hift": hift.state_dict()})
    return step


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds answers/")
    parser.add_argument("--hift", type=Path, required=True, help="folder of the HiFT recipe's checkpoint")
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(options.threads)
    train(options.data, options.hift, Pace(options.minutes))


if __name__ == "__main__":
    main()
