"""A whole installation with the real pip, from wheels made here: announced, finished, not repeated, repaired."""

import base64
import hashlib
import importlib.metadata
import os
import subprocess
import venv
import zipfile
from pathlib import Path

import pytest

import packages
from environment import Environment

PIP_VERSION = importlib.metadata.version("pip")
BACKEND = """
import zipfile
def build_editable(folder, config_settings=None, metadata_directory=None):
    info = "tinyhouse-1.0.dist-info"
    with zipfile.ZipFile(f"{folder}/tinyhouse-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\\nName: tinyhouse\\nVersion: 1.0\\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(f"{info}/RECORD", f"{info}/METADATA,,\\n{info}/WHEEL,,\\n{info}/RECORD,,\\n")
    return "tinyhouse-1.0-py3-none-any.whl"
"""
PROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "tinyhouse"
version = "1.0"
dependencies = ["brick>=1"]
[project.optional-dependencies]
cpu = []
gpu = ["window>=1"]
dev = ["triton>=1"]
"""


def write_wheel(folder: Path, name: str, version: str, needs: str = "") -> None:
    """Write a wheel that brings one module and may need another package."""
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": f"version = '{version}'\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n" + (f"Requires-Dist: {needs}\n" if needs else ""),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = [f"{path},sha256={digest(text)},{len(text)}" for path, text in files.items()]
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for path, text in {**files, f"{info}/RECORD": "\n".join([*rows, f"{info}/RECORD,,"])}.items():
            wheel.writestr(path, text)


def digest(text: str) -> str:
    """As RECORD spells it."""
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """An environment whose pip is the one that runs here, linked: copying one takes seconds."""
    folder = tmp_path / ".venv"
    venv.create(folder, with_pip=False)
    site = next(folder.glob("lib/python*/site-packages"))
    (site / "pip").symlink_to(Path(str(importlib.metadata.distribution("pip").locate_file("pip"))))
    info = site / f"pip-{PIP_VERSION}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: pip\nVersion: {PIP_VERSION}\n", encoding="utf-8")
    (info / "RECORD").write_text(f"{info.name}/METADATA,,\n", encoding="utf-8")
    return Environment(folder)


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny project with its wheels; nothing outside of the folder can be reached."""
    wheels = tmp_path / "wheels"
    for name, version in (("brick", "1.0"), ("brick", "2.0"), ("window", "1.0"), ("editables", "0.6")):
        write_wheel(wheels, name, version)
    (tmp_path / "backend.py").write_text(BACKEND, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    (tmp_path / "constraints.txt").write_text(f"brick==1.0\npip=={PIP_VERSION}\n", encoding="utf-8")
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    for name, value in {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels), "PIP_CONFIG_FILE": os.devnull, "PIP_NO_CACHE_DIR": "1"}.items():
        monkeypatch.setenv(name, value)
    for name, file in {"ROOT": tmp_path, "CONSTRAINTS": tmp_path / "constraints.txt", "PROJECT": tmp_path / "pyproject.toml"}.items():
        monkeypatch.setattr(packages, name, file)
    return tmp_path


