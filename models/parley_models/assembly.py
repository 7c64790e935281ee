"""From an opened bundle to an assistant with real ears, brain and voice."""

import numpy as np

from parley_models.assistant import HEARING_HZ, HEARING_S, Assistant
from parley_models.backbone.completions import Completions, Server
from parley_models.backbone.remote import RemoteBrain
from parley_models.backbone.weights import files
from parley_models.brain import BackboneBrain
from parley_models.bundle import Bundle
from parley_models.device import ANY, Device
from parley_models.errors import BundleCorrupt
from parley_models.manifest import Manifest
from parley_models.onnx_session import CPU
from parley_models.parts import Brain
from parley_models.pcm import AudioChunk
from parley_models.text_tokenizer import TextTokenizer
from parley_models.tokenizers.config import EarsConfig
from parley_models.tokenizers.dual import DualTokenizer
from parley_models.tokens import SpeechTokens
from parley_models.vocoders.config import VoiceConfig
from parley_models.vocoders.kinds import open_vocoder
from parley_models.workshop import AT_ONCE, workshop


def assemble(bundle: Bundle, server: Server | None = None, device: Device = ANY) -> Assistant:
    """Load every network of a bundle and run each once: the first run of a network costs more than any later one.

    Raises:
        BundleError: a file can't be used, or two of them don't fit together.
        EngineError: the server that has the backbone can't be used.
        DeviceError: the device can't be had.
    """
    sessions = device.sessions()
    manifest, folder = bundle.manifest, bundle.folder
    tokenizer = TextTokenizer(bundle.path("text.model"))
    if len(tokenizer) > manifest.tokens.vocab_size:
        raise BundleCorrupt(
            f"{folder / 'text.model'} has {len(tokenizer)} pieces, more than the manifest's {manifest.tokens.vocab_size} ids."
        )
    hears, speaks = EarsConfig.read(manifest.ears), VoiceConfig.read(manifest.voice)
    bundle.refuse_unlisted((*hears.files, *speaks.files, *_voice_files(manifest, speaks)))
    ears = DualTokenizer.open(folder, hears, sessions)
    if server is None:
        for part in filter(None, ("backbone", manifest.drafting.folder)):
            bundle.refuse_unlisted(path.relative_to(folder).as_posix() for path in files(folder / part))
        where = device.backbone(sum(entry.size_bytes for entry in manifest.files if entry.path.startswith("backbone/")))
        own = BackboneBrain.load(folder / "backbone", manifest, where)
        brain: Brain = own
        twins: list[Brain] = [own.twin() for _ in range(ears.views - 1)]
    else:
        brain, twins = RemoteBrain(Completions(server), manifest), []
    voice = open_vocoder(folder, speaks, sessions)
    missing = [entry.name for entry in manifest.voices if entry.name not in voice.voices]
    if missing:
        raise BundleCorrupt(f"{folder} names the voice “{missing[0]}”, which its vocoder does not have.")
    ears.tokens(AudioChunk(np.zeros(round(HEARING_HZ * HEARING_S), np.float32), HEARING_HZ))
    brain.resume([manifest.tokens.bos])
    for _ in brain.decode(seed=0, limit=2):
        pass
    speaking = voice.stream(bundle.voice(None).name)
    speaking.feed(SpeechTokens(np.zeros((3, 5), np.uint16)))
    speaking.finish()
    own_thread = ears.providers_taken[:1] == (CPU,)  # on a card voice and backbone would take turns anyway
    return Assistant(bundle, tokenizer, ears, brain, voice, twins=twins, workshop=workshop() if own_thread else AT_ONCE)


def _voice_files(manifest: Manifest, config: VoiceConfig) -> list[str]:
    """The files of all voices that can be asked for, by their names in the bundle."""
    asked = [level.name for control in manifest.controls if control.name == "voice" for level in control.levels]
    return [f"{config.voices}/{name}.safetensors" for name in dict.fromkeys([*(voice.name for voice in manifest.voices), *asked])]
