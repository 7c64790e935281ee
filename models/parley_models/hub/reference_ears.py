"""Front ends and both tokenizers against a reference folder: the imported bundle's ears, whole and in pieces."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import soundfile

from parley_models.errors import BundleMissing
from parley_models.hub.comparison import Golden, Numbers, Row, same
from parley_models.pcm import AudioChunk, Samples
from parley_models.tokenizers.config import BLOCK_SAMPLES, RATE_HZ
from parley_models.tokenizers.dual import DualTokenizer, prepared_clip
from parley_models.tokenizers.fbank import FbankStream, fbank
from parley_models.tokenizers.lfr import LfrStream
from parley_models.tokenizers.logmel import clip_logmel
from parley_models.tokenizers.resample import resample
from parley_models.tokens import TokenLayout

SOUND, FBANK, STACKED, ENCODED, LOGMEL, RESAMPLED, MARGIN = 1e-6, 3e-3, 1e-3, 5e-4, 5e-4, 1e-5, 1e-3


@dataclass(frozen=True, slots=True)
class EarsReference:
    """A reference folder's recordings and goldens, and the ears that they are held against."""

    folder: Path
    ears: DualTokenizer
    layout: TokenLayout

    def rows(self) -> Iterator[Row]:
        """Every golden of the tokenizers."""
        for path in sorted((self.folder / "golden").glob("tokenizer_*.npz")):
            golden = Golden(path)
            clip = path.stem.removeprefix("tokenizer_")
            if clip == "long":
                yield from self._long(golden)
            elif clip == "short":
                yield from self._short(golden)
            else:
                yield from self._clip(golden, self.recording(clip))
            yield from golden.forgotten()
        path = self.folder / "golden" / "resample.npz"
        if path.is_file():
            yield from resample_rows(Golden(path))

    def recording(self, clip: str) -> AudioChunk:
        """One of the folder's recordings, as it lies there. Raises BundleMissing."""
        path = self.folder / "audio" / f"{clip}.wav"
        if not path.is_file():
            raise BundleMissing(f"There is no file {path}.")
        samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
        return AudioChunk(np.ascontiguousarray(samples[:, 0]), rate_hz)

    def _clip(self, golden: Golden, heard: AudioChunk) -> Iterator[Row]:
        for kind in golden.groups():
            if kind == "session":
                yield from self._session(golden, heard)
            else:
                yield from self._kind(golden, kind, heard)

    def _kind(self, golden: Golden, kind: str, heard: AudioChunk) -> Iterator[Row]:
        ears = replace(self.ears, config=replace(self.ears.config, trim_silence=kind == "prompt"))
        sound = prepared_clip(heard.samples, heard.rate_hz, ears.config)
        stream = ears.linguistic.stream()
        encoded = np.concatenate([stream.encode(sound), stream.encode(sound[:0], final=True)])
        codes = ears.linguistic.codebook.nearest(encoded)
        yield golden.close(f"{kind}/wav", sound, SOUND)
        stacked, sizes = _stacked(sound)
        if f"{kind}/fbank" in golden:
            yield golden.close(f"{kind}/fbank", fbank(sound), FBANK)
            yield golden.same(f"{kind}/fbank_offline_frames", len(fbank(sound)))
            yield golden.close(f"{kind}/lfr_cmvn", ears.linguistic.cmvn(stacked), STACKED)
        yield golden.same(f"{kind}/chunks", sizes)
        yield golden.close(f"{kind}/enc_out", encoded, ENCODED)
        yield golden.same(f"{kind}/codes02", codes)
        yield golden.close(f"{kind}/codes02_margin", ears.linguistic.codebook.margins(encoded), MARGIN)
        if f"{kind}/codes02_if_pcm16" in golden:
            rounded = (np.round(sound * 32768).clip(-32768, 32767) / 32768).astype(np.float32)
            other = (ears.linguistic.codes(rounded) != golden[f"{kind}/codes02_if_pcm16"]).sum()
            yield golden.told(f"{kind}/codes02_if_pcm16", float(other), "for information: codes of rounded sound that differ")
        if f"{kind}/logmel" in golden:
            yield golden.close(f"{kind}/logmel", clip_logmel(sound).T, LOGMEL)
        yield golden.same(f"{kind}/codes06", ears.semantic.codes(sound))
        ids = ears.tokens(heard).ids(self.layout)
        yield golden.same(f"{kind}/ids", ids)
        yield golden.same(f"{kind}/text", "".join(f"<audio_{token_id - self.layout.audio_offset}>" for token_id in ids))

    def _session(self, golden: Golden, heard: AudioChunk) -> Iterator[Row]:
        sound = prepared_clip(heard.samples, heard.rate_hz, self.ears.config)
        stream = self.ears.linguistic.stream()
        sizes = golden["session/piece_samples"].astype(int)
        codes = [stream.feed(piece) for piece in np.split(sound, np.cumsum(sizes)[:-1])]
        codes[-1] = np.concatenate([codes[-1], stream.finish()])
        yield golden.same("session/codes_per_piece", [len(each) for each in codes])
        yield golden.same("session/codes", np.concatenate(codes))

    def _whole(self, golden: Golden, prefix: str, samples: Samples) -> Iterator[Row]:
        heard = AudioChunk(samples, RATE_HZ)
        sound = prepared_clip(samples, RATE_HZ, self.ears.config)
        yield golden.same(f"{prefix}codes02", self.ears.linguistic.codes(sound))
        yield golden.same(f"{prefix}codes06", self.ears.semantic.codes(sound))
        yield golden.same(f"{prefix}ids", self.ears.tokens(heard).ids(self.layout))

    def _long(self, golden: Golden) -> Iterator[Row]:
        names, order = golden["names"], golden["order"].astype(int)
        clips = {int(number): self.recording(str(names[number])).samples for number in set(order.tolist())}
        sound = np.concatenate([clips[number] for number in order.tolist()])
        yield from self._whole(golden, "", sound[: int(golden["samples"])])
        for prefix in sorted({key.split("_")[0] for key in golden.keys("cut")}):
            yield from self._whole(golden, f"{prefix}_", sound[: int(prefix.removeprefix("cut"))])

    def _short(self, golden: Golden) -> Iterator[Row]:
        source = self.recording(str(golden["source"])).samples[int(golden["start_sample"]) :]
        for group in golden.groups():
            yield from self._whole(golden, f"{group}/", source[: int(group.removeprefix("n"))])


def _stacked(sound: Samples) -> tuple[Numbers, list[tuple[int, int, int]]]:
    """The stacked frames of a stream, and of each chunk: samples in, frames of 10 ms, stacked frames out."""
    bank, stacks, sizes, stacked = FbankStream(), LfrStream(), [], []
    for first in range(0, len(sound) + 1, BLOCK_SAMPLES):
        piece = sound[first : first + BLOCK_SAMPLES]
        frames = bank.feed(piece)
        stacked.append(stacks.feed(frames, final=len(piece) < BLOCK_SAMPLES))
        sizes.append((len(piece), len(frames), len(stacked[-1])))
    return np.concatenate(stacked), sizes


def resample_rows(golden: Golden) -> Iterator[Row]:
    """Resampling to every rate that the golden has."""
    native, native_hz = golden["native"][0], int(golden["native_rate"])
    if "source" in golden:
        yield golden.told("source", 0.0, f"the recording that was resampled: {golden['source']}")
    for key in golden.keys("to"):
        yield golden.close(key, resample(native, native_hz, int(key.removeprefix("to")))[None], RESAMPLED)
    yield from golden.forgotten()
    yield same("resample: rates", len(golden.keys("to")) > 0, True)
