"""The Step-Omni backbone: a decoder-only transformer with grouped-query attention and square-root ALiBi.

Facts: Step-Audio-Chat's `modeling_step1.py` and vLLM's `step1.py`. Pre-norm RMSNorm, SwiGLU, no biases, untied head,
no rotary positions: the score of a key d ids back is lowered by slope * sqrt(d), so cached keys carry no position.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from parley_models.backbone.config import BackboneConfig

if TYPE_CHECKING:
    from parley_models.backbone.cache import KvCache, LayerCache


FEW_IDS = 16
"""New ids that are checked rather than read: as many rows as a draft may have."""


def alibi_slopes(heads: int) -> Tensor:
    """Slope of each head, (heads,): powers for the largest power of two, the odd steps in between for the rest."""
    base = 2 ** math.floor(math.log2(heads))
    first = [2.0 ** (-8 * k / base) for k in range(1, base + 1)]
    rest = [2.0 ** (-4 * k / base) for k in range(1, 2 * (heads - base), 2)]
    return torch.tensor(first + rest, dtype=torch.float32)


def alibi_bias(slopes: Tensor, length: int) -> Tensor:
    """What is added to the scores of a whole sequence, (heads, length, length); -inf where the key lies ahead."""
    at = torch.arange(length, device=slopes.device)
    distance = at[:, None] - at[None, :]
    bias = -slopes[:, None, None] * distance.clamp_min(0).to(slopes.dtype).sqrt()
    return bias.masked_fill(distance < 0, -math.inf)


class Distances(Protocol):
    """Attends by distances that are computed where the cache lies (`card_cache`)."""

    def attend(self, query: Tensor, key: Tensor, value: Tensor, past: "LayerCache") -> Tensor:
        """Keep keys and values (groups, new, head_dim); queries (heads, new, head_dim) over all that is kept -> (heads, new, head_dim)."""
        ...


Falls = Tensor | Sequence[Tensor] | Distances
"""What scores lose by distance: one bias, one an id, or what computes them itself."""


class RmsNorm(nn.Module):
    """Scale a vector to unit mean square in float32, cast back, then weigh."""

    def __init__(self, size: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        """(..., size) -> (..., size)."""
        wide = x.float()
        return (wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + self.eps)).to(x.dtype) * self.weight


class FusedLinear(nn.Linear):
    """Several bias-free linear layers over the same input as one product."""

    def __init__(self, inputs: int, outputs: dict[str, int]) -> None:
        super().__init__(inputs, sum(outputs.values()), bias=False)
        self.outputs = outputs
        """Rows of each layer, by upstream's name."""


def save_apart(module: nn.Module, state: dict[str, Any], prefix: str, _metadata: object) -> None:
    """Hook: a fused child leaves under the names of its parts, as upstream's files have them."""
    for name, child in module.named_children():
        fused = state.pop(f"{prefix}{name}.weight", None) if isinstance(child, FusedLinear) else None
        if fused is not None and isinstance(child, FusedLinear):
            parts = fused.split(list(child.outputs.values()))
            state.update({f"{prefix}{part}.weight": rows for part, rows in zip(child.outputs, parts, strict=True)})


def load_together(module: nn.Module, state: dict[str, Any], prefix: str, *_: object) -> None:
    """Hook: the parts of a fused child become one matrix; if one is absent all stay as they are, and torch names what is amiss."""
    for name, child in module.named_children():
        if isinstance(child, FusedLinear):
            keys = [f"{prefix}{part}.weight" for part in child.outputs]
            if all(key in state for key in keys):
                state[f"{prefix}{name}.weight"] = torch.cat([state.pop(key) for key in keys])


class Block(nn.Module):
    """A module whose fused children are saved and loaded part by part."""

    def __init__(self) -> None:
        super().__init__()
        self.register_state_dict_post_hook(save_apart)
        self.register_load_state_dict_pre_hook(load_together)


