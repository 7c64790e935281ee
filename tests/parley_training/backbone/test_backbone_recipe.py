"""The backbone's recipe: examples in the chat format, learning where the answer is, going on after a stop."""

import random
from pathlib import Path

import numpy as np
import pytest
import torch

from parley_models.backbone.config import BackboneConfig
from parley_models.backbone.model import StepOmni
from parley_models.interleave import Splitter
from parley_models.tokens import Codes
from parley_training.backbone import examples, recipe
from parley_training.backbone.embeddings import embed_codes
from parley_training.backbone.examples import Example, ExampleWriter, Question, batches, collate
from parley_training.checkpoint import restore
from parley_training.corpus.dialogue import write
from parley_training.text import recipe as text_recipe
from parley_training.text.recipe import LAYOUT

TINY = BackboneConfig(32, 64, 2, 1, 2, LAYOUT.vocab_size, max_seq_len=512)


@pytest.fixture(scope="module")
def text_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("text")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_recipe, "EXCHANGES", 4000)
        patch.setattr("sys.argv", ["recipe", "--out", str(folder)])
        text_recipe.main()
    return folder / "text.model"


@pytest.fixture
def writer(text_model: Path) -> ExampleWriter:
    rng, noise = random.Random(1), np.random.default_rng(1)
    exchanges = [write(rng) for _ in range(20)]
    answers = {exchange.answer: codes(noise, 17) for exchange in exchanges}
    return ExampleWriter(
        text_model,
        [Question(codes(noise, 9), exchange, np.linspace(0.1, 1.0, 9, dtype=np.float32)) for exchange in exchanges],
        answers,
        rng,
    )


def codes(noise: np.random.Generator, groups: int) -> Codes:
    return noise.integers(0, [1024, 1024, 4080, 4080, 4080], (groups, 5)).astype(np.uint16)


def answer_of(writer: ExampleWriter, example: Example) -> tuple[str, int]:
    segments = Splitter(LAYOUT).segments(example.ids[example.answer_at :])
    text = writer.tokenizer.decode([token for segment in segments for token in segment.text])
    return text, sum(len(segment.speech) for segment in segments)


def test_a_heard_question_is_answered_in_text_and_speech(writer: ExampleWriter) -> None:
    example = writer.heard()
    text, groups = answer_of(writer, example)
    assert text in writer._answers
    assert groups == 17
    assert sum(LAYOUT.is_audio(token) for token in example.ids[: example.answer_at]) == 9 * 5


def test_recognition_writes_down_the_question_without_sound(writer: ExampleWriter) -> None:
    text, groups = answer_of(writer, writer.recognized())
    assert text in {examples.plain(question.exchange.question) for question in writer._questions}
    assert groups == 0


def test_words_are_written_along_after_they_were_said(writer: ExampleWriter) -> None:
    example = writer.followed()
    behind = example.ids[example.answer_at : -1]
    sound = [token for token in behind if LAYOUT.is_audio(token)]
    text = writer.tokenizer.decode([token for token in behind if not LAYOUT.is_audio(token)])
    assert text in {examples.plain(question.exchange.question) for question in writer._questions}
    assert len(sound) == 9 * 5
    learned = collate([example]).following.tolist()
    assert not any(LAYOUT.is_audio(token) for token in learned)
    assert behind[0] in sound


def test_progress_counts_phones() -> None:
    labels = np.array([0] * 6 + [5] * 6 + [7] * 6 + [0] * 6, np.uint8)
    assert recipe.progress(labels, 5).tolist() == [0.0, 0.5, 1.0, 1.0, 1.0]


def test_codes_begin_alike_where_they_sound_alike(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    book = rng.normal(size=(1024, 16)).astype(np.float32)
    book[1] = book[0] + 0.01
    np.save(tmp_path / "codebook.npy", book)
    np.save(tmp_path / "detail.npy", rng.normal(size=(85, 6)).astype(np.float32))
    model = StepOmni(TINY)
    model.init_weights()
    embed_codes(model, tmp_path, tmp_path)
    rows = model.model.embed_tokens.weight.detach()[LAYOUT.audio_offset :]
    assert (rows[0] - rows[1]).norm() < 0.1 * (rows[0] - rows[2]).norm()
    semantic = rows[1024 : 1024 + 48 * 85].unflatten(0, (48, 85))
    assert (semantic[20, 3] - semantic[21, 3]).norm() < (semantic[20, 3] - semantic[40, 3]).norm()


def test_only_the_answer_is_learned(writer: ExampleWriter) -> None:
    drawn = [writer.heard(), writer.text()]
    batch = collate(drawn)
    flat = batch.ids.flatten()
    learned = [token for example in drawn for token in example.ids[example.answer_at :]]
    assert batch.following.tolist() == learned
    assert torch.equal(flat[batch.at + 1], batch.following)
    assert batch.ids.shape[1] % 32 == 0


@pytest.mark.parametrize("task", sorted(examples.TASKS))
def test_steps_on_every_task_lower_the_loss(writer: ExampleWriter, task: str) -> None:
    torch.manual_seed(0)
    model = StepOmni(TINY)
    model.init_weights()
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    batch = next(batches(writer, lambda: {task: 1.0}, 600, random.Random(0)))
    losses = []
    for _ in range(8):
        loss = recipe.loss_of(model, model, batch, "cpu")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.9 * losses[0]


def test_a_stopped_run_goes_on(writer: ExampleWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipe, "TOKENS_PER_BATCH", 600)
    recipe.train(StepOmni(TINY), writer, [], tmp_path, 0.02, eager=True)
    stopped = restore(tmp_path / "checkpoint.pt")
    recipe.train(StepOmni(TINY), writer, [], tmp_path, 0.04, eager=True)
    ended = restore(tmp_path / "checkpoint.pt")
    assert stopped is not None and ended is not None
    assert 0 < stopped["step"] < ended["step"]


def test_stages_follow_one_another_to_the_end() -> None:
    assert set(recipe.shares(0.0)) == {"text"}
    assert recipe.shares(0.3)["followed"] > recipe.shares(1.0)["followed"]
    assert max(recipe.shares(1.0), key=recipe.shares(1.0).__getitem__) == "heard"
