"""Out of a bundle alone: ears hear the same codes, the backbone says the same, is trained on and bundled again with ears and voice."""

import importlib.resources
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from sentencepiece import SentencePieceProcessor

from parley_models.backbone.backbone import Backbone
from parley_models.backbone.config import BackboneConfig
from parley_models.backbone.convert import quantize_checkpoint, save_checkpoint
from parley_models.backbone.model import StepOmni
from parley_models.backbone.quantize import Quantization
from parley_models.bundle import Bundle, find_bundle
from parley_models.errors import BundleCorrupt
from parley_models.prompt import Message, Prompt
from parley_models.sound_file import read_question
from parley_models.text_tokenizer import TextTokenizer
from parley_models.tokenizers.config import EarsConfig
from parley_models.tokenizers.dual import DualTokenizer
from parley_training.backbone.examples import ExampleWriter
from parley_training.backbone.mishearing import Mishearing
from parley_training.backbone.stages import THREE
from parley_training.backbone.training import Plan, Training
from parley_training.bundle.recipe import Sources, build
from parley_training.bundle.releases import release_of
from parley_training.checkpoint import restore
from parley_training.linguistic.features import FeatureSet
from parley_training.parallel import lanes
from parley_training.parallel.fleet import Fleet
from parley_training.restoration import reader, recipe
from parley_training.restoration.pieces import carry_over, spelled
from parley_training.restoration.weights import of_backbone
from parley_training.text.recipe import LAYOUT, make_pieces
from parley_training.tokens.ears import TrainedEars
from tests.fakes.thimble import train_pieces
from tests.fakes.tiny_bundle import tiny_bundle

MINI = find_bundle("mini")
QUESTIONS = Path(str(importlib.resources.files("parley_assets"))) / "questions"
TINY = BackboneConfig(128, 256, 4, 2, 2, 300, max_seq_len=512)


