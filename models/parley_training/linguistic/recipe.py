"""Train the linguistic tokenizer: a SANM encoder that names phones frame by frame, then k-means over what it hears.

    python -m parley_training.linguistic.recipe --corpus runs/corpus --out runs/linguistic --minutes 25

Every 60 ms frame names the phones of three 20 ms slots, the middle one in the middle of what the frame sees, so the codes keep
time (a CTC loss would let them drift). Stages: features → training → code book → ONNX. What is finished is skipped.

With `--like runs/linguistic` a later run into another folder goes on from that encoder and gives its codes the numbers they had, as far
as sounds stay what they were: what was learned from the older codes is then worth keeping.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from parley_models.networks.sanm import SanmConfig, SanmEncoder
from parley_models.networks.sanm_export import export_step
from parley_training.checkpoint import Pace, restore, save
from parley_training.corpus.phones import PHONES, SILENCE
from parley_training.kmeans import kmeans, means, nearest
from parley_training.linguistic.features import UNTRAINED, FeatureSet, prepare, prepare_answers

CODES = 1024
SLOTS = 3
CONFIG = SanmConfig(width=192, layers=6, heads=4, ffn=768)
PEAK_RATE = 1.2e-3
HUMAN_TIMES = 4
"""How often people's recordings, an hour or two of them, are heard while the synthesizers' are heard once."""
ALIKE_ROUNDS = 4
FRAMES_PER_BATCH = 768
"""60 ms each: about 46 s of speech."""


class PhoneReader(nn.Module):
    """The encoder with a head that is thrown away after training."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = SanmEncoder(CONFIG)
        self.phones = nn.Linear(CONFIG.width, SLOTS * len(PHONES))

    def forward(self, features: Tensor) -> Tensor:
        """Normalised features (B, T, 560) to logits (B, T, 3, phones)."""
        return self.phones(self.encoder(features)).unflatten(-1, (SLOTS, len(PHONES)))


def learn(reader: PhoneReader, optimizer: torch.optim.Optimizer, features: Tensor, targets: Tensor) -> float:
    """One step on features (B, T, 560) and targets (B, T, 3), 255 where nothing is learned; returns the loss before it."""
    with torch.autocast(features.device.type, torch.bfloat16):
        logits = reader(features)
    loss = functional.cross_entropy(logits.float().flatten(0, 2), targets.flatten(), ignore_index=UNTRAINED)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(reader.parameters(), 1.0)
    optimizer.step()
    return loss.item()


def train(data: FeatureSet, out: Path, minutes: float, like: Path | None = None) -> PhoneReader:
    """Train until the minutes are over, going on from the last checkpoint; without one, from the reader in `like`."""
    reader = begun(like).train() if like else PhoneReader()
    optimizer = torch.optim.AdamW(reader.parameters(), lr=PEAK_RATE, weight_decay=0.02, betas=(0.9, 0.98))
    state = restore(out / "checkpoint.pt")
    step = 0
    if state is not None:
        reader.load_state_dict(state["reader"])
        optimizer.load_state_dict(state["optimizer"])
        step = state["step"]
    pace = Pace(minutes, state["elapsed_s"] if state else 0.0)
    batches = data.batches(FRAMES_PER_BATCH, seed=step)
    losses: list[float] = []
    while not pace.over:
        for group in optimizer.param_groups:
            group["lr"] = pace.learning_rate(PEAK_RATE)
        losses.append(learn(reader, optimizer, *next(batches)))
        step += 1
        if step % 50 == 0:
            print(f"step {step} {pace.elapsed_s / 60:.1f} min loss {np.mean(losses[-50:]):.3f}", flush=True)
        if pace.save_is_due() or pace.over:
            state = {"reader": reader.state_dict(), "optimizer": optimizer.state_dict(), "step": step, "elapsed_s": pace.elapsed_s}
            save(out / "checkpoint.pt", state)
    return reader.eval()


