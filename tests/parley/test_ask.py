"""`parley ask` as a user meets it: what is written, what is said, and how it leaves."""

import json
import math
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from parley.cli.ask import Asking, AskRequest, named_questions
from parley.cli.program import run
from parley_models.assistant import Assistant
from parley_models.bundle import Bundle, write_manifest
from parley_models.errors import EngineError
from parley_models.prosody import Prosody
from parley_models.style import Control, Level
from tests.fakes.parts import ScriptedBrain
from tests.fakes.thimble import MANIFEST, answer_ids, scripted, thimble, thimble_folder

SAID = "The capital of France is Paris."


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return thimble_folder(tmp_path_factory.mktemp("bundles") / "thimble")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder with one good question."""
    monkeypatch.chdir(tmp_path)
    write_question(tmp_path / "q.wav")
    return tmp_path


def write_question(path: Path, seconds: float = 0.6, rate_hz: int = 16_000) -> None:
    path.parent.mkdir(exist_ok=True, parents=True)
    t = np.arange(int(seconds * rate_hz)) / rate_hz
    soundfile.write(path, 0.3 * np.sin(2 * math.pi * 300 * t), rate_hz)


def ask(bundle: Path, *paths: str, brain: ScriptedBrain | None = None, **options: Any) -> int:  # noqa: ANN401
    texts = options.pop("text", [])
    given: dict[str, Any] = {"conversation": False, "out": None, "style": "", "system": None, "seed": 1, "as_json": False} | options
    request = AskRequest(named_questions([Path(path) for path in paths], texts), bundle=str(bundle), **given)

    def load(opened: Bundle) -> Assistant:
        return thimble(opened.folder, brain or scripted(bundle, SAID))

    return Asking(request, load).run()


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_the_answer_is_said_and_written(bundle: Path, desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(bundle, "q.wav", out=Path("out/a.wav")) == 0
    sound, rate_hz = soundfile.read("out/a.wav")
    assert rate_hz == 24_000
    assert len(sound) == 12 * 2_880
    assert capsys.readouterr().out.startswith(SAID)
    assert files(desk) == ["out/a.wav", "q.wav"]


def test_one_line_of_json_per_question(bundle: Path, desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_question(desk / "second.flac", rate_hz=44_100)
    assert ask(bundle, "q.wav", "second.flac", text=["Which city?"], out=Path("answers"), style="rate=2,pitch=-1", as_json=True) == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [record["question"] for record in records] == ["q.wav", "second.flac", "Which city?"]
    assert [record["audio"]["path"] for record in records] == ["answers/q.wav", "answers/second.wav", "answers/text.wav"]
    first = records[0]
    assert first.keys() == {"question", "text", "segments", "audio", "tokens", "timing", "style"}
    assert first["text"] == SAID
    assert first["segments"] == [{"text": SAID, "style": {"rate": 2.0, "pitch": -1.0}}]
    assert first["audio"] == {"path": "answers/q.wav", "rate_hz": 24_000, "seconds": 0.72}
    assert first["tokens"] == {"heard": 25, "text": len(first_text_ids(bundle)), "linguistic": 24, "semantic": 36}
    assert first["timing"].keys() == {"first_audio_ms", "total_ms", "real_time_factor"}
    assert first["style"]["asked"] == {"rate": 2.0, "pitch": -1.0}
    assert first["style"]["achieved"].keys() == {"rate", "pitch"}


def test_a_styles_own_pace_is_not_taken_for_the_rate_that_was_asked(bundle: Path, desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    happy = Control("emotion", "discrete", (Level("happy", prosody=Prosody(rate=1.25, pitch=2.5)),))
    shutil.copytree(bundle, desk / "performing")
    write_manifest(desk / "performing", replace(MANIFEST, controls=(happy, *MANIFEST.controls[1:]), files=()))
    assert ask(desk / "performing", "q.wav", style="emotion=happy,rate=1.2,pitch=-1", as_json=True) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["style"]["asked"] == {"emotion": "happy", "rate": 1.2, "pitch": -1.0}
    assert record["style"]["achieved"] == {"emotion": None, "rate": pytest.approx(1.2, rel=0.1), "pitch": None}
    assert record["segments"] == [{"text": SAID, "style": {"emotion": "happy", "rate": 1.2, "pitch": -1.0}}]
    assert record["audio"]["seconds"] == 0.96


def first_text_ids(bundle: Path) -> list[int]:
    return answer_ids(bundle, SAID, groups=0)[:-1]


def test_questions_of_one_name_do_not_overwrite_each_other(bundle: Path, desk: Path) -> None:
    write_question(desk / "a" / "q.wav")
    write_question(desk / "b" / "q.wav")
    assert ask(bundle, "a/q.wav", "b/q.wav", out=Path("a")) == 0  # nor a question, when the answers go to its folder
    assert files(desk) == ["a/q-answer-2.wav", "a/q-answer.wav", "a/q.wav", "b/q.wav", "q.wav"]


def test_without_a_place_the_answer_lies_in_the_current_folder(bundle: Path, desk: Path) -> None:
    assert ask(bundle, "q.wav") == 0
    assert files(desk) == ["q-answer.wav", "q.wav"]


@pytest.mark.parametrize("conversation", [True, False])
def test_only_a_conversation_remembers(bundle: Path, desk: Path, conversation: bool) -> None:
    brain = scripted(bundle, SAID)
    assert ask(bundle, "q.wav", "q.wav", brain=brain, conversation=conversation) == 0
    assert (len(brain.prompts[1]) > len(brain.prompts[0])) == conversation


def test_a_bad_question_does_not_keep_the_others_from_being_answered(bundle: Path, desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (desk / "bad.wav").write_text("no sound")
    assert ask(bundle, "bad.wav", "nowhere.wav", "q.wav", out=Path("out"), as_json=True) == 3
    captured = capsys.readouterr()
    records = [json.loads(line) for line in captured.out.splitlines()]
    assert [(record["question"], record.get("exit_code")) for record in records] == [("bad.wav", 3), ("nowhere.wav", 3), ("q.wav", None)]
    assert records[0]["error"] in captured.err
    assert len(captured.err.splitlines()) == 2
    assert files(desk / "out") == ["q.wav"]


def test_a_model_that_fails_leaves_nothing_half_written(bundle: Path, desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    class FailingBrain(ScriptedBrain):
        def decode(self, seed: int, limit: int) -> Any:  # noqa: ANN401
            yield from list(super().decode(seed, limit))[:40]
            raise EngineError("The model lost its thread.")

    ids = answer_ids(bundle, SAID, groups=30)
    assert ask(bundle, "q.wav", out=Path("out/a.wav"), brain=FailingBrain(lambda _number, _seed: ids)) == 6
    assert files(desk) == ["q.wav"]
    assert "parley: The model lost its thread." in capsys.readouterr().err


def program(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The real entry point, as installed."""
    command = [sys.executable, "-m", "parley", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


WRONG: dict[str, tuple[list[str], int, str]] = {
    "nothing asked": (["ask"], 2, "nothing to answer"),
    "no such option": (["ask", "--loud", "q.wav"], 2, "--loud"),
    "no such command": (["sing"], 2, "sing"),
    "seed": (["ask", "q.wav", "--seed", "-1"], 2, "--seed"),
    "two answers, one file": (["ask", "q.wav", "q.wav", "-o", "a.wav"], 2, "name a folder"),
    "over the question": (["ask", "q.wav", "-o", "q.wav"], 2, "is the question itself"),
    "mp3": (["ask", "q.wav", "-o", "a.mp3"], 2, ".wav or .flac"),
    "folder is a file": (["ask", "q.wav", "-o", "q.wav/a.wav"], 2, "is a file"),
    "a name that is too long": (["ask", "q.wav", "-o", "a" * 300 + ".wav"], 2, "can't be written"),
    "no such file": (["ask", "none.wav"], 3, "There is no file none.wav"),
    "no bundle": (["ask", "q.wav", "--bundle", "nobody"], 4, "There is no bundle “nobody”"),
    "a bundle without a name": (["ask", "q.wav", "--bundle", ""], 4, "There is no bundle “”"),
    "an empty folder": (["ask", "q.wav", "--bundle", "data"], 4, "has no bundle.toml"),
    "unknown style": (["ask", "q.wav", "--bundle", "THIMBLE", "--style", "mood=1"], 2, "emotion (neutral, happy)"),
    "unknown level": (["ask", "q.wav", "--bundle", "THIMBLE", "--style", "emotion=bored"], 2, "neutral, happy"),
    "style out of range": (["ask", "q.wav", "--bundle", "THIMBLE", "--style", "rate=9"], 2, "from 0.5 to 2"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_gets_one_sentence_and_its_exit_code(
    bundle: Path, desk: Path, case: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments, exit_code, says = WRONG[case]
    monkeypatch.setenv("XDG_DATA_HOME", str(desk / "data"))
    (desk / "data").mkdir()
    assert run([str(bundle) if argument == "THIMBLE" else argument for argument in arguments]) == exit_code
    told = capsys.readouterr()
    assert told.out == ""
    assert len(told.err.splitlines()) == 1
    assert says in told.err
    assert told.err.startswith("parley: ")
    assert files(desk) == ["q.wav"]


def test_a_damaged_bundle_names_the_file(bundle: Path, desk: Path) -> None:
    damaged = desk / "thimble"
    damaged.mkdir()
    for path in bundle.iterdir():
        (damaged / path.name).write_bytes(path.read_bytes())
    (damaged / "voices.json").write_text("[]")
    done = program("ask", "q.wav", "--bundle", "thimble", "--json", cwd=desk)
    assert done.returncode == 4
    assert "voices.json is damaged" in done.stderr
    assert json.loads(done.stdout)["exit_code"] == 4


def test_help_is_quick_to_come_and_loads_no_model_code(tmp_path: Path) -> None:
    watch = "import sys; from parley.cli.program import run; run(['--help']); run(['ask', '--help'])"
    watch += "; sys.exit(', '.join({'torch', 'onnxruntime', 'numpy', 'sentencepiece'} & set(sys.modules)) or 0)"
    done = subprocess.run([sys.executable, "-c", watch], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "--conversation" in done.stdout


def test_a_missing_question_is_told_before_torch_is_loaded(desk: Path) -> None:
    watch = "import sys; from parley.cli.program import run; code = run(['ask', 'none.wav'])"
    watch += "; sys.exit(code if not {'torch', 'onnxruntime'} & set(sys.modules) else 99)"
    done = subprocess.run([sys.executable, "-c", watch], cwd=desk, capture_output=True, text=True, check=False)
    assert done.returncode == 3
