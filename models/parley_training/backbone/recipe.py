"""Train Mini's backbone from nothing: text, then interleaved speech and text, then questions and answers.

    python -m parley_training.backbone.recipe --corpus runs/corpus --tokens runs/tokens --text runs/text --out runs/backbone --minutes 60

One run by the clock, on CPU or one GPU; the share of each task moves from stage to stage. A killed run goes on from its last
checkpoint. Writes `backbone/config.json` and `backbone/model.safetensors`.
"""

import argparse
import json
import random
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional

from parley_models.backbone.config import BackboneConfig
from parley_models.backbone.model import StepOmni
from parley_training.backbone.embeddings import embed_codes
from parley_training.backbone.examples import Batch, ExampleWriter, Question, batches, plain
from parley_training.backbone.measure import probe
from parley_training.backbone.mishearing import Mishearing
from parley_training.checkpoint import Pace, restore, save
from parley_training.corpus.exchange import Exchange
from parley_training.corpus.phones import NUMBER, SILENCE
from parley_training.corpus.shard import Shard
from parley_training.corpus.word_times import words_said
from parley_training.text.recipe import LAYOUT
from parley_training.tokens.recipe import codes_of, hearings_of, shard_folders

CONFIG = BackboneConfig(
    hidden_size=256,
    intermediate_size=768,
    num_attention_heads=4,
    num_attention_groups=2,
    num_hidden_layers=6,
    vocab_size=LAYOUT.vocab_size,
    max_seq_len=4096,
)
PEAK_RATE = 2.4e-3
TOKENS_PER_BATCH = 4096
SLOTS_PER_GROUP = 6
PROBED = 40
"""Questions of each kind that are looked at with every checkpoint."""
STAGES: tuple[tuple[float, dict[str, float]], ...] = (
    (0.28, {"text": 1.0}),
    (0.75, {"text": 0.32, "read_aloud": 0.01, "typed": 0.05, "followed": 0.45, "heard_in_writing": 0.11, "heard": 0.06}),
    (1.00, {"text": 0.28, "typed": 0.10, "followed": 0.30, "heard_in_writing": 0.10, "heard": 0.22}),
)
"""Until this fraction of the time, these shares of the tasks (by count of examples)."""


def shares(fraction: float) -> Mapping[str, float]:
    """The tasks of the stage that a run is in."""
    return next(tasks for until, tasks in STAGES if fraction <= until)


def questions_of(corpus: Path, codes: Path) -> list[Question]:
    """Every spoken question of the shards whose codes are there."""
    questions = []
    for folder in shard_folders(corpus):
        if (codes / f"{folder.name}.npz").exists():
            shard, heard = Shard.open(folder), hearings_of(codes / f"{folder.name}.npz")
            for line, hearings, (_, _, first, last) in zip(shard.lines, heard, shard.index, strict=True):
                if len(hearings[0]):  # some of people's recordings are shorter than a group
                    exchange = Exchange(line["intent"], line["question"], line["answer"], line["key"])
                    labels = np.asarray(shard.labels[first:last])
                    groups = len(hearings[0])
                    said = by_group(words_said(labels, plain(exchange.question).split()), groups)
                    questions.append(Question(hearings, exchange, said, silent_groups(labels, groups), line["speaker"]))
    return questions


def by_group(slots: npt.NDArray[np.int64], groups: int) -> npt.NDArray[np.int64]:
    """What holds in the last 20 ms of each group (groups,), from slots (n,) that may end before it."""
    return slots[np.minimum((np.arange(groups) + 1) * SLOTS_PER_GROUP, len(slots)) - 1]


def silent_groups(labels: npt.NDArray[np.uint8], groups: int) -> npt.NDArray[np.bool_]:
    """In which groups (groups,) no phone is heard; behind the last label (slots,) nobody speaks."""
    quiet = np.ones(groups * SLOTS_PER_GROUP, bool)
    known = min(len(labels), len(quiet))
    quiet[:known] = labels[:known] == NUMBER[SILENCE]
    return np.asarray(quiet.reshape(groups, SLOTS_PER_GROUP).all(1))


def loss_of(model: Callable[[torch.Tensor], torch.Tensor], trunk: StepOmni, batch: Batch, device: str) -> torch.Tensor:
    """Weighted cross-entropy of the ids that are learned; the head sees only their positions."""
    with torch.autocast(device, torch.bfloat16):
        hidden = model(batch.ids.to(device)).flatten(0, 1)[batch.at.to(device)]
        logits = trunk.logits(hidden)
    each = functional.cross_entropy(logits.float(), batch.following.to(device), reduction="none")
    weight = batch.weight.to(device)
    return (each * weight).sum() / weight.sum()


