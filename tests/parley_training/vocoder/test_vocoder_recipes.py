"""The vocoder's recipes on seconds of made-up speech, at tiny size."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from parley_models.networks.flow import Flow, FlowConfig
from parley_models.networks.hift import Hift, HiftConfig
from parley_models.prosody import FASTEST
from parley_models.vocoders.grid import FRAMES_PER_GROUP, NOTHING
from parley_models.vocoders.mel import MelConfig, mel_spectrogram
from parley_models.vocoders.voices import read_voice
from parley_training.checkpoint import Pace, restore
from parley_training.vocoder import export, f0, flow, hift, recordings, windows
from parley_training.vocoder.code_embedding import DETAILS, CodeEmbedding
from parley_training.vocoder.spectra import MelSpectrogram, SpectralLoss

CPU = torch.device("cpu")
HIFT = HiftConfig(channels=16, f0_channels=8, kernels=(3,), dilations=(1,), source_kernels=(3, 3, 3), causal=True, lookahead_frames=2)
FLOW = FlowConfig(embedding=8, width=8, heads=2, hidden=16, layers=1, channels=(8, 8), estimator_heads=1, head_width=8, middle=1)
GROUPS = (16, 12)


def voice(groups: int, f0_hz: float) -> np.ndarray:
    time_s = np.arange(groups * 2880) / 24_000
    loud = np.where(time_s < 0.1, 0.0, 0.1)
    tone = np.sum([np.sin(2 * np.pi * f0_hz * k * time_s) / k for k in range(1, 20)], axis=0)
    return (tone * loud * 32767).astype(np.int16)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as the corpus recipe writes it: three seconds, half of them at 120 Hz and half at 200 Hz."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "answers").mkdir()
    sounds = [voice(groups, f0_hz) for groups, f0_hz in zip(GROUPS, (120.0, 200.0), strict=True)]
    random = np.random.default_rng(0)
    for name, sizes in (("index", [len(sound) for sound in sounds]), ("code_index", list(GROUPS))):
        stops = np.cumsum(sizes)
        np.save(folder / "answers" / f"{name}.npy", np.stack([stops - sizes, stops], axis=1))
    np.save(folder / "answers" / "audio.npy", np.concatenate(sounds))
    columns = [random.integers(0, 1024, (sum(GROUPS), 2)), random.integers(0, 4096, (sum(GROUPS), 3))]
    np.save(folder / "answers" / "codes.npy", np.concatenate(columns, axis=1).astype(np.uint16))
    return folder


def falls(loss_of: Callable[[], torch.Tensor], network: torch.nn.Module) -> bool:
    optimizer = torch.optim.AdamW(network.parameters(), 2e-3)
    losses = []
    for _ in range(16):
        torch.manual_seed(0)  # the same noise every time: only learning can lower the loss
        loss = loss_of()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses[-1] < 0.98 * losses[0]


def test_hift_learns(data: Path) -> None:
    teacher = recordings.load([data / "answers"])
    torch.manual_seed(0)
    network = Hift(HIFT)
    lesson = hift.Lesson(network, CPU)
    batch = hift.draw(teacher, recordings.f0_labels(teacher), np.random.default_rng(0), HIFT, lesson.mel.side, 1)

    assert falls(lambda: lesson(batch).total, network)


def test_flow_learns(data: Path) -> None:
    speech = windows.load([data / "answers"], MelConfig())
    network, codes = Flow(FLOW), CodeEmbedding(FLOW.embedding)
    batch = speech.draw(np.arange(2), flow.GRID, np.random.default_rng(0), 8)
    lesson = flow.Lesson(network, codes, ["slt"], CPU)

    assert falls(lambda: lesson(batch).total, network)


@pytest.mark.parametrize("recipe", ["flow", "hift"])
def test_a_killed_run_goes_on_where_its_checkpoint_stands(data: Path, tmp_path: Path, recipe: str) -> None:
    def run(out: Path, steps: int) -> int:
        if recipe == "flow":
            return flow.train(data, out, Pace(60), config=FLOW, steps=steps)
        return hift.train(data, out, Pace(60), config=HIFT, steps=steps)

    assert run(tmp_path, 2) == 2
    kept = restore(tmp_path / "checkpoint.pt")
    assert run(tmp_path, 3) == 3
    after = restore(tmp_path / "checkpoint.pt")

    assert kept is not None
    assert after is not None
    assert (kept["step"], after["step"]) == (2, 3)
    assert after["spent_s"] > kept["spent_s"] > 0
    assert run(tmp_path, 3) == 3
    assert not list(tmp_path.glob("*.part"))


def test_f0_learns_apart_and_lands_in_the_hift(data: Path, tmp_path: Path) -> None:
    hift.train(data, tmp_path, Pace(60), config=HIFT, steps=1)
    before = restore(tmp_path / "checkpoint.pt")
    assert f0.train(data, tmp_path, Pace(60), config=HIFT, steps=2) == 2
    after = restore(tmp_path / "checkpoint.pt")

    assert before is not None
    assert after is not None
    changed = {key for key in after["hift"] if not torch.equal(after["hift"][key], before["hift"][key])}
    assert changed
    assert all(key.startswith("f0_predictor.") for key in changed)


def test_f0_goes_on_only_with_the_hift_that_it_began_with(data: Path, tmp_path: Path) -> None:
    def predictor() -> dict[str, torch.Tensor]:
        state = restore(tmp_path / "checkpoint.pt")
        assert state is not None
        return {key: tensor for key, tensor in state["hift"].items() if key.startswith("f0_predictor.")}

    hift.train(data, tmp_path, Pace(60), config=HIFT, steps=1)
    assert f0.train(data, tmp_path, Pace(60), config=HIFT, steps=2) == 2
    assert f0.train(data, tmp_path, Pace(60), config=HIFT, steps=3) == 3
    first = predictor()
    hift.train(data, tmp_path, Pace(60), config=HIFT, steps=2)
    between = predictor()
    assert f0.train(data, tmp_path, Pace(60), config=HIFT, steps=0) == 0  # begins anew, and takes nothing back
    assert all(torch.equal(between[key], tensor) for key, tensor in predictor().items())
    assert any(not torch.equal(first[key], tensor) for key, tensor in between.items())


def test_labels_of_other_recordings_are_not_taken_for_these(data: Path, tmp_path: Path) -> None:
    """The same words at another pitch are exactly as long."""
    teacher = recordings.load([data / "answers"])
    labels = recordings.cached_f0(teacher, tmp_path / "f0.npz")
    higher = np.concatenate([voice(groups, 150.0) for groups in GROUPS])
    again = recordings.cached_f0(replace(teacher, audio=higher), tmp_path / "f0.npz")

    assert np.median(labels[8 : GROUPS[0] * 6 - 2]) == pytest.approx(120, rel=0.01)
    assert np.median(again[8 : GROUPS[0] * 6 - 2]) == pytest.approx(150, rel=0.01)
    kept = (tmp_path / "f0.npz").stat().st_mtime_ns
    np.testing.assert_array_equal(recordings.cached_f0(replace(teacher, audio=higher), tmp_path / "f0.npz"), again)
    assert (tmp_path / "f0.npz").stat().st_mtime_ns == kept


def test_f0_labels_know_pitch_and_silence(data: Path) -> None:
    teacher = recordings.load([data / "answers"])
    labels = recordings.f0_labels(teacher)
    first, second = labels[: teacher.first_frames[1]], labels[teacher.first_frames[1] :]

    assert [len(first), len(second)] == [groups * 6 for groups in GROUPS]
    assert np.median(first[8:-2]) == pytest.approx(120, rel=0.01)
    assert np.median(second[8:-2]) == pytest.approx(200, rel=0.01)
    assert (first[:3] == 0).all()


def test_windows_show_a_block_no_more_than_it_may_read(data: Path) -> None:
    speech = windows.load([data / "answers"], MelConfig())
    drawn = speech.draw(np.arange(2), flow.GRID, np.random.default_rng(1), 64)
    last_read = drawn.positions[:, -1].ceil().long()

    assert drawn.mel.shape == (64, 80, flow.GRID.window)
    assert ((drawn.tokens >= 0) & (drawn.tokens <= NOTHING)).all()
    assert (last_read < drawn.tokens.shape[1]).all()
    assert (last_read >= drawn.tokens.shape[1] - 6).all()  # the window ends in the last group or where it begins


def test_stretched_mel_is_the_mel_at_rate_one(data: Path) -> None:
    speech = windows.load([data / "answers"], MelConfig())
    teacher = recordings.load([data / "answers"])
    whole = mel_spectrogram(teacher.samples(0, 0, GROUPS[0] * 2880), MelConfig())

    np.testing.assert_allclose(speech._stretched(0, 6, 24, 1.0), whole[6:30], atol=1e-5)
    np.testing.assert_allclose(speech._stretched(0, 3, 6, 2.0), (whole[6:18:2] + whole[7:18:2]) / 2, atol=1e-5)


def test_mel_in_torch_is_the_mel_in_numpy() -> None:
    sound = np.random.default_rng(0).normal(0, 0.1, 24_000).astype(np.float32)
    network = MelSpectrogram(MelConfig())
    padded = np.pad(sound, network.side, mode="reflect")

    torch.testing.assert_close(
        network(torch.from_numpy(padded)[None])[0].T, torch.from_numpy(mel_spectrogram(sound, MelConfig())), atol=2e-3, rtol=0
    )


def test_spectra_tell_sounds_apart() -> None:
    torch.manual_seed(0)
    sound, other = torch.randn(1, 9600) * 0.1, torch.randn(1, 9600) * 0.1
    loss = SpectralLoss(24_000, 8_000)

    assert loss(sound, sound).item() == pytest.approx(0, abs=1e-4)
    assert loss(sound, 0.9 * sound) < loss(sound, other)


def test_codes_that_share_a_level_share_what_they_learn() -> None:
    embedding = CodeEmbedding(4)
    before = embedding.table().detach()
    with torch.no_grad():
        embedding.level[20] += 1
    moved = (embedding.table() != before).any(dim=1).nonzero().flatten()

    assert before.shape == (5121, 4)
    assert moved.tolist() == list(range(1024 + 20 * DETAILS, 1024 + 21 * DETAILS))


def test_the_shipped_embedding_is_the_learned_one(data: Path, tmp_path: Path) -> None:
    flow.train(data, tmp_path, Pace(60), config=FLOW, steps=1)
    state = restore(tmp_path / "checkpoint.pt")
    assert state is not None
    codes = CodeEmbedding(FLOW.embedding)
    codes.load_state_dict(state["codes"])

    torch.testing.assert_close(state["flow"]["input_embedding.weight"], codes.table().detach())


def test_recipes_use_sizes_that_fit_the_grid() -> None:
    assert flow.CONFIG.vocab == NOTHING + 1
    assert replace(hift.CONFIG, causal=True) == hift.CONFIG
    assert flow.GRID.window % 2 == 0  # the U-Net halves time once
    assert flow.GRID.groups * FRAMES_PER_GROUP >= flow.GRID.window * FASTEST  # the encoder hears all of a window at any rate


def test_a_flow_goes_on_with_other_ears(data: Path, tmp_path: Path) -> None:
    """Every code has another number: the same sound comes from its row all the same."""
    flow.train(data, tmp_path / "first", Pace(60), config=FLOW, steps=1)
    (tmp_path / "data").mkdir()
    shutil.copytree(data / "answers", tmp_path / "data" / "answers")
    codes = np.load(data / "answers" / "codes.npy")
    codes[:, :2] = np.resize(np.repeat(codes[:4, 0], 5), codes[:, :2].shape)  # few, so that each is met often enough
    np.savez(tmp_path / "voice.npz", codes=codes)
    heard = codes.copy()
    heard[:, :2] = 1023 - heard[:, :2]
    np.save(tmp_path / "data" / "answers" / "codes.npy", heard)

    first = restore(tmp_path / "first" / "checkpoint.pt")
    begun = flow.begun(tmp_path / "first", tmp_path / "voice.npz", tmp_path / "data")

    assert first is not None
    for code in np.unique(codes[:, :2]):
        after, before = begun["codes"]["linguistic"][1023 - code], first["codes"]["linguistic"][code]
        torch.testing.assert_close(after / after.norm(), before / before.norm())
    assert flow.train(tmp_path / "data", tmp_path / "second", Pace(60), config=FLOW, steps=1, begin=begun) == 1
    with pytest.raises(FileNotFoundError, match="checkpoint"):
        flow.begun(tmp_path / "nowhere", tmp_path / "voice.npz", data)


@pytest.fixture
def two_voices(data: Path, tmp_path: Path) -> Path:
    """The second one says what the first one says."""
    for name in ("answers", "rms"):
        shutil.copytree(data / "answers", tmp_path / "both" / name)
    return tmp_path / "both"


def test_two_voices_are_learned_beside_each_other(two_voices: Path, tmp_path: Path) -> None:
    folders = recordings.voice_folders(two_voices)
    assert list(folders) == ["slt", "rms"]
    one, both = recordings.load([two_voices / "answers"]), recordings.load(folders.values())
    assert len(both.index) == 2 * len(one.index)
    np.testing.assert_array_equal(both.samples(3, 0, 5000), one.samples(1, 0, 5000))

    drawn = windows.load(folders.values(), MelConfig()).draw(np.arange(4), flow.GRID, np.random.default_rng(0), 32)
    assert set(drawn.voice.tolist()) == {0, 1}
    network = Flow(FLOW)
    lesson = flow.Lesson(network, CodeEmbedding(FLOW.embedding), folders, CPU)
    torch.manual_seed(0)
    lesson(drawn).total.backward()
    assert lesson.voices.shape == (2, 192)
    assert flow.train(two_voices, tmp_path / "flow", Pace(60), config=FLOW, steps=1) == 1
    assert export.learned(tmp_path / "flow")["voices"] == ["slt", "rms"]
    assert hift.train(two_voices, tmp_path / "hift", Pace(60), config=HIFT, steps=1) == 1


def test_the_second_voice_lies_below_what_the_codes_say(tmp_path: Path) -> None:
    export.write_voices(["slt", "rms"], flow.CONFIG.speaker, tmp_path / "voices")
    first, second = (read_voice(tmp_path / "voices", name, 80) for name in ("clear", "low"))
    assert (first.semitones, second.semitones) == (0.0, -9.0)
    assert not np.allclose(first.speaker, second.speaker)
