"""What each way of quantizing costs: the table of docs/quantization.md.

    python -m parley_training.quantize.errors --mini runs/backbone/backbone --page docs/quantization.md

Mini is asked typed questions and answers in sound, drawn at temperature 1; what it said is then read by each quantized form of it.
A minute of processor time.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from parley_models.backbone.cache import MOST_IDS, KvCache
from parley_models.backbone.cache_forms import FLOAT32, FORMS, bytes_per_id
from parley_models.backbone.convert import quantize_checkpoint
from parley_models.backbone.loading import load_model
from parley_models.backbone.model import StepOmni
from parley_models.backbone.quantize import MINIMISED, PLAIN, Quantization
from parley_models.backbone.weights import shards, tensors
from parley_models.bundle import Bundle, find_bundle
from parley_models.hub.catalogue import STEP_130B
from parley_training.quantize.asking import ASKED, CALIBRATING, Ids, Numbers, answers, log_shares, mini_prompts
from parley_training.quantize.calibrated import quantize_calibrated
from parley_training.quantize.page import CacheErrors, Errors, cache_table, table, write_between


@dataclass(frozen=True, slots=True)
class Scheme:
    """One row."""

    title: str
    quantization: Quantization
    calibrated: bool = False


SCHEMES = (
    Scheme("int8, a scale a row", Quantization("int8")),
    Scheme("int4, groups of 64", Quantization("int4")),
    Scheme("int4, groups of 64, range spanned", Quantization("int4", rounding=PLAIN)),
    Scheme("int4, groups of 64, calibrated", Quantization("int4"), calibrated=True),
    Scheme("int4, groups of 128", Quantization("int4", 128)),
    Scheme("int3 mixed, groups of 64", Quantization("int3")),
    Scheme("int3 mixed, range spanned", Quantization("int3", rounding=PLAIN)),
    Scheme("int3 mixed, calibrated", Quantization("int3"), calibrated=True),
    Scheme("int3 everywhere, groups of 64", Quantization("int3", rounding=MINIMISED, in_8_bits=(), in_4_bits=())),
)
REFERENCE_SCHEMES = (
    SCHEMES[0],
    Scheme("int4, groups of 16", Quantization("int4")),
    Scheme("int3 mixed, groups of 16", Quantization("int3")),
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a model makes of some sequences."""

    log_shares: Numbers
    """(ids, vocab)."""

    hidden: list[Numbers]
    """After each layer, (ids, hidden)."""


def examine(folder: Path, said: Ids, calibrating: Ids, schemes: Sequence[Scheme] = SCHEMES) -> Iterator[Errors]:
    """Hold every scheme against the float checkpoint in a folder. Raises BundleError."""
    right = _reading(load_model(folder), said)
    for scheme in schemes:
        with tempfile.TemporaryDirectory() as scratch:
            made = Path(scratch) / "made"
            if scheme.calibrated:
                quantize_calibrated(folder, made, scheme.quantization, calibrating)
            else:
                quantize_checkpoint(folder, made, scheme.quantization)
            model = load_model(made)
            bits, grouped, off = _weights(folder, made, scheme.quantization)
        near = _reading(model, said)
        nats, same = _nats(right.log_shares, near.log_shares), _agreement(right.log_shares, near.log_shares)
        layers = tuple(_off(one, other) for one, other in zip(right.hidden, near.hidden, strict=True))
        yield Errors(scheme.title, bits, grouped, off, nats, same, len(right.log_shares), layers)


def examine_caches(folder: Path, said: Ids) -> Iterator[CacheErrors]:
    """Hold every form of the cache against float32, the weights being floats. Raises BundleError."""
    model = load_model(folder)
    right = _reading(model, said).log_shares
    for form in FORMS[1:]:
        near = _reading(model, said, form).log_shares
        at_130b, own = (bytes_per_id(config, form) for config in (STEP_130B, model.config))
        yield CacheErrors(form, at_130b, own, _nats(right, near), _agreement(right, near))


def _reading(model: StepOmni, sequences: Ids, form: str = FLOAT32) -> Reading:
    seen: list[list[Numbers]] = [[] for _ in model.model.layers]
    hooks = [
        layer.register_forward_hook(lambda _module, _given, out, number=number: seen[number].append(out[0].double().numpy()))
        for number, layer in enumerate(model.model.layers)
    ]
    rows: list[Numbers] = []
    with torch.inference_mode():
        for ids in sequences:
            cache = KvCache(model.config, len(ids), form)
            pieces = torch.tensor(list(ids)).split(MOST_IDS)
            rows += [log_shares(model.logits(model.extend(piece, cache)).float().numpy()) for piece in pieces]
    for hook in hooks:
        hook.remove()
    return Reading(np.concatenate(rows), [np.concatenate(each) for each in seen])


def _weights(folder: Path, made: Path, quantization: Quantization) -> tuple[float, int, float]:
    """Bits a weight, matrices in groups, and the weights' error; of the layers alone."""
    stored = {key: tensor for _, key, tensor in tensors(shards(made))}
    count, size_bytes, grouped, wrong, all_squares = 0, 0, 0, 0.0, 0.0
    for _, key, weight in tensors(shards(folder)):
        if weight.dim() != 2 or ".layers." not in key:
            continue
        matrix = quantization.restore(key, [stored[name] for name in quantization.stored(key, weight.shape)], weight.shape)
        count += weight.numel()
        size_bytes += sum(tensor.nbytes for tensor in matrix.tensors())
        grouped += quantization.grouped(key, weight.shape[1]) is not None
        wrong += float((matrix.weight() - weight.float()).square().sum())
        all_squares += float(weight.float().square().sum())
    return 8 * size_bytes / count, grouped, (wrong / all_squares) ** 0.5


def _nats(right: Numbers, near: Numbers) -> float:
    return float((np.exp(right) * (right - near)).sum(1).mean())


def _agreement(right: Numbers, near: Numbers) -> float:
    return float((right.argmax(1) == near.argmax(1)).mean())


def _off(right: Numbers, near: Numbers) -> float:
    return float(np.sqrt(np.square(near - right).sum() / np.square(right).sum()))


def main() -> None:
    """Read the command line, measure and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mini", type=Path, default=Path("runs/backbone/backbone"), help="the float backbone that Mini was made of")
    parser.add_argument("--reference", type=Path, default=Path("tests/data/reference/step-audio-aqaa-mini"), help="any float checkpoint")
    parser.add_argument("--page", type=Path, default=Path("docs/quantization.md"))
    parser.add_argument("--record", type=Path, default=Path("docs/measured/quantization.json"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    bundle = Bundle.open(find_bundle("mini"))
    said = answers(options.mini, mini_prompts(ASKED, bundle), seed=0)
    mini = list(examine(options.mini, said, answers(options.mini, mini_prompts(CALIBRATING, bundle), seed=1)))
    drawn = answers(options.reference, [[1]], seed=0)
    caches = list(examine_caches(options.mini, said))
    reference = list(examine(options.reference, drawn, drawn, REFERENCE_SCHEMES))
    record = {name: [asdict(row) for row in rows] for name, rows in (("mini", mini), ("caches", caches), ("reference", reference))}
    options.record.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    title = f"{bundle.manifest.title} {bundle.manifest.version}, {mini[0].places:,} ids, most of them said by itself:"
    other = f"The miniature reference checkpoint, {reference[0].places:,} ids; its 48 and 112 columns are divided by no group but of 16:"
    write_between(
        options.page, "figures of `quantize.errors`", "\n\n".join([title, table(mini), cache_table(caches), other, table(reference)])
    )


if __name__ == "__main__":
    main()