class Attention(Block):
    """Grouped-query attention."""

    def __init__(self, config: BackboneConfig) -> None:
        super().__init__()
        self.heads, self.groups, self.head_dim = config.num_attention_heads, config.num_attention_groups, config.head_dim
        shared = self.groups * self.head_dim
        self.qkv_proj = FusedLinear(config.hidden_size, {"q_proj": config.hidden_size, "k_proj": shared, "v_proj": shared})
        self.o_proj = nn.Linear(config.hidden_size, config.hidden_size, bias=False)

    def project(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(batch, length, hidden) -> queries (batch, heads, length, head_dim), keys and values (batch, groups, length, head_dim)."""
        batch, length, _ = x.shape
        mixed = self.qkv_proj(x).view(batch, length, self.heads + 2 * self.groups, self.head_dim).transpose(1, 2)
        query, key, value = mixed.split([self.heads, self.groups, self.groups], dim=1)
        return query, key, value

    def forward(self, x: Tensor, bias: Falls, past: "LayerCache | None" = None) -> Tensor:
        """Let x (batch, new, hidden) attend to itself and to the past.

        `bias` (heads, new, length) is as `KvCache.bias` has it; several, one an id, as from `KvCache.biases`, have each id computed as if
        it came alone, to the last bit; `Distances` need a past.
        """
        query, key, value = self.project(x)
        batch, _, new, _ = query.shape
        if past is not None or not isinstance(bias, Tensor):
            mixed = self.attend(query, key, value, bias, past)
        else:  # written out, it trains a quarter faster: 1.05 against 1.36 s for 32 x 192 ids through 6 layers of 256, on one core
            # The query heads of a group stand below each other as if they were more ids, so that shared keys are never copied.
            folded = query.reshape(batch, self.groups, -1, self.head_dim)
            scores = (folded @ key.transpose(-1, -2)).float() * self.head_dim**-0.5
            bias = bias.reshape(1, self.groups, -1, bias.shape[-1])
            mixed = torch.softmax(scores + bias, dim=-1).to(value.dtype) @ value
        out: Tensor = self.o_proj(mixed.view(batch, self.heads, new, self.head_dim).transpose(1, 2).flatten(2))
        return out

    def attend(self, query: Tensor, key: Tensor, value: Tensor, bias: Falls, past: "LayerCache | None") -> Tensor:
        """Queries (1, heads, new, head_dim) over new keys and values (1, groups, new, head_dim) and the past, like the queries."""
        if isinstance(bias, Sequence):
            return self._recall_each(query[0], key, value, bias, past)
        assert past is not None
        if isinstance(bias, Tensor):
            return self._recall(query[0], *past.extend(key, value), bias)
        return bias.attend(query[0], key[0], value[0], past)[None]

    def _recall_each(self, query: Tensor, key: Tensor, value: Tensor, biases: Sequence[Tensor], past: "LayerCache | None") -> Tensor:
        """`_recall` for one id after the other: products of several rows add up in another order than those of one."""
        keys, values = (key, value) if past is None else past.extend(key, value)
        mixed = [
            self._recall(query[:, at : at + 1], keys[:, :, : bias.shape[-1]], values[:, :, : bias.shape[-1]], bias)
            for at, bias in enumerate(biases)
        ]
        return torch.cat(mixed, 2)

    def _recall(self, query: Tensor, key: Tensor, value: Tensor, bias: Tensor) -> Tensor:
        """Queries (heads, new, head_dim) over cached keys and values (1, groups, length, head_dim) -> (1, heads, new, head_dim).

        `bias` is a view with the last id first and stays one: a mask of its own would be 400 MB for 64 new ids of the 130B at 16k.
        """
        heads, new, _ = query.shape
        shared = heads // self.groups
        if new == 1:
            folded = query.view(1, self.groups, shared, self.head_dim)
            fall = bias.view(1, self.groups, shared, -1)
            return F.scaled_dot_product_attention(folded, key, value, attn_mask=fall).view(1, heads, 1, self.head_dim)
        bias = bias.unflatten(0, (self.groups, shared))
        turned = query.flip(1).unflatten(0, (self.groups, shared))
        if new <= FEW_IDS or query.is_cuda:  # keys are read once for all heads that share them; one group's scores fit into a cache
            mixed = torch.empty_like(turned)
            for rows, keys, values, fall, out in zip(turned, key[0], value[0], bias, mixed, strict=True):
                scores = (rows.flatten(0, 1) * self.head_dim**-0.5) @ keys.T
                scores.unflatten(0, (shared, new)).add_(fall)
                out.copy_((torch.softmax(scores, dim=-1) @ values).unflatten(0, (shared, new)))
        else:  # never holds all scores
            key, value = (each[0][:, None].expand(-1, shared, -1, -1) for each in (key, value))
            mixed = F.scaled_dot_product_attention(turned, key, value, attn_mask=bias)
        return mixed.flip(2).flatten(0, 1)[None]


class FeedForward(Block):
    """SwiGLU."""

    def __init__(self, config: BackboneConfig) -> None:
        super().__init__()
        width = config.intermediate_size
        self.gate_up_proj = FusedLinear(config.hidden_size, {"gate_proj": width, "up_proj": width})
        self.down_proj = nn.Linear(width, config.hidden_size, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(..., hidden) -> (..., hidden)."""
        gate, up = self.gate_up_proj(x).chunk(2, dim=-1)
        out: Tensor = self.down_proj(F.silu(gate) * up)
        return out


class Layer(nn.Module):
    """Attention, then feed-forward, each after a norm and added to what came in."""

    def __init__(self, config: BackboneConfig) -> None:
        super().__init__()
        self.self_attn = Attention(config)
        self.mlp = FeedForward(config)
        self.input_layernorm = RmsNorm(config.hidden_size, config.rms_norm_eps)
        self.post_attention_layernorm = RmsNorm(config.hidden_size, config.rms_norm_eps)

    def forward(self, x: Tensor, bias: Falls, past: "LayerCache | None" = None) -> Tensor:
        """(batch, new, hidden) -> (batch, new, hidden)."""
        x = x + self.self_attn(self.input_layernorm(x), bias, past)
        out: Tensor = x + self.mlp(self.post_attention_layernorm(x))
        return out


class Trunk(nn.Module):
    """Everything below the head; a module of its own because upstream's keys start with `model.`."""

    def __init__(self, config: BackboneConfig) -> None:
        super().__init__()
        # Handed over because torch would draw it, and drawing on the meta device imports its compiler: 1.5 s of every start.
        empty = torch.empty(config.vocab_size, config.hidden_size)
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size, _weight=empty)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.num_hidden_layers))
        self.norm = RmsNorm(config.hidden_size, config.rms_norm_eps)


