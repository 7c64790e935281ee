"""From a checkpoint's folders to a bundle that talks, whatever happens on the way."""

import errno
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from parley.cli.program import run
from parley_models.bundle import Bundle
from parley_models.errors import BundleCorrupt, BundleMissing, UsageError
from parley_models.hub import importing, places
from parley_models.hub.backbone_weights import read_checkpoint
from parley_models.hub.importing import ImportNews, import_checkpoint
from parley_models.hub.sources import find_sources
from parley_models.hub.upstream_bundle import check_networks, filled_networks, look_at, make_linguistic
from parley_models.manifest import ANY_ROLE, ANY_TEXT
from parley_models.vocoders.config import VoiceConfig
from parley_models.vocoders.kinds import open_vocoder
from parley_models.vocoders.voices import read_voice
from tests.conftest import COMPACT_REFERENCE
from tests.fakes.upstream_checkpoint import BACKBONE, STREAMING, TOKENIZER, WHOLE

RECORDING = COMPACT_REFERENCE / "audio" / "tingting.wav"
QUESTION = COMPACT_REFERENCE / "audio" / "jfk.wav"
GROUPS = 7


Change = Callable[[dict[str, torch.Tensor]], object]


def imported(checkpoint: Path, vocoder: str, out: Path, *more: Path) -> Path:
    sources = [str(place) for place in (checkpoint / BACKBONE, checkpoint / TOKENIZER, checkpoint / vocoder, *more)]
    assert run(["models", "import", *sources, "--out", str(out), "--quantize", "int8"]) == 0
    return out


