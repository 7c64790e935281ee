"""Makes the compact part of the reference set that vocoder tests run on; rerun it when the set changes.

    python tests/data/compact_vocoder.py REFERENCE

Of the flow's 5,120 embedding rows only those are kept, renumbered, that the golden tokens name. Left out: the long golden case, the
speaker network, and of the prompt all but its first second.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

CHECKPOINT = "CosyVoice-300M-25Hz-mini"
CASES = ("flow_short", "flow_noprompt")
LEFT_OUT = ("mel_bf16_run",)
PROMPT_SAMPLES, PROMPT_FRAMES = 110 * 256, 103
FBANK_ROWS = 60


def main(reference: Path) -> None:
    """Write checkpoint and goldens below `tests/data/reference`."""
    target = Path(__file__).parent / "reference"
    (target / CHECKPOINT).mkdir(parents=True, exist_ok=True)
    golden = dict(np.load(reference / "golden" / "vocoder.npz", allow_pickle=False))
    golden = {key: value for key, value in golden.items() if not key.startswith("flow_full") and key.split("/")[1] not in LEFT_OUT}
    token_keys = [f"{case}/{kind}" for case in CASES for kind in ("token", "prompt_token")]
    kept = np.unique(np.concatenate([golden[key].reshape(-1) for key in token_keys]))
    golden |= {key: np.searchsorted(kept, golden[key]) for key in token_keys}
    golden["prompt/wav22"] = golden["prompt/wav22"][:, :PROMPT_SAMPLES]
    golden["prompt/mel"] = golden["prompt/mel"][:, :PROMPT_FRAMES]
    golden["prompt/campplus_fbank"] = golden["prompt/campplus_fbank"][:FBANK_ROWS]
    np.savez_compressed(target / "golden" / "vocoder.npz", **golden)
    for name in ("flow", "hift"):
        state = torch.load(reference / CHECKPOINT / f"{name}.pt", weights_only=True)
        if name == "flow":
            state["input_embedding.weight"] = state["input_embedding.weight"][torch.from_numpy(kept)].contiguous()
        save_file(state, target / CHECKPOINT / f"{name}.safetensors")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