def phone_error(reader: PhoneReader, data: FeatureSet) -> dict[str, float]:
    """Slot error and phone error (edit distance of phone strings, silence left out) on a set that was not trained on."""
    wrong = slots = edits = phones = 0
    for features, targets in data.utterances():
        with torch.inference_mode():
            guess = reader(features[None])[0].argmax(-1).flatten()
        truth = targets.flatten()
        seen = truth != UNTRAINED
        wrong += int((guess[seen] != truth[seen]).sum())
        slots += int(seen.sum())
        said, heard = _string(truth[seen]), _string(guess[seen])
        edits += _edit_distance(said, heard)
        phones += len(said)
    return {"slot_error": wrong / slots, "phone_error": edits / phones}


def _string(slots: Tensor) -> list[int]:
    silence = PHONES.index(SILENCE)
    runs = torch.unique_consecutive(slots).tolist()
    return [phone for phone in runs if phone != silence]


def _edit_distance(said: list[int], heard: list[int]) -> int:
    row = np.arange(len(heard) + 1)
    for position, phone in enumerate(said, 1):
        swapped = row[:-1] + (np.array(heard) != phone)
        best = np.minimum(np.concatenate([[position], swapped]), row + 1)
        row = np.minimum.accumulate(best - np.arange(len(best))) + np.arange(len(best))
    return int(row[-1])


def book(reader: PhoneReader, questions: FeatureSet, answers: FeatureSet | None, out: Path, like: Path | None = None) -> Tensor:
    """The code book: k-means over encoded frames, a third of them the answering voice's; `like` an older one, if there is one."""
    frames: list[Tensor] = []
    older: list[Tensor] = []
    before = begun(like) if like else None
    for data, wanted in ((questions, 160_000), (answers, 60_000)):
        got = 0
        for features, _ in data.utterances(shuffled=True) if data else ():
            with torch.inference_mode():
                frames.append(reader.encoder(features[None])[0])
                if before:
                    older.append(before.encoder(features[None])[0])
            got += len(features)
            if got > wanted:
                break
    points = torch.cat(frames)
    if like:
        named = nearest(torch.cat(older), torch.from_numpy(np.load(like / "codebook.npy")))
        centroids = kmeans(points, CODES, rounds=ALIKE_ROUNDS, start=means(points, named, CODES))
        print(f"{(nearest(points, centroids) == named).float().mean():.0%} of the frames keep their code")
    else:
        centroids = kmeans(points, CODES)
    owners = nearest(points, centroids)
    used = torch.bincount(owners, minlength=CODES).float() / len(points)
    perplexity = torch.exp(-(used * (used + 1e-9).log()).sum())
    print(f"code book: perplexity {perplexity:.0f}, error {(points - centroids[owners]).square().mean() / points.var():.3f}")
    np.save(out / "codebook.npy", centroids.numpy())
    return centroids


def begun(folder: Path) -> PhoneReader:
    """The reader of an earlier run."""
    state = restore(folder / "checkpoint.pt")
    if state is None:
        raise FileNotFoundError(f"{folder} has no checkpoint.pt")
    reader = PhoneReader()
    reader.load_state_dict(state["reader"])
    return reader.eval()


def main() -> None:
    """Read the command line and run what is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=Path("runs/corpus"))
    parser.add_argument("--out", type=Path, default=Path("runs/linguistic"))
    parser.add_argument("--minutes", type=float, default=25)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--like", type=Path, help="an earlier run whose codes are to keep their numbers")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    options.out.mkdir(parents=True, exist_ok=True)

    corpora = {options.corpus / "questions": 1, options.corpus / "human": HUMAN_TIMES}
    questions = prepare(corpora, options.out / "features")
    if options.like:
        questions = replace(questions, **dict(zip(("shift", "scale"), np.load(options.like / "cmvn.npy"), strict=True)))
    np.save(options.out / "cmvn.npy", np.stack([questions.shift, questions.scale]))
    reader = train(questions, options.out, options.minutes, options.like)
    errors = {
        name: phone_error(reader, prepare({options.corpus / name: 1}, options.out / "features", normalised_by=questions))
        for name in ("test", "human_test")
        if (options.corpus / name).exists()
    }
    print(errors)
    (options.out / "results.json").write_text(json.dumps(errors))
    book(reader, questions, prepare_answers(options.corpus / "answers", questions), options.out, options.like)
    export_step(reader.encoder, options.out / "encoder.onnx")


if __name__ == "__main__":
    main()