@pytest.fixture(scope="module", params=[WHOLE, STREAMING])
def bundle(request: pytest.FixtureRequest, checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Imported by the command that users run."""
    more = (RECORDING,) if request.param == STREAMING else ()
    return imported(checkpoint, request.param, tmp_path_factory.mktemp("imported") / request.param.lower(), *more)


def test_everything_comes_from_the_files(bundle: Path) -> None:
    opened = Bundle.open(bundle)  # and every file is as recorded
    manifest, voice = opened.manifest, VoiceConfig.read(opened.manifest.voice)
    streaming = bundle.name == STREAMING.lower()
    assert (manifest.tokens.audio_start, manifest.tokens.audio_end, manifest.tokens.stops) == (70700, 70701, (3, 2))
    assert (manifest.chat.roles, manifest.chat.default_system) == ({"user": "human"}, "You are a helpful assistant.")
    assert (manifest.context_tokens, manifest.roles, manifest.recites) == (4096, (ANY_ROLE,), (ANY_TEXT,))
    assert manifest.drafting.pulled is None  # this one is smaller than any that could draft
    if streaming:
        assert (voice.kind, voice.rate_hz, voice.hop, voice.guidance, voice.prompt_peak) == ("flow-hift-chunked", 24_000, 480, 0.7, 0.6)
    else:
        assert (voice.kind, voice.rate_hz, voice.hop, voice.guidance, voice.tokens_per_s) == (
            "flow-hift-overlapped",
            16_000,
            160,
            0.5,
            41.67,
        )
        assert (voice.prompt_fft, voice.prompt_highest_hz) == (640, 8000)  # fmax null: half the rate
    assert [entry.name for entry in manifest.voices] == (["tingting"] if streaming else ["neutral"])
    entries = json.loads((bundle / "backbone" / "config.json").read_text())
    assert entries["quantization"]["linear"] == "int8"
    assert not any(b".weight_g" in path.read_bytes() or b"original0" in path.read_bytes() for path in bundle.rglob("*.onnx"))


def test_it_answers_through_the_whole_chain(bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    short = tmp_path / "short"
    shutil.copytree(bundle, short)
    text = (short / "bundle.toml").read_text()
    assert "max_tokens = 2048" in text
    (short / "bundle.toml").write_text(text.replace("max_tokens = 2048", f"max_tokens = {5 * GROUPS}"))
    capsys.readouterr()
    assert run(["ask", str(QUESTION), "--bundle", str(short), "-o", str(tmp_path / "answer.wav"), "--json", "--seed", "1"]) == 0
    answer = json.loads(capsys.readouterr().out)
    groups = answer["tokens"]["linguistic"] // 2
    config = VoiceConfig.read(Bundle.open(short, verify=False).manifest.voice)
    assert groups > 2
    assert answer["tokens"]["heard"] == 455  # 91 groups of eleven seconds, as upstream's tokenizer makes them
    assert answer["audio"]["seconds"] == pytest.approx(open_vocoder(short, config).samples(groups, 1.0) / config.rate_hz, abs=1e-3)
    assert answer["audio"]["seconds"] == pytest.approx(groups * 0.12, abs=0.02)


def test_a_recording_becomes_a_voice(bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = tmp_path / "own"
    shutil.copytree(bundle, own)
    me = tmp_path / "Me, myself.wav"
    shutil.copyfile(RECORDING, me)
    assert run(["voices", "add", str(me), "--bundle", str(own)]) == 0
    assert "--style voice=me-myself" in capsys.readouterr().out
    opened = Bundle.open(own)
    assert opened.manifest.control_table.read("voice", "me-myself") == "me-myself"
    voice = read_voice(own / "vocoder" / "voices", "me-myself", VoiceConfig.read(opened.manifest.voice).mels)
    assert voice.speaker.shape == (1, 192)
    assert len(voice.prompt_tokens) == 185  # 37 groups: the silence at its ends is trimmed
    assert abs(len(voice.prompt_mel) - 4.4 * opened.manifest.voice["rate_hz"] / opened.manifest.voice["hop"]) < 3
    assert 150 < opened.voice("me-myself").median_f0_hz < 350  # a woman's
    assert run(["voices", "add", str(QUESTION.with_name("none.wav")), "--bundle", str(own)]) == 3
    assert run(["voices", "add", str(me), "--bundle", "mini"]) == 4
    assert "no network that hears who speaks" in capsys.readouterr().err


def spoiled(checkpoint: Path, folder: Path, name: str, change: Change) -> Path:
    """The checkpoint with one of its torch files changed."""
    shutil.copytree(checkpoint, folder, copy_function=lambda source, target: Path(target).symlink_to(source))
    (path,) = [path for path in folder.rglob(name) if WHOLE not in path.parts]
    state = torch.load(path, weights_only=True)
    change(state)
    path.unlink()
    torch.save(OrderedDict(state), path)
    return path


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("flow.pt", lambda state: state.pop("encoder.after_norm.bias"), r"flow\.pt lacks the tensor encoder\.after_norm\.bias\."),
        (
            "flow.pt",
            lambda state: state.update({"encoder_proj.bias": torch.zeros(79)}),
            r"encoder_proj\.bias as \[79\], but its settings ask for \[80\]",
        ),
        ("flow.pt", lambda state: state.update({"encoder_proj.bias": torch.zeros(80, dtype=torch.int64)}), r"encoder_proj\.bias as I64"),
        ("flow.pt", lambda state: state.update({"input_embedding.embedding.weight": torch.zeros(4000, 8)}), "a table of 4,000 rows"),
        (
            "hift.pt",
            lambda state: state.pop("ups.1.parametrizations.weight.original0"),
            r"hift\.pt lacks the tensor ups\.1\.parametrizations\.weight\.original0\.",
        ),
        ("model.pt", lambda state: state.pop("encoder.after_norm.weight"), r"model\.pt lacks the tensor after_norm\.weight\."),
    ],
)
def test_what_is_wrong_with_torchs_files_is_named(checkpoint: Path, tmp_path: Path, name: str, change: Change, message: str) -> None:
    spoiled(checkpoint, tmp_path / "c", name, change)
    sources = find_sources([tmp_path / "c" / part for part in (BACKBONE, TOKENIZER, STREAMING)])
    with pytest.raises(BundleCorrupt, match=message):
        check_networks(look_at(sources, read_checkpoint(sources.backbone).entries))


@pytest.mark.parametrize(("name", "key"), [("flow.pt", "decoder.rand_noise"), ("hift.pt", "x.y"), ("model.pt", "encoder.x.y")])
def test_a_tensor_that_nobody_knows_is_told_and_left_out(
    checkpoint: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str, key: str
) -> None:
    path = spoiled(checkpoint, tmp_path / "c", name, lambda state: state.update({key: torch.zeros(3)}))
    sources = find_sources([tmp_path / "c" / part for part in (BACKBONE, TOKENIZER, STREAMING)])
    upstream = look_at(sources, read_checkpoint(sources.backbone).entries)
    check_networks(upstream)
    (told,) = [record.getMessage() for record in caplog.records]
    assert told == f"{path} holds {key.removeprefix('encoder.')}, which no network here has a place for: left out."
    (tmp_path / "scratch").mkdir()
    filled_networks(upstream, tmp_path / "scratch")  # and nothing stumbles over it
    make_linguistic(upstream, tmp_path / "made", tmp_path / "scratch")


def test_folders_are_told_by_what_is_in_them(checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="two of what should be one vocoder"):
        find_sources([checkpoint])
    with pytest.raises(BundleMissing, match="a tokenizer"):
        find_sources([checkpoint / BACKBONE, checkpoint / WHOLE])
    with pytest.raises(BundleMissing, match="There is no folder"):
        find_sources([tmp_path / "nowhere"])
    music = tmp_path / "tts"
    for name in ("CosyVoice-300M-25Hz", "CosyVoice-300M-25Hz-Music"):
        shutil.copytree(checkpoint / WHOLE, music / name)
    assert find_sources([checkpoint / BACKBONE, checkpoint / TOKENIZER, music]).vocoder.name == "CosyVoice-300M-25Hz"


@pytest.mark.parametrize("release", ["Step-Audio-EditX", "Step-Audio-TTS-3B"])
def test_a_release_may_be_named_for_its_vocoder(tmp_path: Path, release: str) -> None:
    """These hold a backbone, too, at their top; it is meant only where there is no other."""
    vocoder, paraformer = f"{release}/CosyVoice-300M-25Hz", "Step-Audio-Tokenizer/dengcunqin/paraformer"
    for backbone in ("Step-Audio-AQAA", release):
        for name in ("config.json", "model-00001.safetensors", "tokenizer.model"):
            touch(tmp_path / backbone / name)
    for name in ("FLOW_VERSION", "campplus.onnx", "cosyvoice.yaml", "flow.pt", "hift.pt"):
        touch(tmp_path / vocoder / name)
    for name in ("linguistic_tokenizer.npy", "speech_tokenizer_v1.onnx"):
        touch(tmp_path / "Step-Audio-Tokenizer" / name)
    for name in ("am.mvn", "model.pt", "config.yaml"):
        touch(tmp_path / paraformer / name)
    found = find_sources([tmp_path / name for name in ("Step-Audio-AQAA", "Step-Audio-Tokenizer", release)])
    assert (found.backbone, found.vocoder) == (tmp_path / "Step-Audio-AQAA", tmp_path / vocoder)
    assert found.paraformer == tmp_path / paraformer
    assert find_sources([tmp_path / name for name in ("Step-Audio-Tokenizer", release)]).backbone == tmp_path / release
    touch(tmp_path / "other" / "config.json")
    touch(tmp_path / "other" / "model.safetensors")
    with pytest.raises(UsageError, match="two of what should be one backbone"):
        find_sources([tmp_path])


def touch(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


def test_a_disk_that_is_too_small_and_a_place_that_is_taken(checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sources = find_sources([checkpoint / part for part in (BACKBONE, TOKENIZER, WHOLE)])
    (tmp_path / "taken").mkdir()
    with pytest.raises(UsageError, match="exists already"):
        import_checkpoint(sources, tmp_path / "taken")
    with pytest.raises(UsageError, match="can be quantized to"):
        import_checkpoint(sources, tmp_path / "out", "int2")
    monkeypatch.setattr(places.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9, 10**6))  # type: ignore[attr-defined]
    with pytest.raises(BundleMissing, match=r"0\.0 GB free, but .* GB for the bundle are needed"):
        import_checkpoint(sources, tmp_path / "out")


def start(checkpoint: Path, out: Path) -> subprocess.Popen[bytes]:
    sources = [str(checkpoint / part) for part in (BACKBONE, TOKENIZER, WHOLE)]
    command = [sys.executable, "-m", "parley", "models", "import", *sources, "--out", str(out), "--quantize", "int8"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def steps(out: Path) -> int:
    log = out.with_name(f".{out.name}.import.jsonl")
    return len(log.read_text().splitlines()) if log.exists() else 0


def contents(folder: Path) -> dict[str, str]:
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def test_a_disk_that_fills_up_on_the_way_is_told(checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> str:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "model-00001.safetensors")

    monkeypatch.setattr(importing, "convert_shard", full)
    monkeypatch.setattr(importing, "make_vocoder", lambda *_: [])  # takes half a minute
    monkeypatch.setattr(importing, "make_voices", lambda *_: [])
    sources = find_sources([checkpoint / BACKBONE, checkpoint / TOKENIZER, checkpoint / STREAMING])
    with pytest.raises(BundleMissing, match=r"model-00001\.safetensors can't be written: No space left on device\. What is done stays"):
        import_checkpoint(sources, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_fifty_kills_lose_nothing(checkpoint: Path, tmp_path: Path) -> None:
    whole, out, random, kills, most = tmp_path / "a" / "bundle", tmp_path / "b" / "bundle", np.random.default_rng(1), 0, 0
    whole.parent.mkdir()
    out.parent.mkdir()
    began = time.monotonic()
    assert start(checkpoint, whole).wait() == 0
    lasts_s = time.monotonic() - began
    while kills < 50:
        work = start(checkpoint, out)
        try:
            work.wait(timeout=float(random.uniform(0.02, 1.0)) * lasts_s)
        except subprocess.TimeoutExpired:
            work.send_signal(signal.SIGKILL)
            work.wait()
            kills += 1
            assert steps(out) >= most or (out / "bundle.toml").exists(), "a finished step was lost"
            most = steps(out)
        if (out / "bundle.toml").exists():
            assert contents(out) == contents(whole)
            shutil.rmtree(out)
            out.with_name(f".{out.name}.import.jsonl").unlink(missing_ok=True)
            most = 0
    assert start(checkpoint, out).wait() == 0
    assert contents(out) == contents(whole)


def test_a_kill_costs_no_finished_step(bundle: Path, checkpoint: Path, tmp_path: Path) -> None:
    if bundle.name != WHOLE.lower():
        pytest.skip("one vocoder is enough")
    out = tmp_path / bundle.name
    work = start(checkpoint, out)
    while steps(out) < 3 and work.poll() is None:
        time.sleep(0.05)
    work.send_signal(signal.SIGKILL)
    work.wait()
    assert steps(out) >= 3
    assert not out.exists()
    told: list[ImportNews] = []
    began = {path: path.stat().st_mtime_ns for path in (out.with_name(f".{out.name}.import") / "linguistic").iterdir()}

    import_checkpoint(find_sources([checkpoint / part for part in (BACKBONE, TOKENIZER, WHOLE)]), out, "int8", told.append)
    assert contents(out) == contents(bundle)
    assert {path: (out / "linguistic" / path.name).stat().st_mtime_ns for path in began} == began  # taken over, not made again
    assert told[-1].done_bytes == told[-1].total_bytes
    assert [news.done_bytes for news in told] == sorted(news.done_bytes for news in told)
    assert sorted(path.name for path in tmp_path.iterdir()) == [out.name]  # neither journal nor scratch is left
