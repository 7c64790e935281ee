"""Train the linguistic tokenizer: a SANM encoder and a code book from which phones can be read, frame by frame.

    python -m parley_training.linguistic.recipe --corpus runs/corpus --out runs/linguistic --minutes 25

Every 60 ms frame names the phones of three 20 ms slots, the middle one in the middle of what the frame sees, so the codes keep
time (a CTC loss would let them drift). A frame is named when the block behind it was heard.

Stages: features → training → ONNX. What is finished is skipped. `linguistic.acoustics` adds how words are said, which a bundle needs too.

With `--like runs/linguistic` a later run into another folder goes on from that encoder and its code book, with more layers if it had
fewer (`depth.py`); with `--same-codes` besides, the book and what is read from it stand still, so that a backbone which knows these codes
may hear through the new encoder at once.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from parley_models.networks.sanm import SanmConfig, SanmEncoder
from parley_models.networks.sanm_export import export_step
from parley_training.checkpoint import Pace, restore, save
from parley_training.corpus.phones import PHONES, SILENCE
from parley_training.kmeans import kmeans, nearest
from parley_training.linguistic.acoustics import write_reader
from parley_training.linguistic.depth import deepened, layers_of
from parley_training.linguistic.features import UNTRAINED, FeatureSet, prepare
from parley_training.linguistic.quantizer import Quantizer
from parley_training.muon import Muon
from parley_training.precision import multiplying

CODES = 1024
SLOTS = 3
CONFIG = SanmConfig(width=192, layers=10, heads=4, ffn=768)
LOOKAHEAD = CONFIG.chunk
"""Frames: what follows a sound decides it, too, so a frame is named when the 240 ms behind it were heard."""

PEAK_RATE = 1.2e-3
HUMAN_TIMES = 4
"""How often people's recordings, an hour or two of them, are heard while the synthesizers' are heard once."""
QUANTIZED_FROM = 0.4
"""From this fraction of the time phones are read from codes; before it, from the encoder itself."""
BEGIN_FRAMES = 160_000
FRAMES_SHARE = 0.3
"""What phones read past the code book weigh, beside those read from codes."""
WAKE_STEPS = 100
READER_WIDTH, READER_FRAMES = 256, 5
"""Phones are read from codes by a filter of so many frames."""
FRAMES_PER_BATCH = 768
"""60 ms each: about 46 s of speech."""


class PhoneReader(nn.Module):
    """The encoder and its code book, with two heads that are thrown away after training."""

    def __init__(self, lookahead: int = LOOKAHEAD, layers: int = CONFIG.layers) -> None:
        super().__init__()
        self.encoder = SanmEncoder(replace(CONFIG, lookahead=lookahead, layers=layers))
        self.quantizer = Quantizer(CODES, CONFIG.width)
        self.phones = nn.Linear(CONFIG.width, SLOTS * len(PHONES))
        self.around = nn.Conv1d(CONFIG.width, READER_WIDTH, READER_FRAMES, padding=READER_FRAMES // 2)
        self.read = nn.Linear(READER_WIDTH, SLOTS * len(PHONES))

    @staticmethod
    def of(saved: Mapping[str, Any]) -> "PhoneReader":
        """The reader that a checkpoint holds; one that says nothing of a lookahead is of before there was one."""
        reader = PhoneReader(saved.get("lookahead", 0), layers_of(saved["reader"]))
        reader.load_state_dict(saved["reader"])
        return reader

    @property
    def saved(self) -> dict[str, object]:
        """For a checkpoint."""
        return {"reader": self.state_dict(), "lookahead": self.encoder.config.lookahead}

    def hold_codes(self) -> None:
        """Let every code mean what it means now: only the encoder learns, and to name its frames in these codes."""
        for part in (self.quantizer, self.around, self.read):
            part.requires_grad_(requires_grad=False)

    def forward(self, frames: Tensor) -> Tensor:
        """Encoded frames (…, 192) to logits (…, 3, phones), each frame by itself."""
        return self.phones(frames).unflatten(-1, (SLOTS, len(PHONES)))

    def from_codes(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Encoded frames (B, T, 192) to logits (B, T, 3, phones) read from codes and those beside them; how far codes and frames lie apart.

        Neighbours help, as they will help the backbone: a code need not say again what the one before it said.
        """
        codes, apart = self.quantizer(frames.flatten(0, 1))
        around = functional.gelu(self.around(codes.view_as(frames).transpose(1, 2))).transpose(1, 2)
        return self.read(around).unflatten(-1, (SLOTS, len(PHONES))), apart


