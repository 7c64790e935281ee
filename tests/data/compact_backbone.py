"""Makes the compact part of the reference set that backbone and text tests run on; rerun it when the set changes.

    python tests/data/compact_backbone.py REFERENCE

The miniature checkpoint is 15 MB because of its 74,752 ids. Only ids that the golden numbers speak of are kept: their rows
of embedding and head are copied bit for bit and renumbered from 0, as are the ids in `llm.npz`; all else stays as it is, the
split into three files and the unused vision tensors included. Left out: `logsumexp`, which needs every id.
"""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file

CHECKPOINT = "step-audio-aqaa-mini"
ID_KEYS = (
    "prompt_ids",
    "greedy_ids",
    "long_ids",
    "logits_subset_ids",
    "top20_ids",
    "greedy_top8_ids",
    "long_top50_ids",
    "long_argmax",
    "bf16_argmax",
)
BY_ID = ("logits_last", "bf16_logits_last")
ROWS_BY_ID = ("model.embed_tokens.weight", "lm_head.weight")


def compact_goldens(source: Path, target: Path) -> np.ndarray:
    """Write `llm.npz` with ids renumbered; returns the old ids that are kept, in order."""
    golden = dict(np.load(source, allow_pickle=False))
    kept = np.unique(np.concatenate([golden[key].reshape(-1) for key in ID_KEYS]))
    del golden["logsumexp"]
    for key in ID_KEYS:
        golden[key] = np.searchsorted(kept, golden[key])
    for key in BY_ID:
        golden[key] = golden[key][kept]
    np.savez_compressed(target, **golden)
    return kept


def compact_checkpoint(source: Path, target: Path, kept: np.ndarray) -> None:
    """Write config, shards and index with only the kept ids."""
    rows = torch.from_numpy(kept)
    for path in sorted(source.glob("*.safetensors")):
        with safe_open(path, framework="pt") as shard:
            state = {key: shard.get_tensor(key) for key in shard.keys()}  # noqa: SIM118 - safe_open is no mapping
        state |= {key: state[key][rows].contiguous() for key in ROWS_BY_ID if key in state}
        save_file(state, target / path.name, metadata={"format": "pt"})
    config = json.loads((source / "config.json").read_text(encoding="utf-8")) | {"vocab_size": len(kept), "max_seq_len": 2048}
    (target / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    for name in ("model.safetensors.index.json", "tokenizer.model", "tokenizer_config.json"):
        shutil.copyfile(source / name, target / name)


def main(reference: Path) -> None:
    """Write everything below `tests/data/reference`."""
    target = Path(__file__).parent / "reference"
    (target / "golden").mkdir(parents=True, exist_ok=True)
    (target / CHECKPOINT).mkdir(parents=True, exist_ok=True)
    kept = compact_goldens(reference / "golden" / "llm.npz", target / "golden" / "llm.npz")
    compact_checkpoint(reference / CHECKPOINT, target / CHECKPOINT, kept)
    shutil.copyfile(reference / "golden" / "text_tokenizer.json", target / "golden" / "text_tokenizer.json")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