class StepOmni(nn.Module):
    """The model. `state_dict()` has upstream's keys: `model.layers.0.self_attn.q_proj.weight`, …, `lm_head.weight`."""

    slopes: Tensor

    def __init__(self, config: BackboneConfig) -> None:
        super().__init__()
        self.config = config
        self.model = Trunk(config)
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        self.register_buffer("slopes", alibi_slopes(config.num_attention_heads), persistent=False)
        if not self.lm_head.weight.is_meta:
            self.init_weights()

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """Draw weights to train from: normal with deviation 0.02, what is added to the residual lowered by the depth (GPT-2)."""
        lowered = 0.02 / math.sqrt(2 * self.config.num_hidden_layers)
        for name, weight in self.named_parameters():
            if weight.dim() == 2:
                deviation = lowered if name.endswith(("o_proj.weight", "down_proj.weight")) else 0.02
                nn.init.normal_(weight, std=deviation, generator=generator)

    def forward(self, ids: Tensor, halfway: bool = False) -> Tensor | tuple[Tensor, Tensor]:
        """Ids (batch, length) -> hidden states after the final norm (batch, length, hidden); padding on the right is harmless.

        `halfway`: and those after half of the layers, of the same shape; training may judge them too.
        """
        bias = alibi_bias(self.slopes, ids.shape[1])
        x = middle = self.model.embed_tokens(ids)
        for number, layer in enumerate(self.model.layers, 1):
            x = layer(x, bias)
            if 2 * number <= len(self.model.layers):
                middle = x
        out: Tensor = self.model.norm(x)
        return (out, middle) if halfway else out

    def extend(self, ids: Tensor, cache: "KvCache", layers: int | None = None, *, as_steps: bool = False) -> Tensor:
        """Ids (new,) that follow what the cache holds -> their hidden states after the final norm (new, hidden).

        Args:
            ids: at most `cache.MOST_IDS`.
            cache: what came before; holds them afterwards.
            layers: stop above so many, for a guess at what all of them would say; the cache has then to be rewound.
            as_steps: to the last bit what one id at a time would give; with quantized weights, of fewer than 16 ids (`kernels`).
        """
        return self.follow(ids, cache.falls(len(ids), as_steps=as_steps), cache, layers)

    def follow(self, ids: Tensor, bias: Falls, cache: "KvCache", layers: int | None = None) -> Tensor:
        """What `extend` computes, room having been made for the ids: with `Distances` nothing here depends on what the host knows."""
        x = self.model.embed_tokens(ids)[None].float()
        for layer, past in zip(self.model.layers[:layers], cache.layers[:layers], strict=True):
            x = layer(x, bias, past)
        out: Tensor = self.model.norm(x)[0]
        return out

    def logits(self, hidden: Tensor) -> Tensor:
        """Hidden states (..., hidden) -> logits (..., vocab). A recipe passes only what it learns from: the head is the dear part."""
        out: Tensor = self.lm_head(hidden)
        return out
