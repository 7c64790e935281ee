"""A reference folder, imported and held against its goldens item by item, through the code that users run.

The folder's checkpoints are found by what is in them; sizes, rows, rates and types are theirs. Nothing here knows the miniatures.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from parley_models.bundle import Bundle
from parley_models.errors import BundleMissing, ParleyError
from parley_models.hub.backbone_weights import read_checkpoint
from parley_models.hub.comparison import Golden, Row
from parley_models.hub.importing import ImportNews, Tell, import_checkpoint
from parley_models.hub.sources import VOCODER_FILES, Sources, find_sources
from parley_models.hub.upstream_bundle import Upstream, look_at, make_vocoder
from parley_models.onnx_session import SessionSettings
from parley_models.text_tokenizer import TextTokenizer
from parley_models.tokenizers.config import EarsConfig
from parley_models.tokenizers.dual import DualTokenizer

PLAIN = SessionSettings(providers=("CPUExecutionProvider",))
"""Tolerances are float32's: no accelerator with shorter numbers."""

KNOWN = ("llm", "resample", "stepvocoder", "text_tokenizer", "vocoder")


def check_reference(folder: Path, scratch: Path, tell: Tell = lambda _: None) -> Iterator[Row]:
    """Import the folder's checkpoints into `scratch` and give a row for every item.

    What can't be imported or computed is a failing row, and the other items go on.

    Raises:
        BundleMissing: the folder holds no goldens.
    """
    goldens = folder / "golden"
    if not goldens.is_dir():
        raise BundleMissing(f"{folder} is no reference folder: it has no golden/.")
    names = sorted(path.parent for path in folder.rglob(VOCODER_FILES[0]))
    others = [path for path in sorted(folder.iterdir()) if path.is_dir() and path != goldens]
    first: tuple[Sources, Bundle] | None = None
    for number, vocoder in enumerate(names):
        sources = find_sources(others, vocoder)
        if first is None:
            try:
                first = (sources, Bundle.open(import_checkpoint(sources, scratch / "bundle", tell=tell)))
            except ParleyError as error:
                yield Row(f"import of {vocoder.name}", None, 0.0, str(error))
                return
            yield Row(f"import of {vocoder.name}", 0.0, 0.0, "everything in one bundle")
            yield from _guarded("text", partial(_text, folder, first[1]))
            yield from _guarded("tokenizers", partial(_ears, folder, first[1]))
            yield from _guarded("llm", partial(_backbone, folder, *first, scratch))
        tell(ImportNews(vocoder.name, number, len(names)))
        yield from _guarded(vocoder.name, partial(_voice, folder, sources, first[1], scratch / vocoder.name))
    if first is None:
        yield Row("import", None, 0.0, f"{folder} holds no vocoder, so no bundle can be made of it")
    for path in sorted(goldens.iterdir()):
        if path.stem not in KNOWN and not path.stem.startswith("tokenizer_"):
            yield Row(path.name, None, 0.0, "not checked: this Parley does not know what it is")


def _guarded(item: str, rows: Callable[[], Iterator[Row]]) -> Iterator[Row]:
    try:
        yield from rows()
    except ParleyError as error:
        yield Row(item, None, 0.0, str(error))


def _text(folder: Path, bundle: Bundle) -> Iterator[Row]:
    from parley_models.hub.reference_text import text_rows

    path = folder / "golden" / "text_tokenizer.json"
    if path.is_file():
        yield from text_rows(path, TextTokenizer(bundle.path("text.model")), bundle.manifest.tokens, bundle.manifest.chat)


def _ears(folder: Path, bundle: Bundle) -> Iterator[Row]:
    from parley_models.hub.reference_ears import EarsReference

    ears = DualTokenizer.open(bundle.folder, EarsConfig.read(bundle.manifest.ears), PLAIN)
    yield from EarsReference(folder, ears, bundle.manifest.tokens).rows()


def _backbone(folder: Path, sources: Sources, bundle: Bundle, scratch: Path) -> Iterator[Row]:
    from parley_models.hub.reference_backbone import BackboneReference

    path = folder / "golden" / "llm.npz"
    if path.is_file():
        yield from BackboneReference(read_checkpoint(sources.backbone), bundle.folder / "backbone", Golden(path), scratch).rows()


def _voice(folder: Path, sources: Sources, bundle: Bundle, made: Path) -> Iterator[Row]:
    """One vocoder; the bundle's own is made once more, beside it: the files are the same."""
    from parley_models.hub.reference_ears import EarsReference
    from parley_models.hub.reference_voices import prompt_rows
    from parley_models.hub.speaker_source import SpeakerSource
    from parley_models.vocoders.kinds import open_vocoder

    upstream = look_at(sources, read_checkpoint(sources.backbone).entries)
    golden_path = folder / "golden" / ("stepvocoder.npz" if upstream.vocoder.is_streaming else "vocoder.npz")
    if not golden_path.is_file():
        return
    made.mkdir(parents=True, exist_ok=True)
    (made / "scratch").mkdir(exist_ok=True)
    make_vocoder(upstream, made, made / "scratch")
    golden = Golden(golden_path)
    ears = DualTokenizer.open(bundle.folder, EarsConfig.read(bundle.manifest.ears), PLAIN)
    sound = EarsReference(folder, ears, bundle.manifest.tokens).recording(str(golden["prompt/source"]))
    config = replace(upstream.vocoder.voice, voices="voices")
    yield from prompt_rows(golden, SpeakerSource.open(made, ears, config), sound)
    vocoder = open_vocoder(made, config, PLAIN)
    yield from _inner_rows(upstream, vocoder, golden, made)


def _inner_rows(upstream: Upstream, vocoder: object, golden: Golden, made: Path) -> Iterator[Row]:
    from parley_models.hub.reference_voices import ChunkedVoiceReference, WholeVoiceReference
    from parley_models.hub.upstream_bundle import filled_networks
    from parley_models.networks.flow import Flow
    from parley_models.vocoders.chunked import ChunkedFlowHift
    from parley_models.vocoders.overlapped import OverlappedFlowHift

    flow, hift = filled_networks(upstream, made / "scratch")
    if isinstance(vocoder, ChunkedFlowHift):
        yield from ChunkedVoiceReference(vocoder, golden).rows()
    elif isinstance(vocoder, OverlappedFlowHift) and isinstance(flow, Flow):
        yield from WholeVoiceReference(vocoder, flow, hift, golden).rows()
