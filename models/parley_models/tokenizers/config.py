"""What a bundle says about its ears: table `[ears]` of bundle.toml."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from parley_models.errors import BundleCorrupt
from parley_models.tokenizers import fbank, logmel

RATE_HZ = 16_000
BLOCK_SAMPLES = 3840
"""240 ms: four linguistic and six semantic codes."""

MINI_FBANK_FLOOR = 8.0
"""Natural log of band energies of 16-bit sound: about noise at -80 dBFS."""


@dataclass(frozen=True, slots=True)
class EarsConfig:
    """How sound becomes codes; the defaults are Mini's."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", allow_inf_nan=False)

    mode: Literal["blocks", "clip"] = "blocks"
    """blocks: Mini's way, codes leave every 240 ms and never change. clip: Step-Audio's, whole clips; how live ones: `trailing`."""

    gain: Annotated[float, Field(gt=0)] = 1.0
    """Fixed factor before everything (blocks); a clip is brought to the same peak instead."""

    trim_silence: bool = False
    """Cut silence at both ends (clip); upstream does so for voice prompts, not for questions. A live clip is then heard at its end."""

    fbank_floor: float = MINI_FBANK_FLOOR
    """Natural log; see `fbank.fbank`."""

    logmel_floor: Annotated[float, Field(ge=-10)] = logmel.LOG10_FLOOR
    """Decimal log (blocks); see `logmel.block_logmel`."""

    context_frames: Annotated[int, Field(ge=0, multiple_of=4)] = 48
    """10 ms frames that the semantic tokenizer sees from before a block (blocks)."""

    delays: tuple[Annotated[int, Field(ge=0)], ...] = ()
    """How else a question is heard, besides as it is: after so many samples of silence, so that blocks begin at other places of its words
    (blocks; `parley_models.rehearing`)."""

    lookahead_frames: Annotated[int, Field(ge=0, le=4)] = 0
    """So many 60 ms frames late the linguistic encoder names a frame, having heard what follows it; groups leave as much later (blocks)."""

    linguistic_encoder: str = "linguistic/encoder.onnx"
    linguistic_codebook: str = "linguistic/codebook.npy"
    linguistic_cmvn: str = "linguistic/cmvn.npy"
    semantic: str = "semantic.onnx"
    phones: str | None = None
    """Reads phones from the linguistic encoder's frames, so that it can be told which words explain a sound (blocks; `acoustic_model`)."""

    lexicon: str = "linguistic/lexicon.txt"
    """How words are said, where phones are read."""

    @property
    def files(self) -> tuple[str, ...]:
        """What is opened, by its name in the bundle."""
        acoustic = () if self.phones is None else (self.phones, self.lexicon)
        return self.linguistic_encoder, self.linguistic_codebook, self.linguistic_cmvn, self.semantic, *acoustic

    @staticmethod
    def read(table: Mapping[str, object]) -> "EarsConfig":
        """The config that a manifest's table describes.

        Raises:
            BundleCorrupt: an unknown name or a value that makes no sense.
        """
        try:
            return _CONFIG.validate_python(dict(table))
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise BundleCorrupt(f"The bundle's table [ears] is damaged at {place}: {first['msg'].rstrip('.')}.") from error

    @staticmethod
    def upstream(*, trim_silence: bool = False, linguistic_cmvn: str = "linguistic/cmvn.npy") -> "EarsConfig":
        """Step-Audio-Tokenizer's way, for files laid out as in a bundle."""
        return EarsConfig(mode="clip", trim_silence=trim_silence, fbank_floor=fbank.SMALLEST_LOG, linguistic_cmvn=linguistic_cmvn)


_CONFIG = TypeAdapter(EarsConfig)
