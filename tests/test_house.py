"""What holds for the whole house: sizes, places, what may be opened and what may be imported."""

import ast
import importlib.metadata
import re
import statistics
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SHIPPED = [ROOT / package for package in PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]]
TOP_LEVEL = {".ci", ".gitignore", "LICENSE", "NOTICE", "README.md", "constraints.txt", "pyproject.toml"}
TOP_LEVEL |= {"app", "assets", "docs", "installer", "models", "tests"}
MAY_LOAD_PICKLES = {"models/parley_models/hub/cell_door.py"}
"""Files that may read a checkpoint that can run code; each does so weights-only, in a process of its own."""

EARS_AND_VOICE = ["parley_models.tokenizers", "parley_models.vocoders"]
"""Packages that run where torch can't be imported."""

LIGHT = next(
    each["source_modules"] for each in PROJECT["tool"]["importlinter"]["contracts"] if "onnxruntime" in each.get("forbidden_modules", ())
)
"""Modules that work where neither torch nor onnxruntime can be imported."""

PAGES = sorted(page for folder in ("", "docs/**/", "models/**/") for page in ROOT.glob(f"{folder}*.md"))
CODE_RUNNERS = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}


def tracked() -> list[Path]:
    """Every file that git keeps."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).exists()]


def shipped_modules(*names: str) -> list[str]:
    """Every module that the wheel brings; with names, those that are or lie below one of them."""
    found = []
    for package in SHIPPED:
        for file in package.rglob("*.py"):
            parts = file.relative_to(package.parent).with_suffix("").parts
            found.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return sorted(name for name in found if not names or any(name == wanted or name.startswith(f"{wanted}.") for wanted in names))


def imports_of(tree: ast.AST) -> Iterator[str]:
    """The first part of every absolute import."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


def unsafe_loads(source: str) -> list[str]:
    """What in a piece of Python opens files that can run code."""
    tree = ast.parse(source)
    found = [name for name in imports_of(tree) if name in CODE_RUNNERS]
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name, keywords = ast.unparse(node.func), {word.arg: ast.unparse(word.value) for word in node.keywords}
            runs_objects = name.endswith("load") and keywords.get("allow_pickle", "False") != "False"
            if runs_objects or name in {"torch.load", "torch.jit.load", "torch.package.PackageImporter"}:
                found.append(ast.unparse(node))
        elif isinstance(node, ast.ImportFrom) and node.module == "torch" and any(alias.name == "load" for alias in node.names):
            found.append(ast.unparse(node))
    return found


def test_files_and_functions_stay_short() -> None:
    files = [path for path in tracked() if path.suffix == ".py"]
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    functions = [
        (node.end_lineno or node.lineno) - node.lineno + 1
        for path in files
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
    ]

    assert len(files) > 20
    assert {str(path.relative_to(ROOT)): count for path, count in lines.items() if count > 400} == {}
    assert statistics.median(lines.values()) <= 120
    assert statistics.quantiles(functions, n=10)[-1] <= 35


def test_the_checkout_stays_light() -> None:
    sizes_mb = {str(path.relative_to(ROOT)): path.stat().st_size / 1e6 for path in tracked()}

    assert {name: size for name, size in sizes_mb.items() if size > 16} == {}
    assert sum(sizes_mb.values()) <= 45


def test_every_top_level_entry_is_known() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in tracked()} <= TOP_LEVEL


def test_nothing_names_the_machine_it_was_written_on() -> None:
    machine_path = re.compile(rb"/(?:work|root|home/[a-z]+|opt/wheels|opt/pypi)/|\.\./shared/")
    texts = [path for path in tracked() if path.suffix in {".py", ".md", ".toml", ".txt", ".json", ".tsv", ".yaml", ".svg", ""}]
    found = [str(path.relative_to(ROOT)) for path in texts if machine_path.search(path.read_bytes())]

    assert len(texts) > 20
    assert set(found) <= {".ci/run", "tests/test_house.py"}  # CI may look for the reference set beside the checkout


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from pickle import loads",
        "import torch\ntorch.load('x', weights_only=True)",
        "from torch import load",
        "np.load(path, allow_pickle=True)",
        "np.load(path, allow_pickle=asked)",
    ],
)
def test_the_gate_sees_what_can_run_code(source: str) -> None:
    assert unsafe_loads(source)


def test_no_shipped_module_opens_files_that_can_run_code() -> None:
    files = [file for package in SHIPPED for file in package.rglob("*.py") if str(file.relative_to(ROOT)) not in MAY_LOAD_PICKLES]
    found = {str(file.relative_to(ROOT)): unsafe for file in files if (unsafe := unsafe_loads(file.read_text(encoding="utf-8")))}

    assert len(files) > 10
    assert found == {}


