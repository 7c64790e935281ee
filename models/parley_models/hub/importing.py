"""From a checkpoint's folders to a bundle: everything looked at first, then made step by step, so that a kill costs one step at most."""

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from filelock import FileLock, Timeout

from parley_models.errors import BundleMissing, UsageError
from parley_models.hub.backbone_weights import Checkpoint, Shard, convert_shard, read_checkpoint, read_json, seal, write_json, written_bytes
from parley_models.hub.catalogue import CATALOGUE
from parley_models.hub.logbook import Logbook, key_of
from parley_models.hub.new_voice import voice_control
from parley_models.hub.places import check_room
from parley_models.hub.sources import Sources
from parley_models.hub.speaker_source import SpeakerSource, read_recording, save_voice, voice_name
from parley_models.hub.upstream_bundle import Upstream, check_networks, look_at, make_linguistic, make_semantic, make_text, make_vocoder
from parley_models.manifest import ANY_ROLE, ANY_TEXT, MANIFEST_NAME, Attribution, Drafting, Manifest, Sampling, VoiceEntry, manifest_toml
from parley_models.style import Control
from parley_models.tokenizers.config import EarsConfig
from parley_models.tokenizers.dual import DualTokenizer
from parley_models.vocoders.voices import SpeakerVoice

if TYPE_CHECKING:
    from parley_models.backbone.quantize import Quantization

BACKBONE = "backbone"
NEUTRAL = "neutral"
"""The voice of nobody: no speaker vector, no prompt. Only where no recording was given."""

SPARE_BYTES = 200_000_000
MADE = 1
"""Raised when steps are done in another way: then what an older Parley imported half is imported anew."""

ATTRIBUTIONS = (
    Attribution("Step-Audio (StepFun)", "Apache-2.0", "backbone, linguistic and semantic tokenizers, vocoder"),
    Attribution(
        "Paraformer-large-online (Alibaba DAMO Academy, FunASR)", "FunASR Model Open Source License Agreement 1.1", "linguistic encoder"
    ),
    Attribution("CosyVoice (FunAudioLLM)", "Apache-2.0", "the vocoder's and the semantic tokenizer's design, CAM++"),
)


@dataclass(frozen=True, slots=True)
class ImportNews:
    """How far an import is."""

    doing: str
    done_bytes: int
    """Of what has to be read; steps that an earlier run finished are counted."""

    total_bytes: int


Tell = Callable[[ImportNews], None]
Work = Callable[[], tuple[list[Path], dict[Path, str]]]
"""Makes files; gives them, and the hashes of those that were taken on the way."""


@dataclass(frozen=True, slots=True)
class _Job:
    name: str
    reads: tuple[Path, ...]
    size_bytes: int
    work: Work
    how: dict[str, object] = field(default_factory=dict)


def import_checkpoint(sources: Sources, target: Path, quantize: str = "none", tell: Tell = lambda _: None) -> Path:
    """Make a bundle of a checkpoint's folders; what an import that was killed has finished is taken over.

    Args:
        sources: the folders, sorted.
        target: the new bundle; it appears when everything in it is complete.
        quantize: how the backbone's weights are kept: `int8`, `int4`, …, or `none`, as they are.
        tell: called with news, often.

    Raises:
        BundleMissing: a file is not there, or the disk is too small.
        BundleCorrupt: a file is refused.
        InputError: a recording can't be a voice.
        UsageError: the target exists, somebody else is making it, or weights can't be kept so.
    """
    work = target.with_name(f".{target.name}.import")
    log = target.with_name(f".{target.name}.import.jsonl")
    if (target / MANIFEST_NAME).is_file() and log.exists():
        log.unlink()  # killed after everything was done
        return target
    if target.exists():
        raise UsageError(f"{target} exists already: choose another name, or remove it first.")
    if not target.parent.is_dir():
        raise BundleMissing(f"There is no folder {target.parent}.")
    checkpoint = read_checkpoint(sources.backbone)
    upstream = look_at(sources, checkpoint.entries)
    for path in sources.recordings:
        read_recording(path)
    from parley_models.backbone.quantize import Quantization  # torch: only after everything cheap was looked at

    quantization = None if quantize == "none" else Quantization(quantize)
    check_networks(upstream)
    try:
        with FileLock(target.with_name(f".{target.name}.import.lock"), timeout=0):
            _Import(upstream, checkpoint, target, work, log, quantization, tell).run()
    except Timeout:
        raise UsageError(f"{target} is already being made.") from None
    except OSError as error:
        raise BundleMissing(f"{error.filename or work} can't be written: {error.strerror}. What is done stays.") from error
    target.with_name(f".{target.name}.import.lock").unlink(missing_ok=True)
    return target


