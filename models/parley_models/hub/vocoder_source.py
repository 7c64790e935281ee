"""A vocoder's folder: what its `cosyvoice.yaml` says about sound and speed. No weights, no torch."""

from dataclasses import dataclass, replace
from math import prod
from pathlib import Path

from parley_models.errors import BundleCorrupt
from parley_models.hub.hyperyaml import Settings, read_hyperyaml
from parley_models.hub.pickled_index import PickledTensor, read_index
from parley_models.tokens import TokenLayout
from parley_models.vocoders.config import VoiceConfig

PROMPT_PEAK = 0.6
"""stepvocoder lowers recordings to it (stepfun-ai/Step-Audio-EditX tts.py:371-374)."""

WHOLE, STREAMING = "MaskedDiffWithXvec", "CausalMaskedDiffWithXvec"
_MEL = {WHOLE: "feat_extractor", STREAMING: "mel_conf"}


@dataclass(frozen=True, slots=True)
class VocoderSource:
    """A vocoder that was looked at."""

    folder: Path
    settings: Settings
    voice: VoiceConfig
    flow: dict[str, PickledTensor]
    hift: dict[str, PickledTensor]

    @property
    def is_streaming(self) -> bool:
        """Stepvocoder's kind; else CosyVoice-1's."""
        return self.settings.kind("flow") == STREAMING

    @property
    def speaker_network(self) -> Path | None:
        """CAM++, where the folder has it."""
        path = self.folder / "campplus.onnx"
        return path if path.is_file() else None


def read_vocoder(folder: Path) -> VocoderSource:
    """Look at a vocoder: settings and names of its tensors.

    Raises:
        BundleMissing: a file is not there.
        BundleCorrupt: a file is refused, or says something that is not known.
    """
    path = folder / "cosyvoice.yaml"
    settings = Settings(path, read_hyperyaml(path))
    kind = settings.kind("flow")
    if kind not in _MEL:
        raise BundleCorrupt(f"{path} describes a flow of kind {kind[:60]}; known are {WHOLE} and {STREAMING}.")
    voice = _voice(settings, kind, _MEL[kind], has_speakers=(folder / "campplus.onnx").is_file())
    return VocoderSource(folder, settings, voice, read_index(folder / "flow.pt"), read_index(folder / "hift.pt"))


def _voice(settings: Settings, kind: str, mel: str, *, has_speakers: bool) -> VoiceConfig:
    rate_hz, hop = settings.whole("hift.sampling_rate"), settings.whole(f"{mel}.hop_size")
    made = prod(settings.wholes("hift.upsample_rates")) * settings.whole("hift.istft_params.hop_len")
    if made != hop:
        raise BundleCorrupt(f"{settings.path} gives mel frames of {hop} samples, but its HiFT makes {made} of one.")
    settings.must_be(f"{mel}.sampling_rate", rate_hz)
    settings.must_be(f"{mel}.win_size", settings.whole(f"{mel}.n_fft"))
    settings.must_be(f"{mel}.num_mels", settings.whole("flow.output_size"))
    settings.must_be(f"{mel}.center", False)
    settings.must_be("hift.in_channels", settings.whole("flow.output_size"))
    highest = settings.number(f"{mel}.fmax", rate_hz / 2)
    common = VoiceConfig(
        kind="flow-hift-overlapped",
        rate_hz=rate_hz,
        hop=hop,
        mels=settings.whole("flow.output_size"),
        harmonics=settings.whole("hift.nb_harmonics"),
        guidance=_guidance(settings, kind),
        mel_mean=0.0,
        mel_deviation=1.0,
        pitch_details=0,
        speaker_network="vocoder/campplus.onnx" if has_speakers else "",
        prompt_fft=settings.whole(f"{mel}.n_fft"),
        prompt_lowest_hz=settings.number(f"{mel}.fmin", 0.0),
        prompt_highest_hz=min(highest, rate_hz / 2),
    )
    if kind == WHOLE:
        return replace(common, tokens_per_s=settings.number("flow.input_frame_rate"))
    stride = settings.whole("flow.encoder.up_stride")
    settings.must_be("flow.encoder.up_scale_factor", stride)
    return replace(
        common,
        kind="flow-hift-chunked",
        frames_per_token=stride,
        lookahead_tokens=settings.whole("flow.encoder.pre_lookahead_len"),
        prompt_peak=PROMPT_PEAK,
    )


def _guidance(settings: Settings, kind: str) -> float:
    if kind == STREAMING:
        return settings.number("flow.decoder.inference_cfg_rate")
    place = "flow.decoder.cfm_params.content" if settings.has("flow.decoder.cfm_params.content") else "flow.decoder.cfm_params"
    settings.must_be(f"{place}.solver", "euler")
    settings.must_be(f"{place}.t_scheduler", "cosine")
    return settings.number(f"{place}.inference_cfg_rate")


def check_table(source: VocoderSource, layout: TokenLayout) -> None:
    """See that the flow has a row for every code. Raises BundleCorrupt."""
    key = "input_embedding.embedding.weight" if source.is_streaming else "input_embedding.weight"
    needed = layout.audio_stop - layout.audio_offset + int(source.is_streaming)
    rows = source.flow[key].shape[0] if key in source.flow and source.flow[key].shape else 0
    if rows < needed:
        raise BundleCorrupt(f"{source.folder / 'flow.pt'} has a table of {rows:,} rows in {key}; {needed:,} codes need one.")