def optimizers_of(reader: PhoneReader) -> list[torch.optim.Optimizer]:
    """Muon for the encoder's matrices, AdamW for all else that learns."""
    named = {name: weight for name, weight in reader.named_parameters() if weight.requires_grad}
    matrices = {name for name, weight in named.items() if name.startswith("encoder") and weight.ndim == 2}
    rest = [weight for name, weight in named.items() if name not in matrices]
    return [
        Muon([named[name] for name in sorted(matrices)], PEAK_RATE, weight_decay=0.02),
        torch.optim.AdamW(rest, lr=PEAK_RATE, weight_decay=0.02, betas=(0.9, 0.98)),
    ]


def learn(reader: PhoneReader, optimizers: Sequence[torch.optim.Optimizer], features: Tensor, targets: Tensor, *, quantized: bool) -> float:
    """One step on features (B, T + 4, 560) and targets (B, T, 3), 255 where nothing is learned; the loss of the phones before it."""
    truth = targets.flatten()
    with multiplying(features.device.type):
        frames = reader.encoder.in_time(features)
        plain = reader(frames)
    loss = told = functional.cross_entropy(plain.float().flatten(0, 2), truth, ignore_index=UNTRAINED)
    if quantized:
        read, apart = reader.from_codes(frames.float())
        told = functional.cross_entropy(read.flatten(0, 2), truth, ignore_index=UNTRAINED)
        loss = told + FRAMES_SHARE * loss + apart
    loss.backward()
    nn.utils.clip_grad_norm_(reader.parameters(), 1.0)
    for optimizer in optimizers:
        optimizer.step()
        optimizer.zero_grad()
    return told.item()


