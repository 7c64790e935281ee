"""The models that Parley knows by name: what they are made of, where that lies, how large it is.

Sizes and shapes are those that the repositories' pages and configs state (Step-Audio's model cards and `config.json` files). None of
these pages gives a hash that could be pinned here; so a repository's commit and hashes are pinned on the user's machine the first time
it is pulled (`pins`), and `Source.revision` and `Source.sha256` wait for values that somebody has verified.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from types import MappingProxyType

from parley_models.backbone.config import BackboneConfig
from parley_models.errors import UsageError
from parley_models.hub.footprint import INT3, INT4, INT4_WIDE, INT8, Footprint, Precision

BACKBONE, EARS, VOICE = "backbone", "ears", "voice"

STEP_130B = BackboneConfig(
    hidden_size=12288, intermediate_size=31232, num_attention_heads=96, num_attention_groups=8, num_hidden_layers=88, vocab_size=74752
)
"""Step-Audio-Chat's `config.json`; AQAA's total of parameters is that plus its vision tower, to the last one."""

STEP_3B = BackboneConfig(
    hidden_size=3072, intermediate_size=8192, num_attention_heads=48, num_attention_groups=4, num_hidden_layers=32, vocab_size=74752
)
"""Step-Audio-TTS-3B's `config.json`."""


@dataclass(frozen=True, slots=True)
class Source:
    """One repository, or a part of one, that a model is made of."""

    role: str
    repository: str
    size_bytes: int
    """What is fetched of it, as published; the plan counts with it."""

    largest_file_bytes: int
    """Lies on the disk beside what is being made of it."""

    files: tuple[str, ...] = ("*",)
    """Patterns; `*` matches slashes too."""

    left_out: tuple[str, ...] = ()
    revision: str | None = None
    """A commit, where one is pinned for everybody."""

    sha256: Mapping[str, str] = field(default_factory=dict)
    """By path, where hashes are pinned for everybody."""

    def wants(self, path: str) -> bool:
        """Whether a file of the repository is needed."""
        return any(fnmatchcase(path, pattern) for pattern in self.files) and not any(fnmatchcase(path, skip) for skip in self.left_out)


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the catalogue."""

    name: str
    title: str
    licence: str
    summary: str
    precision: Precision | None = None
    """How its layers are stored; None = as it comes."""

    geometry: BackboneConfig | None = None
    sources: tuple[Source, ...] = ()
    """Empty: it comes with Parley."""

    built_in_bytes: int = 0
    drafts_for: str | None = None
    """Not a bundle that talks, but a small backbone that drafts for this one."""

    @property
    def built_in(self) -> bool:
        """Whether it comes with Parley."""
        return not self.sources

    @property
    def on_a_server(self) -> bool:
        """Whether its backbone is not here."""
        return self.precision is None and not self.built_in

    @property
    def download_bytes(self) -> int:
        """What has to be fetched."""
        return sum(source.size_bytes for source in self.sources)


_PAPERS = ("*.md", "*.jpg", "*.jpeg", "*.png", "*.gif", "*.pdf", "*.wav", ".gitattributes", "*/.gitattributes")
_CODE = ("*.py", "*.so")
"""Nothing of a repository is ever run."""

AQAA = Source(
    BACKBONE, "stepfun-ai/Step-Audio-AQAA", 273_327_815_680, 9_991_007_944, ("*.safetensors", "*.json", "*.model"), (*_PAPERS, *_CODE)
)
TOKENIZER = Source(EARS, "stepfun-ai/Step-Audio-Tokenizer", 1_410_000_000, 881_000_000, left_out=(*_PAPERS, *_CODE, "*/example/*"))
VOCODER_22K = Source(
    VOICE,
    "stepfun-ai/Step-Audio-TTS-3B",
    533_000_000,
    422_000_000,
    ("CosyVoice-300M-25Hz/*",),
    (*_PAPERS, *_CODE, "*/speech_tokenizer_v1.onnx"),
)
AQAA_WORDS = Source(BACKBONE, AQAA.repository, 2_000_000, 2_000_000, ("*.json", "*.model"), (*_PAPERS, *_CODE))
"""How it writes, without its weights."""

TTS_3B = Source(
    BACKBONE,
    "stepfun-ai/Step-Audio-TTS-3B",
    7_060_000_000,
    7_060_000_000,
    ("*.safetensors", "*.json", "*.model"),
    (*_PAPERS, *_CODE, "CosyVoice-*"),
)


def _aqaa(precision: Precision) -> Entry:
    return Entry(
        f"aqaa-{precision.name}",
        f"Step-Audio-AQAA, {precision.name}",
        "Apache-2.0",
        f"the public 130B model, its layers at {Footprint(STEP_130B, precision).bits:.3g} bits a weight",
        precision,
        STEP_130B,
        (AQAA, TOKENIZER, VOCODER_22K),
    )


_ENTRIES = (
    Entry("mini", "Mini", "Apache-2.0", "our own small model; comes with Parley, runs on any CPU", built_in_bytes=30_600_000),
    _aqaa(INT8),
    _aqaa(INT4_WIDE),
    _aqaa(INT3),
    Entry(
        "aqaa-remote",
        "Step-Audio-AQAA, backbone on a server",
        "Apache-2.0",
        "ears and voice of the 130B model, whose backbone runs on a vLLM server",
        sources=(AQAA_WORDS, TOKENIZER, VOCODER_22K),
    ),
    Entry(
        "draft-3b-int4",
        "Step-Audio-TTS-3B, int4",
        "Apache-2.0",
        "a small backbone of the same vocabulary that drafts for the 130B",
        INT4,
        STEP_3B,
        (TTS_3B,),
        drafts_for="aqaa",
    ),
)

CATALOGUE: Mapping[str, Entry] = MappingProxyType({entry.name: entry for entry in _ENTRIES})
"""By name."""


def find_entry(name: str, catalogue: Mapping[str, Entry] = CATALOGUE) -> Entry:
    """A model by name; `aqaa` alone means its 4-bit form.

    Raises:
        UsageError: the catalogue has no such model; says which it has.
    """
    entry = catalogue.get(name) or catalogue.get(f"{name}-int4")
    if entry is None:
        raise UsageError(f"The catalogue has no model “{name}”; it has {', '.join(catalogue)}.")
    return entry
