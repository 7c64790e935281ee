"""The backbone against a reference folder: in full precision every number, quantized what it costs."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from parley_models.backbone.backbone import Backbone
from parley_models.backbone.loading import load_model
from parley_models.backbone.model import alibi_bias, alibi_slopes
from parley_models.backbone.quantize import Quantization
from parley_models.hub.backbone_weights import Checkpoint, convert_shard, seal
from parley_models.hub.comparison import Golden, Numbers, Row, same

LOGITS, SLOPES = 2e-3, 1e-6
QUANTIZED = ("int8", "int4", "int3")


@dataclass(frozen=True, slots=True)
class BackboneReference:
    """A checkpoint, its imported form, and the goldens of `llm.npz`."""

    checkpoint: Checkpoint
    folder: Path
    """`backbone/` of the bundle, in full precision."""

    golden: Golden
    scratch: Path

    def rows(self) -> Iterator[Row]:
        """Every key, then what each quantization costs."""
        golden = self.golden
        prompt, greedy = ids_of(golden["prompt_ids"]), ids_of(golden["greedy_ids"])
        long = ids_of(golden["long_ids"])
        context = max(len(prompt) + len(greedy), len(long)) + 1
        yield from self._positions()
        yield from self._inside(prompt, long)
        backbone = Backbone.load(self.folder, context=context)
        logits = backbone.prefill(prompt)
        yield golden.close("logits_last", logits, LOGITS)
        if "bf16_logits_last" in golden:
            far = float(np.abs(logits - golden["bf16_logits_last"]).max())
            yield golden.told("bf16_logits_last", far, "for scale: full precision against bfloat16")
        yield from self._greedy(backbone, logits, greedy)
        backbone.rewind(0)
        top = golden["long_top50_ids"].astype(int)
        yield golden.close("long_top50_logits", backbone.prefill(long)[top], LOGITS)
        for name in QUANTIZED:
            yield from self._quantized(name, prompt, greedy, context)
        yield from golden.forgotten()

    def _positions(self) -> Iterator[Row]:
        slopes = alibi_slopes(self.checkpoint.config.num_attention_heads)
        yield self.golden.close("alibi_slopes", slopes.numpy(), SLOPES)
        length = self.golden["alibi_bias_16"].shape[-1]
        yield self.golden.close("alibi_bias_16", alibi_bias(slopes, length).numpy(), 1e-5)

    @torch.inference_mode()
    def _inside(self, prompt: list[int], long: list[int]) -> Iterator[Row]:
        golden, model = self.golden, load_model(self.folder)
        seen: list[Numbers] = []
        for module in (model.model.embed_tokens, *model.model.layers):
            module.register_forward_hook(lambda _module, _given, out: seen.append(out[0].float().numpy()))
        hidden = model(torch.tensor([prompt]))[0]
        yield golden.close("hidden_states", np.stack([*seen, hidden.numpy()]), LOGITS)
        logits = model.logits(hidden)
        yield golden.close("logits_subset", logits[:, golden["logits_subset_ids"].astype(int)].numpy(), LOGITS)
        if "logsumexp" in golden:
            yield golden.close("logsumexp", torch.logsumexp(logits, 1).numpy(), LOGITS)
        top = torch.from_numpy(golden["top20_ids"].astype(np.int64))
        yield golden.close("top20_logits", logits.gather(1, top).numpy(), LOGITS)
        if "bf16_argmax" in golden:
            differ = float((logits.argmax(1).numpy() != golden["bf16_argmax"]).mean())
            yield golden.told("bf16_argmax", differ, "for scale: share of places where bfloat16 would choose otherwise")
        hidden = model(torch.tensor([long]))[0]
        rows = len(golden["long_hidden_last"])
        yield golden.close("long_hidden_last", hidden[-rows:].numpy(), LOGITS)
        yield golden.same("long_argmax", model.logits(hidden).argmax(1).numpy())

    def _greedy(self, backbone: Backbone, logits: Numbers, greedy: list[int]) -> Iterator[Row]:
        golden, said, tops, gaps = self.golden, [], [], []
        top_ids = golden["greedy_top8_ids"].astype(int)
        for step in range(len(greedy)):
            tops.append(logits[top_ids[step]])
            best = np.partition(logits, -2)[-2:]
            gaps.append(best[1] - best[0])
            said.append(int(logits.argmax()))
            logits = backbone.step(said[-1]).copy()
        yield golden.same("greedy_ids", said)
        yield golden.close("greedy_top8_logits", np.stack(tops), LOGITS)
        yield golden.close("greedy_margin", np.array(gaps), 2 * LOGITS)

    def _quantized(self, name: str, prompt: list[int], greedy: list[int], context: int) -> Iterator[Row]:
        """The same prompt and the reference's own continuation, read by a quantized backbone."""
        quantization = Quantization(name)
        folder = self.scratch / name
        folder.mkdir(parents=True)
        for shard in self.checkpoint.shards:
            convert_shard(shard, folder / shard.path.name, quantization)
        seal(self.checkpoint, folder, quantization)
        full, less = (Backbone.load(each, context=context) for each in (self.folder, folder))
        pairs = [(full.prefill(prompt).copy(), less.prefill(prompt).copy())]
        pairs += [(full.step(token_id).copy(), less.step(token_id).copy()) for token_id in greedy[:-1]]
        furthest = max(float(np.abs(ours - theirs).max()) for ours, theirs in pairs)
        agreed = sum(int(theirs.argmax()) == said for (_, theirs), said in zip(pairs, greedy, strict=True))
        divergence = float(np.mean([_divergence(ours, theirs) for ours, theirs in pairs]))
        places = {key: place for shard in self.checkpoint.shards for key, place in shard.tensors.items()}
        matrices = [(key, place.shape) for key, place in places.items() if quantization.covers(key, place.shape)]
        grouped = sum(quantization.grouped(key, shape[1]) is not None for key, shape in matrices)
        note = (
            f"greedy ids agree at {agreed} of {len(greedy)} places, KL {divergence:.2e}; {grouped} matrices in groups, the others by rows"
        )
        yield Row(f"llm: logits in {name}", furthest, None, note)
        yield same(f"llm: {name} gives numbers", bool(np.isfinite([theirs for _, theirs in pairs]).all()), True)


def _divergence(full: Numbers, less: Numbers) -> float:
    """Kullback–Leibler divergence of two rows of logits, in nats."""
    log_full, log_less = (row.astype(np.float64) - np.logaddexp.reduce(row.astype(np.float64)) for row in (full, less))
    return float(np.sum(np.exp(log_full) * (log_full - log_less)))


def ids_of(array: Numbers) -> list[int]:
    """Ids as plain numbers."""
    return [int(token_id) for token_id in array.reshape(-1)]