def train(data: FeatureSet, out: Path, minutes: float, like: Path | None = None, *, same_codes: bool = False) -> PhoneReader:
    """Train until the minutes are over, going on from the last checkpoint; without one, from the reader in `like`."""
    reader = PhoneReader()
    if like:  # it may look further ahead than it did, and have more layers
        reader.load_state_dict(deepened(begun(like).state_dict(), CONFIG.layers))
    if same_codes:
        reader.hold_codes()
    optimizers = optimizers_of(reader)
    state = restore(out / "checkpoint.pt")
    step, quantized = 0, like is not None
    if state is not None:
        reader.load_state_dict(state["reader"])
        for optimizer, kept in zip(optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(kept)
        step, quantized = state["step"], state["quantized"]
    pace = Pace(minutes, state["elapsed_s"] if state else 0.0)
    batches = data.batches(FRAMES_PER_BATCH, seed=step)
    losses: list[float] = []
    over = pace.over
    while not over:
        if not quantized and pace.fraction > QUANTIZED_FROM:
            begin_book(reader, data)
            quantized = True
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = pace.learning_rate(PEAK_RATE)
        features, targets = next(batches)
        losses.append(learn(reader, optimizers, features, targets, quantized=quantized))
        step += 1
        if quantized and not same_codes and step % WAKE_STEPS == 0:
            with torch.inference_mode():
                woken = reader.quantizer.wake(reader.encoder.in_time(features).flatten(0, 1)[(targets != UNTRAINED).any(-1).flatten()])
            if step % 500 == 0:
                print(f"{woken} codes woken", flush=True)
        if step % 50 == 0:
            print(f"step {step} {pace.elapsed_s / 60:.1f} min loss {np.mean(losses[-50:]):.3f}", flush=True)
        over = pace.over
        if pace.save_is_due() or over:
            learned = {**reader.saved, "optimizers": [optimizer.state_dict() for optimizer in optimizers]}
            save(out / "checkpoint.pt", {**learned, "step": step, "quantized": quantized, "elapsed_s": pace.elapsed_s})
    return reader.eval()


def begin_book(reader: PhoneReader, data: FeatureSet) -> None:
    """Put the code book where the encoder's frames are, by k-means."""
    frames = list[Tensor]()
    for features, _ in data.utterances(shuffled=True):
        with torch.inference_mode():
            frames.append(reader.encoder.in_time(features[None])[0])
        if sum(map(len, frames)) > BEGIN_FRAMES:
            break
    with torch.no_grad():
        reader.quantizer.book.copy_(kmeans(torch.cat(frames), CODES))


def phone_error(reader: PhoneReader, data: FeatureSet) -> dict[str, float]:
    """Slot error and phone error (edit distance of phone strings, silence left out), read from the codes of a set not trained on."""
    wrong = slots = edits = phones = 0
    for features, targets in data.utterances():
        with torch.inference_mode():
            guess = reader.from_codes(reader.encoder.in_time(features[None]))[0].argmax(-1).flatten()
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


def book(reader: PhoneReader, data: FeatureSet, out: Path) -> None:
    """Write the code book, and print how evenly it is used."""
    codes = list[Tensor]()
    for features, _ in data.utterances(shuffled=True):
        with torch.inference_mode():
            codes.append(nearest(reader.encoder.in_time(features[None])[0], reader.quantizer.book))
        if sum(map(len, codes)) > BEGIN_FRAMES:
            break
    used = torch.bincount(torch.cat(codes), minlength=CODES).float()
    used /= used.sum()
    print(f"code book: perplexity {torch.exp(-(used * (used + 1e-9).log()).sum()):.0f}")
    np.save(out / "codebook.npy", reader.quantizer.book.detach().numpy())


def begun(folder: Path) -> PhoneReader:
    """The reader of an earlier run."""
    state = restore(folder / "checkpoint.pt")
    if state is None:
        raise FileNotFoundError(f"{folder} has no checkpoint.pt")
    return PhoneReader.of(state).eval()


def main() -> None:
    """Read the command line and run what is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=Path("runs/corpus"))
    parser.add_argument("--out", type=Path, default=Path("runs/linguistic"))
    parser.add_argument("--minutes", type=float, default=25)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--like", type=Path, help="an earlier run to go on from")
    parser.add_argument("--same-codes", action="store_true", help="its codes keep their meaning")
    options = parser.parse_args()
    if options.same_codes and not options.like:
        parser.error("--same-codes keeps the codes of an earlier run: name it with --like")
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    options.out.mkdir(parents=True, exist_ok=True)

    corpora = {options.corpus / "questions": 1, options.corpus / "human": HUMAN_TIMES}
    questions = prepare(corpora, options.out / "features")
    if options.like:
        questions = replace(questions, **dict(zip(("shift", "scale"), np.load(options.like / "cmvn.npy"), strict=True)))
    np.save(options.out / "cmvn.npy", np.stack([questions.shift, questions.scale]))
    reader = train(questions, options.out, options.minutes, options.like, same_codes=options.same_codes)
    errors = {
        name: phone_error(reader, prepare({options.corpus / name: 1}, options.out / "features", normalised_by=questions))
        for name in ("test", "human_test")
        if (options.corpus / name).exists()
    }
    print(errors)
    (options.out / "results.json").write_text(json.dumps(errors))
    book(reader, questions, options.out)
    export_step(reader.encoder, options.out / "encoder.onnx")
    write_reader(options.out)  # what hearings are compared by must be read from these very frames


if __name__ == "__main__":
    main()
