"""What a bundle says about its voice: table `[voice]` of bundle.toml."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from parley_models.errors import BundleCorrupt
from parley_models.vocoders.mel import MelConfig


@dataclass(frozen=True, slots=True)
class VoiceConfig:
    """How codes become sound; the defaults are Mini's."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", allow_inf_nan=False)

    kind: str = "flow-hift"
    """A name in `VOCODERS`."""

    rate_hz: Annotated[int, Field(gt=0)] = 24_000
    hop: Annotated[int, Field(gt=0)] = 480
    """Samples per mel frame."""

    mels: Annotated[int, Field(gt=0)] = 80
    harmonics: Annotated[int, Field(ge=0)] = 8
    """Of HiFT's source, above the fundamental."""

    lookahead_frames: Annotated[int, Field(ge=0)] = 2
    """Mel frames that HiFT must have seen before a frame's sound leaves."""

    euler_steps: Annotated[int, Field(gt=0)] = 10
    guidance: Annotated[float, Field(ge=0)] = 0.7
    shifted_guidance: Annotated[float, Field(ge=0)] | None = None
    """Where another melody is asked for, which guidance exaggerates; `guidance` unless given."""

    mel_mean: float = -6.0
    mel_deviation: Annotated[float, Field(gt=0)] = 2.5
    """The flow works on (log-mel − mean) / deviation."""

    finished_frames: Annotated[int, Field(gt=0)] = 6
    new_frames: Annotated[int, Field(gt=0)] = 18
    encoder_groups: Annotated[int, Field(gt=0)] = 10
    """The grid of blocks; see `grid.Grid`."""

    pitch_details: Annotated[int, Field(ge=0)] = 85
    """Semantic code = F0 level · details + detail; 0: the codes hold no pitch, and none can be asked for."""

    pitch_step_semitones: Annotated[float, Field(gt=0)] = 0.75
    pitch_levels: Annotated[int, Field(gt=0)] = 47
    """Voiced levels, counted from 1; level 0 is unvoiced."""

    pitch_middle: Annotated[float, Field(gt=0)] = 21.0
    """The level about which the melody moves, where a style widens it or flattens it: the median of what Mini's backbone learned from."""

    tokens_per_s: Annotated[float, Field(gt=0)] = 125 / 3
    """Flat tokens of a second at rate 1 (overlapped; upstream's `input_frame_rate`, 41.6 in the public files)."""

    frames_per_token: Annotated[int, Field(gt=0)] = 2
    """Mel frames of a semantic code (chunked)."""

    lookahead_tokens: Annotated[int, Field(ge=0)] = 3
    """Semantic codes that the flow's encoder must see beyond those it turns into mel (chunked)."""

    chunk_tokens: Annotated[tuple[Annotated[int, Field(gt=0)], ...], Field(min_length=1)] = (15, 24, 48)
    """Semantic codes of the first chunk, the second, and all later ones (chunked; stepvocoder's `chunk_size_list`)."""

    remembered_frames: Annotated[int, Field(gt=0)] = 96
    """Newest frames, besides the prompt's, that the estimator's attention sees (chunked)."""

    fade_frames: Annotated[int, Field(gt=0)] = 8
    """Frames that two chunks share in HiFT (chunked)."""

    speaker_network: str = ""
    """CAM++, which hears who speaks; empty: no voices can be added."""

    prompt_fft: Annotated[int, Field(gt=0)] = 1920
    prompt_lowest_hz: Annotated[float, Field(ge=0)] = 0.0
    prompt_highest_hz: Annotated[float, Field(gt=0)] = 8_000.0
    """How the mel of a voice's recording is taken; hop, bands and rate are those of the sound."""

    prompt_peak: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Louder recordings are lowered to this peak before."""

    flow_encoder: str = "vocoder/flow_encoder.onnx"
    flow_estimator: str = "vocoder/flow_estimator.onnx"
    f0: str = "vocoder/f0.onnx"
    """Overlapped and chunked; Mini's is inside its HiFT."""

    hift: str = "vocoder/hift.onnx"
    voices: str = "vocoder/voices"
    """Folder of NAME.safetensors."""

    @property
    def files(self) -> tuple[str, ...]:
        """What may be opened, by its name in the bundle, voices aside; not every kind has all of them."""
        names = (self.flow_encoder, self.flow_estimator, self.f0, self.hift, self.speaker_network)
        return tuple(name for name in names if name)

    @property
    def mel(self) -> MelConfig:
        """How a recording's mel is taken."""
        return MelConfig(self.rate_hz, self.prompt_fft, self.hop, self.mels, self.prompt_lowest_hz, self.prompt_highest_hz)

    @staticmethod
    def read(table: Mapping[str, object]) -> "VoiceConfig":
        """The config that a manifest's table describes.

        Raises:
            BundleCorrupt: an unknown name or a value that makes no sense.
        """
        try:
            return _CONFIG.validate_python(dict(table))
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise BundleCorrupt(f"The bundle's table [voice] is damaged at {place}: {first['msg'].rstrip('.')}.") from error


_CONFIG = TypeAdapter(VoiceConfig)