def test_recipes_and_tests_load_weights_only() -> None:
    files = [file for folder in ("models/parley_training", "tests") for file in (ROOT / folder).rglob("*.py") if file != Path(__file__)]
    found = {
        str(file.relative_to(ROOT)): call
        for file in files
        for call in unsafe_loads(file.read_text(encoding="utf-8"))
        if "weights_only=True" not in call
    }

    assert len(files) > 5
    assert found == {}


def run_python(code: str) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh Python where warnings are errors."""
    return subprocess.run([sys.executable, "-W", "error", "-c", code], cwd="/", capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("parts", "absent"), [(EARS_AND_VOICE, ["torch"]), (LIGHT, ["torch", "onnxruntime"])])
def test_modules_import_where_torch_does_not(parts: list[str], absent: list[str]) -> None:
    names = shipped_modules(*parts)
    done = run_python(
        f"import importlib, sys\nfor name in {absent}: sys.modules[name] = None\nfor name in {names}: importlib.import_module(name)"
    )

    assert len(names) >= len(parts)
    assert done.returncode == 0, done.stderr


def test_every_shipped_module_imports() -> None:
    names = [name for name in shipped_modules() if not name.endswith("__main__")]
    done = run_python(f"import importlib\nfor name in {names}: importlib.import_module(name)")

    assert len(names) > 10
    assert done.returncode == 0, done.stderr


def needs(files: list[Path]) -> set[str]:
    """The distributions that these files import, ours and Python's own left out."""
    imported = {name for file in files for name in imports_of(ast.parse(file.read_text(encoding="utf-8")))}
    # the first only where there is a card, the second only where recordings are given texts
    rare = {"pynvml": ["nvidia-ml-py"], "moonshine_onnx": ["useful-moonshine-onnx"]}
    brought_by = {**rare, **importlib.metadata.packages_distributions()}
    ours = {"parley", "parley_assets", "parley_models", "parley_training"}
    names = (brought_by.get(name, [name]) for name in imported - set(sys.stdlib_module_names) - ours)
    # PySide6 is one package out of two distributions: the window needs both.
    return {each.lower().replace("_", "-") for found in names for each in (found if "PySide6_Essentials" in found else found[:1])}


def declared(*extras: str) -> set[str]:
    """What the base and these extras ask for."""
    optional = PROJECT["project"]["optional-dependencies"]
    return {
        requirement_name(each) for each in [*PROJECT["project"]["dependencies"], *(each for extra in extras for each in optional[extra])]
    }


def test_shipped_code_declares_what_it_imports() -> None:
    """A missing dependency shows only on someone else's machine, and one too many is a download for nothing."""
    networks = ROOT / "models" / "parley_models" / "networks"
    shipped = [file for package in SHIPPED for file in package.rglob("*.py")]
    judges = {"pocketsphinx"}  # evaluation asks for it by name and says what to install
    brought = {"triton"}  # torch's builds for cards bring theirs, and without it a card still multiplies

    assert needs([file for file in shipped if networks not in file.parents]) - declared("cpu", "gpu", "peers") - judges - brought == set()
    assert needs(shipped) >= declared()
    assert needs(list(networks.rglob("*.py"))) <= declared("training")  # for recipes and the hub only


def test_recipes_declare_what_they_import() -> None:
    files = list((ROOT / "models" / "parley_training").rglob("*.py"))

    assert len(files) > 5
    assert needs(files) - declared("cpu", "training", "dev", "pico", "transcription") == set()


def test_every_requirement_is_pinned() -> None:
    project = PROJECT["project"]
    asked = [
        *project["dependencies"],
        *(each for extra in project["optional-dependencies"].values() for each in extra),
        *PROJECT["build-system"]["requires"],
    ]
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = {line.split("==")[0].lower().replace("_", "-") for line in lines if "==" in line}

    assert len(pins) > 50
    assert {requirement_name(each) for each in asked} - pins == set()


def requirement_name(requirement: str) -> str:
    """`numpy` of `numpy>=2`."""
    return re.split(r"[<>=!~\[; ]", requirement)[0].lower().replace("_", "-")


def test_readme_names_the_two_commands() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    assert "python3 installer/run.py\n" in readme
    assert "python3 installer/run.py test\n" in readme


def headings(page: Path) -> set[str]:
    """A page's headings as links name them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_what_is_there(page: Path) -> None:
    for target in re.findall(r"\]\((?!\w+:)([^)\s]+)\)", page.read_text(encoding="utf-8")):
        name, _, heading = target.partition("#")
        there = page.parent / name if name else page
        assert there.exists(), target
        assert not heading or heading in headings(there), target


def test_pages_that_code_names_are_there() -> None:
    named = {(path, name) for path in tracked() if path.suffix == ".py" for name in re.findall(r"docs/[\w/]+\.md", path.read_text("utf-8"))}
    assert named
    assert not [f"{path}: {name}" for path, name in named if not (ROOT / name).exists()]
