"""Train Mini's semantic tokenizer: pitch and spectral detail of every 40 ms, from noisy sound as from clean.

    python -m parley_training.semantic.recipe --corpus runs/corpus --out runs/semantic --minutes 12

Targets come from the clean sound (WORLD's F0; the nearest of 85 k-means shapes of the log-mel), the input from what a microphone
heard; what leaves is f0 · 85 + detail. Stages: features → shapes' code book → training → ONNX. What is finished is skipped.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from parley_models.networks.semantic import DETAIL_LEVELS, SemanticConfig, SemanticEncoder
from parley_training.checkpoint import Pace, restore, save
from parley_training.kmeans import kmeans, nearest
from parley_training.precision import multiplying
from parley_training.semantic.export import export
from parley_training.semantic.features import Utterances, prepare, prepare_answers

CONFIG = SemanticConfig()
PEAK_RATE = 1.5e-3
BATCH = 96
"""Windows of each source: half of them are the answering voice's, because the vocoder lives on these codes."""
EARLY_WEIGHT = 0.2
"""Weight of the codes of a window that are never emitted: only the last block's are."""


def detail_book(answers: Utterances, questions: Utterances) -> Tensor:
    """85 spectral shapes (85, 20), mostly the answering voice's."""
    generator = np.random.default_rng(0)
    counts = ((answers.shape, 60_000), (questions.shape, 15_000))
    some = [shapes[generator.permutation(len(shapes))[:count]] for shapes, count in counts]
    return kmeans(torch.from_numpy(np.concatenate(some)), DETAIL_LEVELS, rounds=40)


def losses(encoder: nn.Module, mel: Tensor, f0: Tensor, detail: Tensor) -> tuple[Tensor, Tensor]:
    """Weighted cross-entropies of both factors; targets (B, codes) with -1 where there is no sound yet."""
    with multiplying("cpu"):
        f0_logits, detail_logits = encoder(mel)
    weight = torch.full(f0.shape, EARLY_WEIGHT)
    weight[:, -CONFIG.block_codes :] = 1.0
    weight = weight * (f0 >= 0)

    def mean(logits: Tensor, target: Tensor) -> Tensor:
        each = functional.cross_entropy(logits.float().transpose(1, 2), target.clamp(min=0), reduction="none")
        return (each * weight).sum() / weight.sum()

    return mean(f0_logits, f0), mean(detail_logits, detail)


def train(sources: list[tuple[Utterances, Tensor]], out: Path, minutes: float) -> SemanticEncoder:
    """Train until the minutes are over, going on from the last checkpoint."""
    encoder = SemanticEncoder(CONFIG)
    optimizer = torch.optim.AdamW(encoder.parameters(), lr=PEAK_RATE, weight_decay=0.02, betas=(0.9, 0.98))
    state = restore(out / "checkpoint.pt")
    step = 0
    if state is not None:
        encoder.load_state_dict(state["encoder"])
        optimizer.load_state_dict(state["optimizer"])
        step = state["step"]
    pace = Pace(minutes, state["elapsed_s"] if state else 0.0)
    streams = [data.windows(BATCH, CONFIG, seed=2 * step + n) for n, (data, _) in enumerate(sources)]
    history: list[tuple[float, float]] = []
    over = pace.over
    while not over:
        parts = [_targets(next(stream), data, detail) for stream, (data, detail) in zip(streams, sources, strict=True)]
        mel, f0, detail = (torch.cat([part[n] for part in parts]) for n in range(3))
        for group in optimizer.param_groups:
            group["lr"] = pace.learning_rate(PEAK_RATE)
        f0_loss, detail_loss = losses(encoder, mel, f0, detail)
        optimizer.zero_grad()
        (f0_loss + detail_loss).backward()
        nn.utils.clip_grad_norm_(encoder.parameters(), 1.0)
        optimizer.step()
        step += 1
        history.append((f0_loss.item(), detail_loss.item()))
        if step % 50 == 0:
            means = np.mean(history[-50:], axis=0)
            print(f"step {step} {pace.elapsed_s / 60:.1f} min f0 {means[0]:.3f} detail {means[1]:.3f}", flush=True)
        over = pace.over
        if pace.save_is_due() or over:
            state = {"encoder": encoder.state_dict(), "optimizer": optimizer.state_dict(), "step": step, "elapsed_s": pace.elapsed_s}
            save(out / "checkpoint.pt", state)
    return encoder.eval()


def _targets(window: tuple[Tensor, "np.typing.NDArray[np.int64]"], data: Utterances, detail: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    mel, codes = window
    f0 = np.where(codes < 0, -1, data.f0[codes].astype(np.int64))
    return mel, torch.from_numpy(f0), detail[torch.from_numpy(np.maximum(codes, 0))]


def measure(encoder: SemanticEncoder, data: Utterances, detail: Tensor) -> dict[str, float]:
    """How well pitch and detail of the emitted codes are told, on windows drawn with a seed never trained on."""
    mel, f0, shape = _targets(next(data.windows(1500, CONFIG, seed=10**9)), data, detail)
    with torch.inference_mode():
        f0_logits, detail_logits = encoder(mel)
    emitted = slice(-CONFIG.block_codes, None)
    truth, guess = f0[:, emitted].flatten().float(), f0_logits.argmax(-1)[:, emitted].flatten().float()
    voiced = (truth > 0) & (guess > 0)
    return {
        "voicing_error": float(((truth > 0) != (guess > 0)).float().mean()),
        "f0_correlation": float(torch.corrcoef(torch.stack([truth[voiced], guess[voiced]]))[0, 1]),
        "f0_within_a_level": float(((truth - guess).abs()[voiced] <= 1).float().mean()),
        "detail_accuracy": float((detail_logits.argmax(-1) == shape)[:, emitted].float().mean()),
    }


def main() -> None:
    """Read the command line and run what is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=Path("runs/corpus"))
    parser.add_argument("--out", type=Path, default=Path("runs/semantic"))
    parser.add_argument("--minutes", type=float, default=12)
    parser.add_argument("--shards", type=int, default=10, help="shards of questions to learn from")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    options.out.mkdir(parents=True, exist_ok=True)

    folders = [path for path in sorted((options.corpus / "questions").glob("shard_*")) if not path.suffix][: options.shards]
    questions = prepare(folders, options.out / "questions.npz")
    test = prepare(sorted((options.corpus / "test").glob("shard_*"))[:1], options.out / "test.npz")
    answers = prepare_answers(options.corpus / "voice" / "answers", options.out / "answers.npz")
    if not (options.out / "detail.npy").exists():
        np.save(options.out / "detail.npy", detail_book(answers, questions).numpy())
    book = torch.from_numpy(np.load(options.out / "detail.npy"))
    detail = {id(data): nearest(torch.from_numpy(data.shape), book) for data in (questions, answers, test)}
    encoder = train([(answers, detail[id(answers)]), (questions, detail[id(questions)])], options.out, options.minutes)
    results = {name: measure(encoder, data, detail[id(data)]) for name, data in (("test voices", test), ("answering voice", answers))}
    print(json.dumps(results, indent=1))
    (options.out / "results.json").write_text(json.dumps(results))
    export(encoder, options.out / "semantic.onnx")


if __name__ == "__main__":
    main()
