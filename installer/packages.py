"""Python packages: chosen for this machine, announced with their size, installed at the pinned versions."""

import subprocess
import tomllib
from pathlib import Path

from downloads import Download, plan, size_of
from environment import Environment, key_of

ROOT = Path(__file__).resolve().parent.parent
CONSTRAINTS = ROOT / "constraints.txt"
PROJECT = ROOT / "pyproject.toml"
TORCH_CPU_INDEX = "https://download.pytorch.org/whl/cpu"
IMPATIENT = ["--retries", "1", "--timeout", "15"]  # the CPU build saves a download; without a way to it there is still PyPI


def install(environment: Environment, extras: list[str]) -> None:
    """Bring the environment to what pyproject.toml asks for with these extras, at the versions of constraints.txt.

    Returns at once when nothing changed since the last time; goes on where an interrupted run stopped.

    Raises:
        subprocess.CalledProcessError: pip failed; it has said why.

    """
    step, key = f"packages-{'-'.join(extras)}", key_of(CONSTRAINTS, PROJECT, extras=extras)
    if environment.has_stamp(step, key):
        print("      nothing changed since the last time")
        return
    environment.forget(step)
    for name in environment.repair():
        print(f"      {name} was left half-installed and is installed again")
    change_flavour(environment, "gpu" if "gpu" in extras else "cpu")
    wanted = requirements(extras)
    print("      asking what is missing and how big it is…", flush=True)
    downloads = plan(environment.python, constrained(*wanted))
    asks_for_torch = any(each.name == "torch" for each in downloads)  # where it is here already, triton may come alone, for the tests
    if asks_for_torch and any(each.is_cuda for each in downloads) and "gpu" not in extras:
        downloads = take_torch_for_cpu(environment, downloads, wanted)
    announce(downloads)
    pip(environment, *constrained(*wanted))
    pip(environment, "--quiet", "--no-build-isolation", "--no-deps", "--editable", str(ROOT))
    environment.stamp(step, key)


def requirements(extras: list[str]) -> list[str]:
    """What pyproject.toml asks for: the base, the extras, and what an editable installation is built with."""
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))
    optional = project["project"]["optional-dependencies"]
    built_with = [*project["build-system"]["requires"], "editables"]
    return [*project["project"]["dependencies"], *(each for extra in extras for each in optional[extra]), *built_with]


def take_torch_for_cpu(environment: Environment, downloads: list[Download], wanted: list[str]) -> list[Download]:
    """Without an NVIDIA GPU the CUDA libraries are gigabytes of nothing: install PyTorch's CPU build first, if there is a way to it.

    Returns:
        What is still to be installed.

    """
    torch = next(each for each in downloads if each.name == "torch")
    choice = ["--no-deps", "--index-url", TORCH_CPU_INDEX, *IMPATIENT, f"torch=={torch.version.split('+')[0]}"]
    try:
        build = plan(environment.python, choice)
    except subprocess.CalledProcessError:
        print(f"      {TORCH_CPU_INDEX} can't be reached: taking PyPI's build of torch, with the CUDA libraries it asks for")
        return downloads
    print(f"      no NVIDIA GPU here: torch's CPU build ({size_of(build)}) instead of the CUDA build ({size_of(downloads)} in all)")
    pip(environment, *choice)
    return plan(environment.python, constrained(*wanted))


def announce(downloads: list[Download]) -> None:
    """Say what is about to be fetched."""
    if not downloads:
        print("      nothing is missing")
        return
    print(f"      {len(downloads)} packages to install, at most {size_of(downloads)} to download:")
    print(f"      {', '.join(f'{each.name} {each.version}' for each in downloads)}", flush=True)


def change_flavour(environment: Environment, flavour: str) -> None:
    """Clear the way when a GPU came or went: onnxruntime and onnxruntime-gpu write the same files, and so do torch's builds."""
    other = "cpu" if flavour == "gpu" else "gpu"
    if environment.has_stamp("flavour", other):
        subprocess.run([environment.python, "-m", "pip", "uninstall", "--yes", "torch", "onnxruntime", "onnxruntime-gpu"], check=True)
    environment.stamp("flavour", flavour)


def constrained(*wanted: str) -> list[str]:
    """Arguments for pip: these packages, at the pinned versions."""
    return ["--constraint", str(CONSTRAINTS), *wanted]


def pip(environment: Environment, *arguments: str) -> None:
    """Run `pip install` in the environment; pip shows its own progress."""
    subprocess.run([environment.python, "-m", "pip", "install", "--disable-pip-version-check", *arguments], check=True)
