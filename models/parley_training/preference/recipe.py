"""Teach a trained backbone to prefer its own right answers to its own wrong ones: DPO from SFT 1, audio masked out of the loss.

    python -m parley_training.preference.recipe --world mini1

Asks the model questions of its training world, typed and heard, several times each; judges the answers; keeps the pairs in `pairs.jsonl`;
computes the reference's log-probabilities once (`references.pt`); trains; writes `backbone/` and `results.json`. A killed run goes on
where it was: with the next question, or the last checkpoint. More --questions go on asking, too; pairs of another model, or asked or
judged otherwise, are refused.
"""

import argparse
import hashlib
import json
import random
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import save_file

from parley_models.backbone.backbone import Backbone
from parley_models.backbone.config import read_entries
from parley_models.backbone.loading import load_model, stored_quantization
from parley_models.backbone.model import StepOmni
from parley_models.backbone.weights import CONFIG_NAME, shards
from parley_models.errors import ParleyError, UsageError
from parley_models.text_tokenizer import TextTokenizer
from parley_training.backbone.narrowed import narrowed
from parley_training.backbone.questions import questions_of
from parley_training.checkpoint import Pace, restore, save
from parley_training.corpus.dialogue import write
from parley_training.corpus.wide.core import core_writer, in_core
from parley_training.homes import add_folders, at_home
from parley_training.preference.dpo import LogProbabilities, accumulate, margins, measured
from parley_training.preference.pairs import Pair, PairBook
from parley_training.preference.sampling import Inquiry
from parley_training.preference.score import typed_score

CONTEXT = 2048
TEST_EVERY = 10
"""Of so many questions the pair of one is never learned, only measured."""
SAVE_EVERY_S = 60.0
WARM_STEPS = 10


def collect(book: PairBook, inquiry: Inquiry, questions: int, seed: int) -> None:
    """Ask until so many questions were asked altogether."""
    for number in range(len(book.asked), questions):
        book.add(inquiry.ask(number, seed))
        if (number + 1) % 25 == 0:
            pairs = sum(asked.pair is not None for asked in book.asked)
            print(f"asked {number + 1}, {pairs} pairs", flush=True)


def shared_out(book: PairBook) -> tuple[list[Pair], list[Pair]]:
    """Pairs to learn from, and pairs to measure with: of prompts that are never learned, though a question may come more than once."""
    known = [(asked.number, asked.pair) for asked in book.asked if asked.pair is not None]
    learned = [pair for number, pair in known if number % TEST_EVERY]
    prompts = {pair.prompt for pair in learned}
    return learned, [pair for number, pair in known if number % TEST_EVERY == 0 and pair.prompt not in prompts]


def references(model: StepOmni, pairs: Sequence[Pair], kept: Path, made_from: str, device: str) -> LogProbabilities:
    """What the model that training begins from finds of all pairs: computed once, read again by a run that goes on."""
    known = restore(kept)
    if known is None or known["made_from"] != made_from:
        found = measured(model, pairs, device)
        known = {"chosen": found.chosen.cpu(), "rejected": found.rejected.cpu(), "made_from": made_from}
        save(kept, known)
    return LogProbabilities(known["chosen"].to(device), known["rejected"].to(device))


def train(
    model: StepOmni,
    pairs: Sequence[Pair],
    reference: LogProbabilities,
    out: Path,
    *,
    made_from: str,
    beta: float,
    rate: float,
    epochs: int,
    batch: int,
    seed: int = 0,
    device: str = "cpu",
) -> None:
    """Go through the pairs so many times, on from the last checkpoint of the same pairs and settings; a stop changes nothing."""
    made_from = f"{made_from} {beta} {rate} {epochs} {batch} {seed}"  # else results would name settings that nothing was trained with
    orders = [random.Random(f"{seed}/{epoch}").sample(range(len(pairs)), len(pairs)) for epoch in range(epochs)]
    batches = [order[first : first + batch] for order in orders for first in range(0, len(pairs), batch)]
    learner = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.0)
    state, done = restore(out / "checkpoint.pt"), 0
    if state is not None and state["made_from"] == made_from:
        model.load_state_dict(state["model"])
        learner.load_state_dict(state["optimizer"])
        done = state["step"]
    pace = Pace(1.0, save_every_s=SAVE_EVERY_S)
    for step, which in enumerate(batches[done:], done + 1):
        learner.zero_grad()
        loss = accumulate(model, [pairs[number] for number in which], reference[which], beta, device)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for group in learner.param_groups:
            group["lr"] = rate * min(step / WARM_STEPS, 1.0, (len(batches) + 1 - step) / len(batches))
        learner.step()
        if step % 10 == 0:
            print(f"step {step} of {len(batches)} loss {loss:.3f}", flush=True)
        if pace.save_is_due() or step == len(batches):
            learned = {"model": model.state_dict(), "optimizer": learner.state_dict()}
            save(out / "checkpoint.pt", {**learned, "step": step, "made_from": made_from})


def preferred(model: StepOmni, pairs: Sequence[Pair], reference: LogProbabilities, device: str = "cpu") -> dict[str, float]:
    """Of how many pairs the chosen answer gained on the rejected one, and by how many nats in the mean."""
    if not pairs:
        return {"pairs": 0}
    gained = margins(measured(model, pairs, device), reference)
    return {"pairs": len(pairs), "preferred": round(float((gained > 0).float().mean()), 3), "margin_nats": round(float(gained.mean()), 3)}


