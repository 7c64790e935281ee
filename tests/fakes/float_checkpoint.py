"""A float checkpoint in upstream's layout, very small: several shards, an index, a vision tower that nobody needs."""

import io
import json

import torch
from safetensors.torch import save

from parley_models.backbone.config import BackboneConfig
from parley_models.backbone.model import StepOmni

CONFIG = BackboneConfig(
    hidden_size=64,
    intermediate_size=128,
    num_attention_heads=4,
    num_attention_groups=2,
    num_hidden_layers=2,
    vocab_size=256,
    max_seq_len=64,
)


def float_checkpoint(shards: int = 4, *, without: str = "") -> dict[str, bytes]:
    """The files of its repository, by path. The last shard holds only what is left out; `without` = a tensor that is missing."""
    model = StepOmni(CONFIG)
    model.init_weights(torch.Generator().manual_seed(3))
    state = {key: weight.to(torch.bfloat16).contiguous() for key, weight in model.state_dict().items() if key != without}
    keys = sorted(state)
    per_shard = -(-len(keys) // (shards - 1))
    groups = [{key: state[key] for key in keys[at : at + per_shard]} for at in range(0, len(keys), per_shard)]
    groups.append({"vision_model.patch.weight": torch.ones(8, 8)})
    names = [f"model-{number:05}-of-{len(groups):05}.safetensors" for number in range(1, len(groups) + 1)]
    files = {name: save(group) for name, group in zip(names, groups, strict=True)}
    places = {key: name for name, group in zip(names, groups, strict=True) for key in group}
    index = {"metadata": {"total_size": sum(map(len, files.values()))}, "weight_map": places}
    files["config.json"] = json.dumps(CONFIG.to_dict() | {"model_type": "step1"}).encode()
    files["model.safetensors.index.json"] = json.dumps(index).encode()
    files["README.md"] = b"Words about it."
    files["modeling_step1.py"] = b"raise SystemExit"
    files["tokenizer.model"] = io.BytesIO(bytes(range(256)) * 4).getvalue()
    return files
