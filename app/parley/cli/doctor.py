"""`parley doctor`: is this machine, with this bundle, fit to talk?"""

import os
import platform
import shutil
from importlib.metadata import PackageNotFoundError, version

import typer

from parley_models.bundle import Bundle, find_bundle
from parley_models.device import Device
from parley_models.manifest import Manifest

_PACKAGES = ("numpy", "onnxruntime", "onnxruntime-gpu", "torch", "sentencepiece", "soundfile", "soxr")
_TEST_VOICES = ("flite", "festival", "espeak-ng")


def examine(name: str) -> int:
    """Tell what is here, and check every file of the bundle; raises BundleError if it is not whole."""
    typer.echo(f"System     {platform.system()} {platform.release()}, Python {platform.python_version()}, {os.cpu_count()} CPU cores")
    typer.echo(f"Libraries  {', '.join(f'{package} {found}' for package in _PACKAGES if (found := _version(package)))}")
    typer.echo(f"Networks   {_providers()}")
    voices = [program for program in _TEST_VOICES if shutil.which(program)]
    typer.echo(f"Voices     {', '.join(voices) or 'none'} (only `parley eval` and the recipes need them)")
    bundle = Bundle.open(find_bundle(name))
    manifest = bundle.manifest
    typer.echo(f"Bundle     {manifest.title} {manifest.version}, {bundle.size_bytes / 1e6:.1f} MB, every file as recorded: {bundle.folder}")
    for provider, names in _networks(bundle).items():
        typer.echo(f"           {provider} runs {', '.join(names)}")
    typer.echo(f"           {backbone_place(manifest)}")
    for row in manifest.controls:
        typer.echo(f"           {row.name}: {row.offer}")
    return 0


def backbone_place(manifest: Manifest) -> str:
    """Where the backbone would decode, as one line says it."""
    weights = [entry.size_bytes for entry in manifest.files if entry.path.startswith("backbone/") and entry.path.endswith(".safetensors")]
    if not weights:
        return "the backbone decodes on a server: docs/vllm.md"
    where = Device().backbone(sum(weights))
    return f"the backbone decodes on {'the processor' if where == 'cpu' else where}"


def _networks(bundle: Bundle) -> dict[str, list[str]]:
    """The bundle's ONNX networks by the provider that really runs them here."""
    from parley_models.onnx_session import OnnxSession

    taken: dict[str, list[str]] = {}
    for path in [entry.path for entry in bundle.manifest.files if entry.path.endswith(".onnx")]:
        taken.setdefault(OnnxSession(bundle.path(path)).providers_taken[0], []).append(path)
    return taken


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _providers() -> str:
    try:
        import onnxruntime
    except ImportError:
        return "onnxruntime is not installed: run installer/run.py"
    import torch

    card = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU that torch can use"
    return f"ONNX Runtime built for {', '.join(onnxruntime.get_available_providers())}; {card}"