def run(*words: str | Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["recipe", *map(str, words)])
        recipe.main()


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is restored of Mini, read by several tests."""
    out = tmp_path_factory.mktemp("restored") / "runs"
    run("--bundle", "mini", "--out", out, "--elapsed", "30")
    return out


def test_its_ears_hear_what_the_bundle_s_ears_hear(runs: Path) -> None:
    ears, known = (
        TrainedEars.open(runs / "linguistic", runs / "semantic"),
        DualTokenizer.open(MINI, EarsConfig.read(Bundle.open(MINI).manifest.ears)),
    )
    for path in (QUESTIONS / "1-hello.wav", QUESTIONS / "5-legs.wav"):
        sound = read_question(path)
        heard = ears.hear(sound.samples)
        assert len(np.unique(heard)) > 20
        assert np.array_equal(heard, known.tokens(sound).codes)
    scales = ears.sanm.inverse_timescales
    assert torch.equal(scales, scales.half().float())  # as the bundle keeps them, which shows only after minutes


def test_the_backbone_says_what_the_bundle_s_says(runs: Path) -> None:
    floats, eighths = (Backbone.load(folder, context=64) for folder in (runs / "backbone" / "backbone", MINI / "backbone"))
    prompt = Prompt(TextTokenizer(runs / "text" / "text.model"), LAYOUT, Bundle.open(MINI).manifest.chat)
    ids = prompt.conversation([Message("user", ("what is the capital of france",))])
    one, other = (np.stack([backbone.step(token) for token in ids]) for backbone in (floats, eighths))
    assert np.abs(one - other).max() < 0.02 * np.ptp(one)  # the kernels round what is multiplied to bfloat16
    assert np.abs(one - other).mean() < 0.002 * np.ptp(one)
    assert np.array_equal(one.argmax(1), other.argmax(1))
    state = restore(runs / "backbone" / "checkpoint.pt")
    assert state is not None
    assert state["elapsed_s"] == 30 * 60
    assert all(torch.equal(weight, state["model"][name]) for name, weight in of_backbone(MINI / "backbone").state_dict().items())


def test_it_is_trained_on_and_bundled_again_with_the_same_ears_and_voice(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "POOL", 8)
    out = tmp_path / "backbone"
    out.mkdir()
    (out / "checkpoint.pt").write_bytes((runs / "backbone" / "checkpoint.pt").read_bytes())
    mishear = Mishearing(np.load(runs / "linguistic" / "codebook.npy"))
    writer = ExampleWriter(runs / "text" / "text.model", [], {}, mishear, random.Random(1))
    plan = Plan(lambda _task: writer.text(), writer.rng, THREE, 30.01, rate=1e-4, tokens=300, eager=True)
    model = Training(StepOmni(of_backbone(MINI / "backbone").config), plan, out, Fleet()).run(str, str)
    save_checkpoint(model, out / "backbone")
    quantize_checkpoint(out / "backbone", out / "quantized", Quantization("int8"))
    sources = Sources(runs / "linguistic", runs / "semantic", runs / "text", out / "quantized", runs / "vocoder" / "bundle")
    made = build(sources, tmp_path / "again", [], release_of("mini0"))
    state = restore(out / "checkpoint.pt")
    assert state is not None and state["step"] > 0 and {"optimizers", "phones", "lanes"} < state.keys()
    old, new = ({entry.path: entry.sha256 for entry in manifest.files} for manifest in (Bundle.open(MINI).manifest, made))
    assert old.keys() == new.keys()
    assert {name for name in old if old[name] != new[name]} == {"backbone/model.safetensors"}


def test_a_run_that_is_there_is_not_written_over(runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        run("--out", runs)
    assert "would be lost" in capsys.readouterr().err
    (tmp_path / "semantic").mkdir()
    for name in ("detail.npy", "semantic.onnx"):
        (tmp_path / "semantic" / name).touch()
        with pytest.raises(SystemExit, match="2"):
            run("--out", tmp_path)
        assert "another run's" in capsys.readouterr().err
    assert not (tmp_path / "semantic" / "checkpoint.pt").exists()


def test_another_world_needs_pieces_of_its_own_and_then_goes_on_from_the_same_sounds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        run("--world", "mini1", "--out", tmp_path)
    assert "first, with text.recipe --world mini1" in capsys.readouterr().err
    make_pieces(tmp_path / "mini1" / "text", "mini1", exchanges=2500)
    run("--world", "mini1", "--out", tmp_path)
    state = restore(tmp_path / "mini1" / "backbone" / "checkpoint.pt")
    assert state is not None
    before, after = of_backbone(MINI / "backbone").state_dict(), state["model"]
    old, new = TextTokenizer(MINI / "text.model"), TextTokenizer(tmp_path / "mini1" / "text" / "text.model")
    moved = {"model.embed_tokens.weight", "lm_head.weight"}
    assert all(torch.equal(before[name], after[name]) for name in before.keys() - moved)
    for name in moved:
        assert torch.equal(before[name][LAYOUT.audio_offset :], after[name][LAYOUT.audio_offset :])
        for piece in ("▁capital", "▁is", "?", "<|EOT|>"):
            assert torch.equal(before[name][old.marker(piece)], after[name][new.marker(piece)])
        assert torch.equal(before[name][old.marker("<0x0A>")], after[name][new.marker("\n")])  # a line's end was a byte in the small world
        assert not torch.equal(before[name][old.marker("<0x41>")], after[name][new.marker("<0x41>")])  # nobody ever met this one


def test_a_bundle_of_other_ids_is_no_mini(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        run("--bundle", tiny_bundle(tmp_path / "tiny"), "--out", tmp_path / "runs")
    assert "Tiny is no Mini" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


def test_new_pieces_begin_as_what_spells_them(tmp_path: Path) -> None:
    (tmp_path / "old.model").write_bytes(train_pieces())
    make_pieces(tmp_path, "mini0", exchanges=400, pieces=400)
    old, new = (SentencePieceProcessor(model_file=str(tmp_path / name)) for name in ("old.model", "text.model"))
    for number, numbers in enumerate(spelled(tmp_path / "old.model", tmp_path / "text.model")):
        if new.is_byte(number) or not any(map(old.is_byte, numbers)):
            assert "".join(map(old.id_to_piece, numbers)) == new.id_to_piece(number)


def test_what_was_never_met_begins_anew() -> None:
    model = StepOmni(BackboneConfig(8, 8, 2, 1, 1, 500, max_seq_len=8))
    unmet = 5
    with torch.no_grad():
        model.model.embed_tokens.weight.normal_(std=1.0)
        model.model.embed_tokens.weight[unmet] = 1e-3
    rows, head = (weight.detach().clone() for weight in (model.model.embed_tokens.weight, model.lm_head.weight))
    spellings = [[7, 9], [unmet], [11], [11, unmet]]  # fourth: a piece of which one part was met
    assert carry_over(model, spellings) == 2
    for weight, before in ((model.model.embed_tokens.weight, rows), (model.lm_head.weight, head)):
        assert torch.equal(weight[0], (before[7] + before[9]) / 2)
        assert torch.equal(weight[2], before[11])
        assert torch.equal(weight[len(spellings) :], before[len(spellings) :])
    assert model.model.embed_tokens.weight[1].norm() > 10 * rows[unmet].norm()
    assert torch.equal(model.lm_head.weight[1], model.lm_head.weight[3])


@pytest.mark.parametrize("kept", ["float32", "int8", "int4", "int3"])
def test_however_a_backbone_is_kept_it_is_read_as_floats(kept: str, tmp_path: Path) -> None:
    model = StepOmni(TINY)
    model.init_weights(torch.Generator().manual_seed(1))
    save_checkpoint(model, tmp_path / "float32")
    if kept != "float32":
        quantize_checkpoint(tmp_path / "float32", tmp_path / kept, Quantization(kept))
    read = Backbone(of_backbone(tmp_path / kept).eval())
    known = Backbone.load(tmp_path / kept)
    one, other = (backbone.prefill([1, 2, 3, 4]) for backbone in (read, known))
    assert np.abs(one - other).max() < (1e-6 if kept == "float32" else 0.02) * np.ptp(other)


def test_a_backbone_that_lacks_a_tensor_is_refused(tmp_path: Path) -> None:
    save_checkpoint(StepOmni(TINY), tmp_path)
    config = tmp_path / "config.json"
    config.write_text(config.read_text().replace('"num_hidden_layers": 2', '"num_hidden_layers": 3'))
    with pytest.raises(BundleCorrupt, match=r"lacks the tensor model\.layers\.2"):
        of_backbone(tmp_path)


def test_restored_ears_learn_to_name_phones_again_and_keep_their_codes(runs: Path) -> None:
    shift, scale = np.load(runs / "linguistic" / "cmvn.npy")
    rng = np.random.default_rng(0)
    banks = rng.normal(8, 2, (4 * 46, 80)).astype(np.float16)
    index = np.array([(46 * n, 46 * (n + 1), 8 * n, 8 * (n + 1)) for n in range(4)])
    data = FeatureSet(banks, np.full((32, 3), 7, np.uint8), index, shift, scale)
    ears = reader.encoder_of(runs / "linguistic")
    before = {name: weight.clone() for name, weight in ears.state_dict().items() if name.startswith(("encoder", "quantizer.book"))}

    assert reader.teach(ears, data, 4 / 60) < 1
    after = ears.state_dict()
    assert all(torch.equal(weight, after[name]) for name, weight in before.items())
    assert torch.equal(before["quantizer.book"], torch.from_numpy(np.load(runs / "linguistic" / "codebook.npy")))