@pytest.fixture
def torch_builds(house: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two package indexes, as for Linux: the usual one has a torch that needs CUDA, the other one torch's CPU build."""
    project = PROJECT.replace("brick>=1", "torch>=2.13")
    (house / "pyproject.toml").write_text(project, encoding="utf-8")
    (house / "constraints.txt").write_text("torch==2.13.0\n", encoding="utf-8")
    write_wheel(house / "usual" / "torch", "torch", "2.13.0", needs="nvidia_bricks")
    write_wheel(house / "usual" / "nvidia-bricks", "nvidia_bricks", "1.0")
    write_wheel(house / "cpu" / "torch", "torch", "2.13.0+cpu")
    for wheel in [*house.glob("usual/*/*.whl"), *house.glob("cpu/*/*.whl")]:
        (wheel.parent / "index.html").write_text(f'<a href="{wheel.name.replace("+", "%2B")}">{wheel.name}</a>', encoding="utf-8")
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", (house / "usual").as_uri())
    monkeypatch.setattr(packages, "TORCH_CPU_INDEX", (house / "cpu").as_uri())
    return house


def said_by(environment: Environment, code: str) -> str:
    """What a line of Python prints in the environment."""
    return subprocess.run([environment.python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_pinned_packages_arrive_and_are_not_asked_for_again(
    environment: Environment, house: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    packages.install(environment, ["cpu"])

    assert "2 packages to install, at most 0.0 MB to download" in capfd.readouterr().out
    assert said_by(environment, "import brick; print(brick.version)") == "1.0"
    assert "tinyhouse" in said_by(environment, "import importlib.metadata as m; print(m.version('tinyhouse'), 'tinyhouse')")
    monkeypatch.setenv("PIP_FIND_LINKS", "/nowhere")
    packages.install(environment, ["cpu"])
    assert "nothing changed" in capfd.readouterr().out


def test_an_interrupted_installation_goes_on(environment: Environment, house: Path, capfd: pytest.CaptureFixture[str]) -> None:
    site = next(environment.folder.glob("lib/python*/site-packages"))
    info = site / "brick-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: brick\nVersion: 1.0\n", encoding="utf-8")  # pip writes RECORD last
    (site / "brick.py").write_text("versi", encoding="utf-8")

    packages.install(environment, ["cpu"])

    assert "brick-1.0.dist-info was left half-installed" in capfd.readouterr().out
    assert said_by(environment, "import brick; print(brick.version)") == "1.0"


def test_a_failing_pip_leaves_no_stamp(environment: Environment, house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (house / "constraints.txt").write_text("brick==3.0\n", encoding="utf-8")

    with pytest.raises(subprocess.CalledProcessError):
        packages.install(environment, ["cpu"])

    assert not list(environment.folder.glob("parley-packages*"))


def test_new_pins_are_followed(environment: Environment, house: Path) -> None:
    packages.install(environment, ["cpu"])
    pins = (house / "constraints.txt").read_text(encoding="utf-8")
    (house / "constraints.txt").write_text(pins.replace("brick==1.0", "brick==2.0"), encoding="utf-8")

    packages.install(environment, ["cpu"])

    assert said_by(environment, "import brick; print(brick.version)") == "2.0"


def test_without_a_gpu_torch_comes_without_cuda(environment: Environment, torch_builds: Path, capfd: pytest.CaptureFixture[str]) -> None:
    packages.install(environment, ["cpu"])

    assert "no NVIDIA GPU here: torch's CPU build" in capfd.readouterr().out
    assert said_by(environment, "import torch; print(torch.version)") == "2.13.0+cpu"
    assert not list(environment.folder.glob("lib/python*/site-packages/nvidia*"))


def test_the_tests_tools_may_come_later_than_torch(environment: Environment, torch_builds: Path) -> None:
    packages.install(environment, ["cpu"])
    write_wheel(torch_builds / "wheels", "triton", "1.0")  # of the tests' own: it says nothing of torch's build

    packages.install(environment, ["cpu", "dev"])

    assert said_by(environment, "import torch, triton; print(torch.version, triton.version)") == "2.13.0+cpu 1.0"


def test_without_a_way_to_the_cpu_build_cuda_comes_along(
    environment: Environment, torch_builds: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (torch_builds / "cpu" / "torch" / "index.html").unlink()

    packages.install(environment, ["cpu"])

    assert "can't be reached: taking PyPI's build" in capfd.readouterr().out
    assert said_by(environment, "import nvidia_bricks, torch; print(torch.version)") == "2.13.0"


def test_with_a_gpu_torch_brings_cuda(environment: Environment, torch_builds: Path) -> None:
    write_wheel(torch_builds / "wheels", "window", "1.0")

    packages.install(environment, ["gpu"])

    assert said_by(environment, "import nvidia_bricks, torch, window; print(torch.version)") == "2.13.0"