def made_from(folder: Path, book: Path) -> str:
    """Names a model and its pairs: references of others must not be taken for theirs."""
    return hashlib.sha256(book.read_bytes() + digest_of(folder).encode()).hexdigest()


def digest_of(folder: Path) -> str:
    """Names a model by its weights."""
    digest = hashlib.sha256()
    for path in shards(folder):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def hold_to(path: Path, settings: dict[str, object]) -> None:
    """Note what pairs are asked with: those of another model, or judged by other rules, would be learned from as if they were its own.

    Raises:
        UsageError: the pairs that are there were asked with something else.
    """
    if not path.exists():
        unfinished = path.with_suffix(".part")
        unfinished.write_text(json.dumps(settings) + "\n", encoding="utf-8")
        unfinished.replace(path)
    before = json.loads(path.read_text(encoding="utf-8"))
    if other := [name for name, value in settings.items() if before.get(name) != value]:
        raise UsageError(f"{path.parent} holds pairs that were asked with other settings ({other[0]}): choose another --out, or remove it.")


def arguments() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_folders(parser, default="mini1", backbone="backbone/sft1", corpus="corpus", tokens="tokens", text="text", out="dpo")
    parser.add_argument("--questions", type=int, default=4000, help="asked of the model to find pairs")
    parser.add_argument("--answers", type=int, default=6, help="to each question")
    parser.add_argument("--core", action="store_true", help="of Mini 1's world only what is asked every day (`corpus.wide.core`)")
    parser.add_argument("--text-only", action="store_true", help="an answer whose sound breaks off may still be preferred")
    parser.add_argument("--beta", type=float, default=0.1)
    parser.add_argument("--rate", type=float, default=1e-5)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--batch", type=int, default=16, help="pairs")
    parser.add_argument("--examined", type=int, default=200, help="typed questions of the examination, asked before and after")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    return parser


def main() -> None:
    """Read the command line, ask, judge and train."""
    parser = arguments()
    options = parser.parse_args()
    try:
        run(at_home(options))
    except ParleyError as error:
        parser.exit(error.exit_code, f"{error}\n")


def run(options: argparse.Namespace) -> None:
    """The whole recipe. Raises ParleyError."""
    if stored_quantization(read_entries(options.backbone / CONFIG_NAME)):
        raise UsageError(f"{options.backbone} is quantized, so only its norms could learn: train it first, quantize then.")
    torch.set_num_threads(options.threads)
    device, out, text_model = "cuda" if torch.cuda.is_available() else "cpu", options.out, options.text / "text.model"
    out.mkdir(parents=True, exist_ok=True)
    asked = {"backbone": digest_of(options.backbone), "answers": options.answers, "world": options.world, "seed": options.seed}
    hold_to(out / "asked_with.json", {**asked, "core": options.core, "text_only": options.text_only})
    book = PairBook(out / "pairs.jsonl")
    if len(book.asked) < options.questions:
        asking = Backbone.load(options.backbone, threads=options.threads, context=CONTEXT)
        spoken = questions_of(options.corpus / "questions", options.tokens / "questions")
        heard = [each for each in (narrowed(spoken) if options.world == "mini0" else spoken) if each.exchange.answer]
        if options.core:
            heard = [each for each in heard if in_core(each.exchange)]
        inquiry = Inquiry(
            asking,
            TextTokenizer(text_model),
            lambda rng: core_writer(rng)() if options.core else write(rng, world=options.world),
            heard,
            options.answers,
            sound=not options.text_only,
        )
        collect(book, inquiry, options.questions, options.seed)
    learned, kept_back = shared_out(book)
    if not learned:
        raise UsageError(f"{len(book.asked)} questions gave no pair to learn from: the model answers all rightly or all wrongly; ask more.")

    model = load_model(options.backbone).requires_grad_(requires_grad=True).to(device)
    source = made_from(options.backbone, out / "pairs.jsonl")
    every = references(model, [*learned, *kept_back], out / "references.pt", source, device)
    reference, apart = every[range(len(learned))], every[range(len(learned), len(learned) + len(kept_back))]
    how = {"beta": options.beta, "rate": options.rate, "epochs": options.epochs, "batch": options.batch, "seed": options.seed}
    train(model, learned, reference, out, made_from=source, device=device, **how)
    folder = out / "backbone"
    folder.mkdir(exist_ok=True)
    (folder / CONFIG_NAME).write_bytes((options.backbone / CONFIG_NAME).read_bytes())
    save_file({name: weight.contiguous().cpu() for name, weight in model.state_dict().items()}, folder / "model.safetensors")
    good, given = sum(asked.good for asked in book.asked), sum(asked.answers for asked in book.asked)
    results = {
        **how,
        "asked": len(book.asked),
        "good_answers": round(good / given, 3),
        "learned": preferred(model, learned, reference, device),
        "kept_back": preferred(model, kept_back, apart, device),
        "typed_before": typed_score(options.backbone, text_model, options.examined, options.world),
        "typed_after": typed_score(folder, text_model, options.examined, options.world),
    }
    (out / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(results))


if __name__ == "__main__":
    main()
