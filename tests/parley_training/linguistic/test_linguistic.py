"""The linguistic recipe learns, goes on where it was stopped, and hears a stream as it hears a whole."""

import itertools
import json
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnx
import pytest
import torch

from parley_models.networks.sanm_export import export_step
from parley_models.networks.stored import quarter
from parley_models.tokenizers.acoustic_model import SILENCE, AcousticModel
from parley_training import checkpoint
from parley_training.checkpoint import restore, save
from parley_training.corpus.phones import PHONES
from parley_training.kmeans import kmeans, nearest
from parley_training.linguistic import acoustics, recipe
from parley_training.linguistic.depth import deepened, layers_of
from parley_training.linguistic.disguise import disguise, paced
from parley_training.linguistic.features import FeatureSet, targets
from parley_training.linguistic.quantizer import Quantizer
from parley_training.linguistic.recipe import CONFIG, PhoneReader
from parley_training.restoration.weights import of_network
from parley_training.tokens.ears import round_as_stored


def few(seed: int = 0) -> FeatureSet:
    """Utterances whose phone can be read off the loudest band."""
    rng = np.random.default_rng(seed)
    phones = rng.integers(0, 5, (64, 3)).astype(np.uint8)
    phones[:] = phones[:, :1]
    banks = rng.normal(size=(64 * 6, 80)).astype(np.float16)
    for frame, phone in enumerate(phones[:, 0]):
        banks[frame * 6 : frame * 6 + 6, 10 * phone] += 6
    index = np.array([[n * 96, (n + 1) * 96, n * 16, (n + 1) * 16] for n in range(4)], np.int64)
    return FeatureSet(banks, phones, index, np.zeros(560, np.float32), np.full(560, 0.3, np.float32))


@pytest.fixture(autouse=True)
def few_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipe, "CODES", 32)


@pytest.mark.parametrize("quantized", [False, True])
def test_steps_lower_the_loss(quantized: bool) -> None:
    torch.manual_seed(0)
    reader = recipe.PhoneReader()
    if quantized:
        recipe.begin_book(reader, few())
    optimizers = recipe.optimizers_of(reader)
    batches = few().batches(48, seed=0)
    losses = [recipe.learn(reader, optimizers, *next(batches), quantized=quantized) for _ in range(16)]
    assert np.mean(losses[-3:]) < 0.8 * np.mean(losses[:3])


def test_codes_that_are_held_keep_their_meaning_while_the_encoder_learns() -> None:
    torch.manual_seed(0)
    reader, batches = recipe.PhoneReader(layers=4), few().batches(48, seed=0)
    recipe.begin_book(reader, few())
    optimizers = recipe.optimizers_of(reader)
    for _ in range(100):
        recipe.learn(reader, optimizers, *next(batches), quantized=True)
    with torch.no_grad():
        for weight in reader.encoder.parameters():
            weight.add_(0.06 * torch.randn_like(weight))  # an encoder that has forgotten how it named its frames
    before = {name: weight.clone() for name, weight in reader.state_dict().items()}
    reader.hold_codes()
    optimizers = recipe.optimizers_of(reader)
    losses = [recipe.learn(reader, optimizers, *next(batches), quantized=True) for _ in range(24)]
    assert np.mean(losses[-3:]) < 0.9 * np.mean(losses[:3])
    stood = {name for name, weight in reader.state_dict().items() if torch.equal(weight, before[name])}
    assert {name for name in before if name.startswith(("quantizer.book", "around", "read"))} <= stood
    assert not any(name.endswith("weight") for name in stood if name.startswith("encoder"))


@pytest.mark.parametrize("layers", [4, 5, 6])
def test_deeper_ears_hear_as_before_and_learn_in_all_layers(layers: int) -> None:
    torch.manual_seed(0)
    shallow, deep = recipe.PhoneReader(layers=4).eval(), recipe.PhoneReader(layers=layers).eval()
    weights = deepened(shallow.state_dict(), layers)
    deep.load_state_dict(weights)
    assert layers_of(weights) == layers
    features, targets = next(few().batches(48, seed=0))
    with torch.inference_mode():
        assert torch.allclose(deep(deep.encoder(features)), shallow(shallow.encoder(features)), atol=1e-5)
    for _ in range(2):  # in the first step only what is zero learns
        recipe.learn(deep, recipe.optimizers_of(deep), features, targets, quantized=False)
    learned = [name for name, weight in deep.state_dict().items() if not torch.equal(weight, weights[name])]
    assert layers_of(learned) == layers
    assert recipe.PhoneReader.of(deep.saved).encoder.config == deep.encoder.config


@pytest.mark.parametrize("layers", [2, 8])
def test_ears_can_t_lose_layers_nor_more_than_double_them(layers: int) -> None:
    with pytest.raises(ValueError, match=f"4 layers can't become {layers}"):
        deepened(recipe.PhoneReader(layers=4).state_dict(), layers)


def test_a_corpus_is_heard_through_the_weights_that_a_bundle_keeps(tmp_path: Path) -> None:
    torch.manual_seed(0)
    sanm = recipe.PhoneReader(layers=2).encoder.eval()
    with torch.no_grad():
        for weight in sanm.parameters():
            weight.add_(0.1 * torch.randn_like(weight))  # of weights that are the same the exporter keeps one
    export_step(sanm, tmp_path / "encoder.onnx")
    onnx.save(quarter(onnx.load(tmp_path / "encoder.onnx")), tmp_path / "encoder.onnx")
    kept, before = of_network(tmp_path / "encoder.onnx", "encoder."), [weight.clone() for weight in sanm.parameters()]
    round_as_stored(sanm)
    assert sum(not torch.equal(*pair) for pair in zip(before, sanm.parameters(), strict=True)) >= 12
    for name, weight in sanm.state_dict().items():
        assert torch.allclose(kept[name], weight, rtol=1e-6, atol=0), name


