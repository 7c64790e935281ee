"""Makes the compact part of the reference set that the ears' tests run on; rerun it when the set changes.

    python tests/data/compact_ears.py REFERENCE

All codes and ids are kept; of sound and features the first rows, of the Paraformer checkpoint the encoder.
"""

import shutil
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

TOKENIZERS = "Step-Audio-Tokenizer-mini"
WHOLE = (
    f"{TOKENIZERS}/linguistic_tokenizer.npy",
    f"{TOKENIZERS}/speech_tokenizer_v1.onnx",
    "golden/tokenizer_short.npz",
    "audio/jfk.wav",
    "audio/tingting.wav",
)
KEPT_ROWS = {"wav": 4000, "fbank": 64, "lfr_cmvn": 20}
LOGMEL_FRAMES = 64
NATIVE_SAMPLES, RESAMPLED_SAMPLES = 9000, {"to16000": 3200, "to22050": 4400, "to24000": 4800}


def main(reference: Path) -> None:
    """Write recordings, checkpoints and goldens below `tests/data/reference`."""
    target = Path(__file__).parent / "reference"
    (checkpoint,) = (reference / TOKENIZERS).rglob("model.pt")
    paraformer = checkpoint.parent.relative_to(reference)
    for folder in ("audio", "golden", paraformer):
        (target / folder).mkdir(parents=True, exist_ok=True)
    for name in (*WHOLE, paraformer / "am.mvn", paraformer / "config.yaml"):
        shutil.copyfile(reference / name, target / name)
    state = torch.load(checkpoint, weights_only=True)
    encoder = {key: value.contiguous() for key, value in state.items() if key.startswith("encoder.")}
    save_file(encoder, target / paraformer / "encoder.safetensors")

    tingting = np.load(reference / "golden" / "tokenizer_tingting.npz", allow_pickle=False)
    rows = {key: tingting[key][: KEPT_ROWS.get(key.split("/")[1])] for key in tingting if tingting[key].ndim}
    rows["chat/logmel"] = rows["chat/logmel"][:, :LOGMEL_FRAMES]
    rows["chat/fbank_offline_frames"] = tingting["chat/fbank_offline_frames"]
    np.savez_compressed(target / "golden" / "tokenizer_tingting.npz", **rows)
    jfk = np.load(reference / "golden" / "tokenizer_jfk.npz", allow_pickle=False)
    np.savez_compressed(target / "golden" / "tokenizer_jfk.npz", **{key: jfk[key] for key in jfk if jfk[key].dtype.kind == "i"})
    sound = dict(np.load(reference / "golden" / "resample.npz", allow_pickle=False))
    sound |= {key: sound[key][:, :kept] for key, kept in {"native": NATIVE_SAMPLES, **RESAMPLED_SAMPLES}.items()}
    np.savez_compressed(target / "golden" / "resample.npz", **sound)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