@dataclass(slots=True)
class _Import:
    """One import, from where the last one stopped."""

    upstream: Upstream
    checkpoint: Checkpoint
    target: Path
    folder: Path
    """Where the bundle is made."""

    log: Path
    quantization: "Quantization | None"
    tell: Tell
    _done_bytes: int = 0
    _total_bytes: int = 0

    def run(self) -> None:
        self.folder.mkdir(exist_ok=True)
        scratch = self.folder / "scratch"
        shutil.rmtree(scratch, ignore_errors=True)
        logbook = Logbook(self.log, self.folder)
        jobs = list(self._jobs(scratch))
        keys = {job.name: key_of(job.reads, version=MADE, **job.how) for job in jobs}
        self._total_bytes = sum(job.size_bytes for job in jobs)
        self._check_room([job for job in jobs if not logbook.has(job.name, keys[job.name])])
        for job in jobs:
            before = self._done_bytes
            self._say(job.name)
            if not logbook.has(job.name, keys[job.name]):
                scratch.mkdir(exist_ok=True)
                paths, hashes = job.work()
                logbook.note(job.name, keys[job.name], paths, hashes)
            self._done_bytes = before + job.size_bytes
            self._say(job.name)
        self._finish(logbook, [job.name for job in jobs], scratch)

    def _say(self, doing: str) -> None:
        self.tell(ImportNews(doing, self._done_bytes, self._total_bytes))

    def _jobs(self, scratch: Path) -> Iterator[_Job]:
        """Small parts first: what is wrong with them is known before hours are spent on the large one."""
        up = self.upstream
        sources, vocoder = up.sources, up.vocoder
        paraformer = (up.ears.folder / "model.pt", up.ears.folder / "config.yaml", up.ears.folder / "am.mvn", sources.codebook)
        voices = tuple(vocoder.folder / name for name in ("cosyvoice.yaml", "flow.pt", "hift.pt"))
        voices += (vocoder.speaker_network,) if vocoder.speaker_network else ()
        for name, reads, make in (
            ("text", (sources.backbone / "tokenizer.model",), make_text),
            ("linguistic tokenizer", paraformer, make_linguistic),
            ("semantic tokenizer", (up.ears.semantic,), make_semantic),
            ("vocoder", voices, make_vocoder),
        ):
            yield _Job(name, reads, _size(reads), lambda make=make: (make(up, self.folder, scratch), {}))  # type: ignore[misc]
        yield _Job("voices", (*voices, *paraformer, up.ears.semantic, *sources.recordings), _size(sources.recordings), self._voices)
        how: dict[str, object] = {"quantization": repr(self.quantization)}
        for shard in self.checkpoint.shards:
            yield _Job(shard.path.name, (shard.path,), shard.size_bytes, lambda shard=shard: self._shard(shard), how)  # type: ignore[misc]
        configs = [self.checkpoint.folder / "config.json", *(shard.path for shard in self.checkpoint.shards)]
        yield _Job("backbone's index", tuple(configs), 0, self._seal, how)

    def _check_room(self, jobs: list[_Job]) -> None:
        names = {job.name for job in jobs}
        weights = sum(written_bytes(shard, self.quantization) for shard in self.checkpoint.shards if shard.path.name in names)
        others = sum(job.size_bytes for job in jobs if job.name not in {shard.path.name for shard in self.checkpoint.shards})
        if jobs:
            check_room([(self.folder, weights + 2 * others + SPARE_BYTES, "the bundle")])  # twice: torch's files pass through a copy

    def _shard(self, shard: Shard) -> tuple[list[Path], dict[Path, str]]:
        target = self.folder / BACKBONE / shard.path.name
        target.parent.mkdir(exist_ok=True)

        def tick(size_bytes: int) -> None:
            self._done_bytes += size_bytes
            self._say(shard.path.name)

        return [target], {target: convert_shard(shard, target, self.quantization, tick)}

    def _seal(self) -> tuple[list[Path], dict[Path, str]]:
        folder = self.folder / BACKBONE
        seal(self.checkpoint, folder, self.quantization)
        return [path for path in (folder / "config.json", folder / "model.safetensors.index.json") if path.is_file()], {}

    def _voices(self) -> tuple[list[Path], dict[Path, str]]:
        entries = make_voices(self.upstream, self.folder)
        return [self.folder / entry.file for entry in entries] + [_note_voices(self.folder, entries)], {}

    def _finish(self, logbook: Logbook, names: list[str], scratch: Path) -> None:
        """Write the manifest and give the folder its name."""
        shutil.rmtree(scratch, ignore_errors=True)
        notes = self.folder / _VOICES_NOTE
        files = tuple(file for file in logbook.files(names) if file.path != _VOICES_NOTE)
        manifest = replace(manifest_of(self.upstream, self.checkpoint, self.target.name, _noted_voices(notes)), files=files)
        known = {file.path for file in files} | {_VOICES_NOTE}
        for path in [path for path in self.folder.rglob("*") if path.is_file()]:
            if path.relative_to(self.folder).as_posix() not in known:
                path.unlink()  # of an import with other sources
        draft = self.folder / f".{MANIFEST_NAME}.part"
        draft.write_text(manifest_toml(manifest), "utf-8")
        draft.replace(self.folder / MANIFEST_NAME)
        notes.unlink()
        self.folder.replace(self.target)
        self.log.unlink(missing_ok=True)