def optimizers(model: StepOmni) -> list[torch.optim.Optimizer]:
    """Muon (Jordan et al. 2024) for the layers' matrices, AdamW for embeddings, head and norms."""
    trunk = [weight for name, weight in model.named_parameters() if weight.ndim == 2 and "embed" not in name and "lm_head" not in name]
    inside = {id(weight) for weight in trunk}
    rest = [weight for weight in model.parameters() if id(weight) not in inside]
    return [
        torch.optim.Muon(trunk, lr=PEAK_RATE, weight_decay=0.05, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(rest, lr=PEAK_RATE, weight_decay=0.01, betas=(0.9, 0.97)),
    ]


def begin(linguistic: Path, semantic: Path, seed: int) -> StepOmni:
    """A model that has learned nothing, but whose audio ids lie as their codes sound."""
    model = StepOmni(CONFIG)
    model.init_weights(torch.Generator().manual_seed(seed))
    embed_codes(model, linguistic, semantic, seed=seed)
    return model


def train(
    model: StepOmni, writer: ExampleWriter, test: list[Question], out: Path, minutes: float, *, seed: int = 0, eager: bool = False
) -> None:
    """Train until the minutes are over, going on from the last checkpoint."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model.to(device)
    learners = optimizers(model)
    state, step = restore(out / "checkpoint.pt"), 0
    if state is not None:
        model.load_state_dict(state["model"])
        for learner, kept in zip(learners, state["optimizers"], strict=True):
            learner.load_state_dict(kept)
        step = state["step"]
    pace = Pace(minutes, state["elapsed_s"] if state else 0.0, save_every_s=240)
    runner = model if eager else torch.compile(model, dynamic=True)
    rng = random.Random(seed + step)
    history: list[float] = []
    seen = 0
    for batch in batches(writer, lambda: shares(pace.fraction), TOKENS_PER_BATCH, rng):
        loss = loss_of(runner, model, batch, device)
        model.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for learner in learners:
            for group in learner.param_groups:
                group["lr"] = pace.learning_rate(PEAK_RATE)
            learner.step()
        step, seen = step + 1, seen + batch.ids.numel()
        history.append(loss.item())
        if step % 25 == 0:
            ids_per_s = seen / (pace.elapsed_s - pace.spent_s)
            print(f"step {step} {pace.elapsed_s / 60:.1f} min loss {np.mean(history[-25:]):.3f} {ids_per_s:.0f} ids/s", flush=True)
        if pace.save_is_due() or pace.over:
            learned = {"model": model.state_dict(), "optimizers": [learner.state_dict() for learner in learners]}
            save(out / "checkpoint.pt", {**learned, "step": step, "elapsed_s": pace.elapsed_s})
            print(probe(model, writer, test, PROBED), flush=True)
        if pace.over:
            break
    model.eval()


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=Path("runs/corpus"))
    parser.add_argument("--tokens", type=Path, default=Path("runs/tokens"))
    parser.add_argument("--text", type=Path, default=Path("runs/text"))
    parser.add_argument("--linguistic", type=Path, default=Path("runs/linguistic"))
    parser.add_argument("--semantic", type=Path, default=Path("runs/semantic"))
    parser.add_argument("--out", type=Path, default=Path("runs/backbone"))
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--eager", action="store_true", help="without torch.compile, where there is no C compiler")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)

    texts = json.loads((options.corpus / "answers" / "lines.json").read_text())
    answers = dict(zip(texts, codes_of(options.tokens / "answers.npz"), strict=True))
    questions = [question for name in ("questions", "human") for question in questions_of(options.corpus / name, options.tokens / name)]
    test = [question for question in questions_of(options.corpus / "test", options.tokens / "test") if question.exchange.answer]
    mishear = Mishearing(np.load(options.linguistic / "codebook.npy"))
    writer = ExampleWriter(options.text / "text.model", questions, answers, mishear, random.Random(options.seed))
    model = begin(options.linguistic, options.semantic, options.seed)
    train(model, writer, test, options.out, options.minutes, seed=options.seed, eager=options.eager)
    folder = options.out / "backbone"
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(CONFIG.to_dict(), indent=1))
    save_file({name: weight.contiguous().cpu() for name, weight in model.state_dict().items()}, folder / "model.safetensors")
    (options.out / "results.json").write_text(json.dumps(probe(model, writer, test, len(test))))


if __name__ == "__main__":
    main()