def test_phones_are_read_from_codes_alone() -> None:
    torch.manual_seed(0)
    reader = recipe.PhoneReader().eval()
    frames = torch.randn(1, 8, recipe.CONFIG.width)
    nearby = frames + 1e-4 * torch.randn_like(frames)
    assert torch.equal(nearest(frames[0], reader.quantizer.book), nearest(nearby[0], reader.quantizer.book))
    assert torch.allclose(reader.from_codes(frames)[0], reader.from_codes(nearby)[0], atol=1e-4)


def test_a_code_that_nobody_uses_begins_anew_at_a_frame() -> None:
    torch.manual_seed(0)
    quantizer = Quantizer(8, 4)
    quantizer.book.data[5] = 1000.0
    quantizer.usage[5] = 0.0
    frames = torch.randn(20, 4)
    assert quantizer.wake(frames) == 1
    assert (quantizer.book[5] == frames).all(1).any()
    assert quantizer.wake(frames) == 0


def test_a_voice_on_a_narrow_line_has_nothing_above_4_khz(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parley_training.linguistic.disguise.NARROW_SHARE", 1.0)
    rng = np.random.default_rng(0)
    syllables = 6 * np.sin(np.arange(400) / 4, dtype=np.float32)[:, None].repeat(80, 1) + 12
    for _ in range(20):
        heard = disguise(syllables, rng)
        assert np.abs(np.corrcoef(heard[:, 70], syllables[:, 0])[0, 1]) < 0.4
        assert heard[:, 65:].mean() < 14


def test_a_faster_voice_says_the_same_phones_in_fewer_blocks() -> None:
    slots = np.repeat(np.arange(24, dtype=np.uint8), 2)
    banks = np.repeat(np.arange(24, dtype=np.float32), 4)[: 4 * 24 - 2, None].repeat(80, 1)
    faster, phones = paced(banks, slots, 2.0)
    assert faster.shape == (46, 80)
    assert len(phones) == 24
    middles = faster[np.arange(1, 23) * 2 - 1, 0]  # the middle of slot s is 20 s - 10 ms
    assert np.abs(middles - phones[1:23]).max() <= 1.0


def test_a_stopped_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def train(minutes: float) -> None:
        """However slow the machine is: time goes on when it is looked at."""
        looks = itertools.count(time.monotonic(), 0.03)
        monkeypatch.setattr(checkpoint, "time", SimpleNamespace(monotonic=lambda: next(looks)))
        recipe.train(few(), tmp_path, minutes)

    train(0.02)
    stopped = restore(tmp_path / "checkpoint.pt")
    train(0.04)
    ended = restore(tmp_path / "checkpoint.pt")
    assert stopped is not None and ended is not None
    assert 0 < stopped["step"] < ended["step"]
    assert ended["elapsed_s"] < 0.04 * 60 + 2  # the minutes of both runs together, not twice as many


def test_targets_lie_around_the_middle_of_a_frame() -> None:
    labels = np.arange(1, 10, dtype=np.uint8)
    assert targets(labels, 3).tolist() == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]


def test_kmeans_finds_clusters() -> None:
    generator = torch.Generator().manual_seed(1)
    centres = torch.randn(8, 4, generator=generator) * 10
    points = centres.repeat(50, 1) + torch.randn(400, 4, generator=generator) * 0.1
    found = kmeans(points, 8, seed=3)
    assert (points - found[nearest(points, found)]).square().sum(1).mean() < 20
    assert nearest(centres, centres).tolist() == list(range(8))


def test_what_hearings_are_compared_by_is_written_beside_the_encoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shard = tmp_path / "corpus" / "questions" / "shard_0000"
    shard.mkdir(parents=True)
    (shard / "lines.jsonl").write_text(json.dumps({"question": "Where's Ulaanbaatar, '?"}) + "\n")
    reader = PhoneReader(layers=1)
    save(tmp_path / "linguistic" / "checkpoint.pt", reader.saved)
    monkeypatch.setattr(acoustics, "COMMON", 50)
    monkeypatch.setattr("sys.argv", ["acoustics", "--corpus", str(tmp_path / "corpus"), "--linguistic", str(tmp_path / "linguistic")])
    acoustics.main()

    frames = torch.randn(7, CONFIG.width)
    model = AcousticModel.open(tmp_path / "linguistic" / "phones.npy", tmp_path / "linguistic" / "lexicon.txt")
    with torch.inference_mode():
        slots = torch.log_softmax(reader(frames), -1).flatten(0, 1).numpy()
    (silent,) = model.log_likelihoods(frames.numpy(), [""])
    assert silent == pytest.approx(float(slots[:, PHONES.index(SILENCE)].sum()), rel=1e-3)
    words = dict(line.split(" ", 1) for line in (tmp_path / "linguistic" / "lexicon.txt").read_text().splitlines()[1:])
    assert words["ulaanbaatar"].split()[-1] == "er"
    assert {"where's", "the", "you"} < words.keys()
    assert "'" not in words