_VOICES_NOTE = "voices.json"


def _note_voices(folder: Path, entries: list[VoiceEntry]) -> Path:
    """What was measured of the voices, kept until the manifest is written."""
    write_json(folder / _VOICES_NOTE, {entry.name: asdict(entry) for entry in entries})
    return folder / _VOICES_NOTE


def _noted_voices(path: Path) -> tuple[VoiceEntry, ...]:
    return tuple(VoiceEntry(**entry) for entry in read_json(path, 2**20).values())


def make_voices(upstream: Upstream, folder: Path) -> list[VoiceEntry]:
    """Voices of the recordings, or one of nobody, in a folder that holds ears and vocoder."""
    config = upstream.vocoder.voice
    if not upstream.sources.recordings:
        length = upstream.vocoder.settings.whole("flow.spk_embed_dim")
        nobody = SpeakerVoice(np.zeros((1, length), np.float32), np.zeros((0, config.mels), np.float32), np.zeros(0, np.int64))
        return [save_voice(nobody, folder, NEUTRAL, None)]
    speakers = SpeakerSource.open(folder, DualTokenizer.open(folder, EarsConfig.upstream()), config)
    entries = []
    for path in upstream.sources.recordings:
        sound = read_recording(path)
        entries.append(save_voice(speakers.voice(sound), folder, voice_name(path), sound))
    return entries


def manifest_of(upstream: Upstream, checkpoint: Checkpoint, name: str, voices: tuple[VoiceEntry, ...]) -> Manifest:
    """What `bundle.toml` says of an imported checkpoint, its files not yet among it."""
    plain = re.sub(r"[^a-z0-9._-]+", "-", name.lower()).strip("-._") or "imported"
    return Manifest(
        name=plain[:64],
        title=f"{checkpoint.folder.name} with {upstream.vocoder.folder.name}",
        version="imported",
        licence="Apache-2.0",
        tokens=replace(upstream.layout, vocab_size=checkpoint.config.vocab_size),
        ears=upstream.ears_table,
        voice=upstream.voice_table,
        voices=voices,
        languages=("zh", "en"),
        chat=upstream.chat,
        context_tokens=checkpoint.config.max_seq_len,
        sampling=Sampling(max_tokens=2048),
        roles=(ANY_ROLE,),  # a large model plays whatever it is told to (arXiv 2506.08967)
        recites=(ANY_TEXT,),
        drafting=Drafting(pulled=_drafter(checkpoint)),
        controls=(Control("rate", "continuous", minimum=0.5, maximum=2.0, default=1.0), voice_control(voices)),
        attributions=ATTRIBUTIONS,
    )


def _drafter(checkpoint: Checkpoint) -> str | None:
    """Who of the catalogue could draft: a smaller backbone of as many ids."""
    for entry in CATALOGUE.values():
        if entry.drafts_for and entry.geometry and entry.geometry.vocab_size == checkpoint.config.vocab_size:
            return entry.name if entry.geometry.hidden_size < checkpoint.config.hidden_size else None
    return None


def _size(paths: tuple[Path, ...]) -> int:
    return sum(path.stat().st_size for path in paths)
