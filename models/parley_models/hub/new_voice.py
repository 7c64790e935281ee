"""A user's recording becomes a voice of a bundle that is here already."""

import hashlib
from dataclasses import replace
from pathlib import Path

from parley_models.bundle import Bundle
from parley_models.errors import BundleMissing, InputError
from parley_models.hub.speaker_source import SpeakerSource, read_recording, save_voice, voice_name
from parley_models.manifest import MANIFEST_NAME, BundleFile, Manifest, VoiceEntry, manifest_toml
from parley_models.style import Control, Level
from parley_models.tokenizers.config import EarsConfig
from parley_models.tokenizers.dual import DualTokenizer
from parley_models.vocoders.config import VoiceConfig


def add_voice(folder: Path, recording: Path, called: str | None = None) -> VoiceEntry:
    """Make a voice of a recording and enter it into the bundle's manifest; a voice of the same name is replaced.

    Raises:
        InputError: the recording can't be a voice, or the name can't be one.
        BundleMissing: the bundle has no network that hears who speaks, or its folder can't be written to.
        BundleCorrupt: the bundle is damaged.
    """
    bundle = Bundle.open(folder, verify=False)
    manifest = bundle.manifest
    config = VoiceConfig.read(manifest.voice)
    if not config.speaker_network:
        raise BundleMissing(f"{manifest.title} has no network that hears who speaks, so voices can't be added to it.")
    name, sound = voice_name(recording, called), read_recording(recording)
    if any(control.name == "voice" and control.kind != "discrete" for control in manifest.controls):
        raise InputError(f"{manifest.title} does not choose voices by name.")
    ears = EarsConfig.read(manifest.ears)
    bundle.refuse_unlisted((*ears.files, config.speaker_network))
    speakers = SpeakerSource.open(folder, DualTokenizer.open(folder, ears), config)
    try:
        entry = save_voice(speakers.voice(sound), folder, name, sound)
        voices = (*(voice for voice in manifest.voices if voice.name != name), entry)
        controls = (*(control for control in manifest.controls if control.name != "voice"), voice_control(voices))
        files = (*(file for file in manifest.files if file.path != entry.file), _recorded(folder, entry.file))
        _write(folder, replace(manifest, voices=voices, controls=controls, files=tuple(sorted(files, key=lambda file: file.path))))
    except OSError as error:
        raise BundleMissing(f"{folder} can't be written to: {error.strerror}.") from error
    return entry


def _recorded(folder: Path, name: str) -> BundleFile:
    content = (folder / name).read_bytes()
    return BundleFile(name, hashlib.sha256(content).hexdigest(), len(content))


def _write(folder: Path, manifest: Manifest) -> None:
    """In one step, and without hashing the other files again: a large bundle has 70 GB."""
    draft = folder / f".{MANIFEST_NAME}.part"
    draft.write_text(manifest_toml(manifest), "utf-8")
    draft.replace(folder / MANIFEST_NAME)


def voice_control(voices: tuple[VoiceEntry, ...]) -> Control:
    """The row of the control table that offers the voices."""
    return Control("voice", "discrete", tuple(Level(voice.name) for voice in voices), default=voices[0].name)
