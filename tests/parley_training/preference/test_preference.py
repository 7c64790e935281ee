"""Preferring right answers: pairs that a model samples itself, a loss that counts no audio, and a run that a kill does not harm."""

import json
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from parley_models.backbone.backbone import Backbone
from parley_models.backbone.config import BackboneConfig
from parley_models.backbone.convert import quantize_checkpoint
from parley_models.backbone.model import StepOmni
from parley_models.backbone.quantize import Quantization
from parley_models.errors import UsageError
from parley_models.interleave import Segment, interleave
from parley_models.prompt import Message, Prompt
from parley_models.text_tokenizer import TextTokenizer
from parley_models.tokens import SpeechTokens
from parley_training import checkpoint
from parley_training.backbone.examples import REPLY_IN_TEXT
from parley_training.backbone.questions import Question
from parley_training.corpus.disturbance import plain
from parley_training.corpus.exchange import Exchange, Tone
from parley_training.preference import dpo, recipe, sampling
from parley_training.preference.dpo import accumulate, log_probabilities, loss_of, margins, measured
from parley_training.preference.judging import judge
from parley_training.preference.pairs import Asked, Pair, PairBook, paired
from parley_training.preference.sampling import Inquiry
from parley_training.preference.score import greedy
from parley_training.text.recipe import LAYOUT

MINI = Path(__file__).parents[3] / "assets" / "parley_assets" / "bundles" / "mini"
TINY = BackboneConfig(32, 64, 2, 1, 2, LAYOUT.vocab_size, max_seq_len=512)
FRANCE = Exchange("capital", "What is the capital of France?", "The capital of France is Paris.", "paris")
WRONG = "The capital of France is Rome."
CIRCLE = list(range(LAYOUT.audio_offset, LAYOUT.audio_offset + 2)) + list(range(LAYOUT.semantic_offset, LAYOUT.semantic_offset + 3))


@pytest.fixture(scope="module")
def tokenizer() -> TextTokenizer:
    return TextTokenizer(MINI / "text.model")


def speech(groups: int) -> SpeechTokens:
    return SpeechTokens(np.random.default_rng(groups).integers(0, 1000, (groups, 5)).astype(np.uint16))


def spoken(tokenizer: TextTokenizer, text: str, groups: int = 15) -> list[int]:
    return interleave([Segment(tuple(tokenizer.encode(text)), speech(groups))], LAYOUT)


def written(tokenizer: TextTokenizer, text: str) -> tuple[int, ...]:
    return (*tokenizer.encode(text), LAYOUT.eot)


def test_a_right_answer_with_whole_sound_is_good(tokenizer: TextTokenizer) -> None:
    assert judge(FRANCE, spoken(tokenizer, FRANCE.answer), tokenizer).good(sound=True)
    assert judge(FRANCE, spoken(tokenizer, "Paris."), tokenizer).good(sound=True)
    assert not judge(FRANCE, spoken(tokenizer, WRONG), tokenizer).good(sound=False)
    in_writing = judge(FRANCE, written(tokenizer, FRANCE.answer), tokenizer)
    assert in_writing.good(sound=False) and not in_writing.good(sound=True)


@pytest.mark.parametrize("fault", ["cut off", "a code missing", "a marker missing", "far too short"])
def test_a_right_answer_whose_sound_is_not_whole_is_good_in_writing_only(tokenizer: TextTokenizer, fault: str) -> None:
    ids = spoken(tokenizer, FRANCE.answer, 2 if fault == "far too short" else 15)
    last = max(at for at, token in enumerate(ids) if LAYOUT.is_audio(token))
    faulty = {"cut off": ids[:-3], "a code missing": ids[:last] + ids[last + 1 :], "a marker missing": [*ids[:-2], ids[-1]]}.get(fault, ids)
    verdict = judge(FRANCE, faulty, tokenizer)
    assert verdict.right
    assert not verdict.good(sound=True)
    assert verdict.good(sound=False) == (fault != "cut off")


def test_a_call_must_be_right_too(tokenizer: TextTokenizer) -> None:
    timer = Exchange("timer", "Set a timer.", "Okay, eight minutes.", "eight minutes", call="@set_timer seconds=480")
    assert judge(timer, written(tokenizer, f"{timer.answer}\n{timer.call}"), tokenizer).right
    assert not judge(timer, written(tokenizer, f"{timer.answer}\n@set_timer seconds=60"), tokenizer).right
    assert not judge(timer, written(tokenizer, timer.answer), tokenizer).right


def test_the_commonest_of_each_kind_make_a_pair(tokenizer: TextTokenizer) -> None:
    right, wrong, stranger = (spoken(tokenizer, text) for text in (FRANCE.answer, WRONG, "Rome."))
    given = [(tuple(ids), judge(FRANCE, ids, tokenizer)) for ids in (stranger, right, wrong, wrong)]
    pair = paired([1, 2], given, sound=True)
    assert pair == Pair((1, 2), tuple(right), tuple(wrong))
    assert paired([1], given[2:], sound=True) is None
    assert paired([1], given[1:2], sound=True) is None


def test_answers_that_differ_in_audio_alone_teach_nothing_and_make_no_pair(tokenizer: TextTokenizer) -> None:
    given = [(tuple(ids), judge(FRANCE, ids, tokenizer)) for ids in (spoken(tokenizer, FRANCE.answer, n) for n in (15, 2))]
    assert [verdict.good(sound=True) for _, verdict in given] == [True, False]
    assert paired([1], given, sound=True) is None


def test_a_line_that_a_kill_cut_short_is_asked_again(tmp_path: Path) -> None:
    book = PairBook(tmp_path / "pairs.jsonl")
    book.add(Asked(0, "typed", "capital", 1, 2, Pair((1,), (2, 3), (4,))))
    book.add(Asked(1, "typed", "capital", 2, 2))
    whole = (tmp_path / "pairs.jsonl").read_bytes()
    (tmp_path / "pairs.jsonl").write_bytes(whole[:-9])
    again = PairBook(tmp_path / "pairs.jsonl")
    assert again.asked == book.asked[:1]
    again.add(book.asked[1])
    assert PairBook(tmp_path / "pairs.jsonl").asked == book.asked


def test_a_second_kill_while_the_book_is_opened_takes_no_pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = PairBook(tmp_path / "pairs.jsonl")
    book.add(Asked(0, "typed", "capital", 2, 2))
    with (tmp_path / "pairs.jsonl").open("a") as file:
        file.write('{"number": 1')

    def killed(path: Path, _content: bytes) -> int:
        path.open("wb").close()
        raise OSError("killed")

    monkeypatch.setattr(Path, "write_bytes", killed)
    assert PairBook(tmp_path / "pairs.jsonl").asked == book.asked
    assert PairBook(tmp_path / "pairs.jsonl").asked == book.asked


def tiny(seed: int = 0) -> StepOmni:
    model = StepOmni(TINY)
    model.init_weights(torch.Generator().manual_seed(seed))
    return model


def some_pairs(tokenizer: TextTokenizer, count: int) -> list[Pair]:
    answers = [(spoken(tokenizer, f"It is {n}.", 3 + n), spoken(tokenizer, f"No, {n}.", 3)) for n in range(count)]
    return [Pair((1, 4, 30 + n), tuple(good), tuple(bad)) for n, (good, bad) in enumerate(answers)]


def test_audio_ids_are_read_but_not_counted(tokenizer: TextTokenizer) -> None:
    model = tiny()
    sound = tuple(CIRCLE * 2)
    text = (40, 41)
    found = log_probabilities(model, [Pair((1, 4), sound, text), Pair((1, 4), (*text, *sound), (*sound, *text))])
    assert found.chosen[0] == 0
    torch.testing.assert_close(found.chosen[1], found.rejected[0])  # what comes after can't matter, and audio itself counts nothing
    assert found.rejected[1] != found.rejected[0]  # but it was read


def test_log_probabilities_are_those_of_the_ids_one_by_one(tokenizer: TextTokenizer) -> None:
    model, pairs = tiny(), some_pairs(tokenizer, 3)
    together = log_probabilities(model, pairs)
    for at, pair in enumerate(pairs):
        backbone, expected = Backbone(model), 0.0
        logits = backbone.prefill(pair.prompt)
        for token in pair.chosen:
            expected += 0.0 if LAYOUT.is_audio(token) else float(torch.log_softmax(torch.from_numpy(logits), 0)[token])
            logits = backbone.step(token)
        assert float(together.chosen[at].detach()) == pytest.approx(expected, abs=1e-3)


def test_steps_raise_the_chosen_above_the_rejected(tokenizer: TextTokenizer) -> None:
    model, pairs = tiny(), some_pairs(tokenizer, 4)
    with torch.no_grad():
        reference = log_probabilities(model, pairs)
    learner = torch.optim.AdamW(model.parameters(), lr=2e-3)
    assert loss_of(log_probabilities(model, pairs), reference, 0.5).item() == pytest.approx(np.log(2), abs=1e-5)
    for _ in range(5):
        learner.zero_grad()
        loss_of(log_probabilities(model, pairs), reference, 0.5).backward()
        learner.step()
    assert (margins(log_probabilities(model, pairs), reference) > 0.5).all()


def test_a_batch_is_read_in_portions_that_fit_and_learned_from_as_a_whole(
    tokenizer: TextTokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = some_pairs(tokenizer, 7)
    random.Random(0).shuffle(pairs)
    reference = measured(tiny(1), pairs)
    model, whole, read = tiny(), tiny(), list[int]()
    loss = loss_of(log_probabilities(whole, pairs), reference, 0.5)
    loss.backward()
    monkeypatch.setattr(dpo, "IDS_AT_ONCE", 250)
    model.register_forward_pre_hook(lambda _, given: read.append(given[0].numel()))
    assert accumulate(model, pairs, reference, 0.5) == pytest.approx(loss.item(), abs=1e-5)
    for one, other in zip(model.parameters(), whole.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad, atol=1e-6, rtol=1e-3)
    assert len(read) > 2
    assert max(read) <= 250
    learning = len(read)
    recipe.train(model, pairs, reference, tmp_path, made_from="these", beta=0.1, rate=1e-3, epochs=1, batch=7)
    assert max(read[learning:]) <= 250
    assert sorted(at for portion in dpo.portions(pairs) for at in portion) == list(range(7))
    again = measured(whole, pairs)
    torch.testing.assert_close(again.chosen, log_probabilities(whole, pairs).chosen.detach())


def test_what_is_measured_was_never_learned(tmp_path: Path) -> None:
    """Questions come from a world of few words, some of them twice."""
    book = PairBook(tmp_path / "pairs.jsonl")
    for number in range(21):
        book.add(Asked(number, "typed", "capital", 1, 2, Pair((1, number % 20), (2,), (3,))))
    book.add(Asked(30, "typed", "capital", 1, 2, Pair((1, 5), (2,), (4,))))
    learned, kept_back = recipe.shared_out(book)
    assert [pair.prompt[1] for pair in kept_back] == [0, 10, 0]
    assert not {pair.prompt for pair in learned} & {pair.prompt for pair in kept_back}


def test_pairs_of_another_model_or_of_other_rules_are_refused(tmp_path: Path) -> None:
    recipe.hold_to(tmp_path / "asked_with.json", {"backbone": "one", "answers": 6})
    recipe.hold_to(tmp_path / "asked_with.json", {"backbone": "one", "answers": 6})
    with pytest.raises(UsageError, match=r"asked with other settings \(backbone\): choose another --out"):
        recipe.hold_to(tmp_path / "asked_with.json", {"backbone": "two", "answers": 6})
    with pytest.raises(UsageError, match=r"other settings \(answers\)"):
        recipe.hold_to(tmp_path / "asked_with.json", {"backbone": "one", "answers": 4})


def test_a_kill_while_settings_are_noted_is_no_hindrance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Path.write_text

    def killed(path: Path, text: str, encoding: str) -> int:
        whole(path, text[:9], encoding)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_text", killed)
        with pytest.raises(KeyboardInterrupt):
            recipe.hold_to(tmp_path / "asked_with.json", {"backbone": "one"})
    recipe.hold_to(tmp_path / "asked_with.json", {"backbone": "one"})
    with pytest.raises(UsageError, match=r"other settings \(backbone\)"):
        recipe.hold_to(tmp_path / "asked_with.json", {"backbone": "two"})


def test_a_quantized_model_is_refused_before_it_is_asked_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of its weights only the norms are floats, and what it learned could not be read again."""
    (tmp_path / "config.json").write_text(json.dumps(TINY.to_dict()))
    save_file(dict(tiny().state_dict()), tmp_path / "model.safetensors")
    quantize_checkpoint(tmp_path, tmp_path / "small", Quantization("int8"))
    monkeypatch.setattr("sys.argv", ["recipe", "--backbone", str(tmp_path / "small"), "--out", str(tmp_path / "dpo")])
    with pytest.raises(SystemExit):
        recipe.main()
    assert "train it first, quantize then" in capsys.readouterr().err
    assert not (tmp_path / "dpo").exists()


def test_a_killed_training_ends_where_it_would_have_ended(
    tokenizer: TextTokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipe, "SAVE_EVERY_S", 0.0)
    pairs = some_pairs(tokenizer, 5)
    how = {"made_from": "these", "beta": 0.1, "rate": 1e-3, "epochs": 2, "batch": 2}

    def run(folder: Path) -> StepOmni:
        model = tiny()
        with torch.no_grad():
            reference = log_probabilities(model, pairs)
        recipe.train(model, pairs, reference, folder, **how)  # type: ignore[arg-type]  # one dict for all runs
        return model

    straight = run(tmp_path / "straight")

    def killed(path: Path, state: dict[str, object]) -> None:
        checkpoint.save(path, state)
        if state["step"] == 4:
            raise KeyboardInterrupt

    monkeypatch.setattr(recipe, "save", killed)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "killed")
    steps = []
    monkeypatch.setattr(recipe, "save", lambda _path, state: steps.append(state["step"]))
    resumed = run(tmp_path / "killed")
    assert steps == [5, 6]
    assert all(torch.equal(one, two) for one, two in zip(straight.parameters(), resumed.parameters(), strict=True))
    assert not torch.equal(straight.lm_head.weight, tiny().lm_head.weight)


def test_other_settings_are_trained_with_and_not_only_told(tokenizer: TextTokenizer, tmp_path: Path) -> None:
    pairs = some_pairs(tokenizer, 3)
    with torch.no_grad():
        reference = log_probabilities(tiny(), pairs)

    def trained(folder: Path, beta: float) -> Tensor:
        model = tiny()
        recipe.train(model, pairs, reference, folder, made_from="these", beta=beta, rate=1e-3, epochs=1, batch=2)
        return model.lm_head.weight

    mild, strong = trained(tmp_path / "mild", 0.1), trained(tmp_path / "strong", 2.0)
    assert not torch.equal(mild, strong)
    assert torch.equal(trained(tmp_path / "mild", 2.0), strong)  # where another training was finished before


def prompts(tokenizer: TextTokenizer) -> list[list[int]]:
    """The question as it may be typed, to be answered in writing."""
    prompt, system = Prompt(tokenizer, LAYOUT), Message("system", (REPLY_IN_TEXT,))
    return [prompt.conversation([system, Message("user", (shown,))]) for shown in (FRANCE.question, plain(FRANCE.question))]


@pytest.fixture(scope="module")
def wavering(tokenizer: TextTokenizer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint that finds the wrong answer a little likelier than the right one, and knows nothing else."""
    torch.set_num_threads(1)
    model, learner_rate = tiny(), 1e-2
    learner = torch.optim.AdamW(model.parameters(), lr=learner_rate)
    lessons = [Pair(tuple(prompt), written(tokenizer, FRANCE.answer), written(tokenizer, WRONG)) for prompt in prompts(tokenizer)]
    for _ in range(45):
        found = log_probabilities(model, lessons)
        learner.zero_grad()
        (-(0.4 * found.chosen + 0.6 * found.rejected).mean()).backward()
        learner.step()
    folder = tmp_path_factory.mktemp("wavering")
    (folder / "config.json").write_text(json.dumps(TINY.to_dict()))
    save_file(dict(model.state_dict()), folder / "model.safetensors")
    return folder


def about_france(rng: random.Random, world: str) -> Exchange:
    return FRANCE


def about_sums(rng: random.Random, world: str) -> Exchange:
    return Exchange("sum", "One plus one?", "One plus one is two.", "two")


def test_a_model_that_wavered_answers_rightly_after_the_recipe(
    wavering: Path, tokenizer: TextTokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampling, "KINDS", {"typed": 1.0})
    monkeypatch.setattr(recipe, "write", about_france)
    asked = ["--questions", "12", "--answers", "4", "--rate", "3e-3", "--epochs", "4", "--batch", "4", "--examined", "2"]
    places = {"backbone": wavering, "text": MINI, "corpus": tmp_path, "tokens": tmp_path, "out": tmp_path / "dpo"}
    options = recipe.arguments().parse_args([*asked, *(word for name, path in places.items() for word in (f"--{name}", str(path)))])
    recipe.run(options)

    def answers(folder: Path) -> list[str]:
        return [tokenizer.decode(greedy(Backbone.load(folder), prompt)) for prompt in prompts(tokenizer)]

    assert answers(wavering) == [WRONG] * 2
    assert answers(tmp_path / "dpo" / "backbone") == [FRANCE.answer] * 2
    results = json.loads((tmp_path / "dpo" / "results.json").read_text())
    assert results["learned"]["preferred"] == 1.0


def test_a_model_that_is_never_right_gives_no_pairs_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], wavering: Path
) -> None:
    monkeypatch.setattr(sampling, "KINDS", {"typed": 1.0})
    monkeypatch.setattr(recipe, "write", about_sums)
    places = {"backbone": wavering, "text": MINI, "corpus": tmp_path, "tokens": tmp_path, "out": tmp_path / "dpo"}
    words = ["recipe", "--questions", "1", "--answers", "2", *(word for name, path in places.items() for word in (f"--{name}", str(path)))]
    monkeypatch.setattr("sys.argv", words)
    with pytest.raises(SystemExit):
        recipe.main()
    assert "1 questions gave no pair to learn from" in capsys.readouterr().err


def test_the_same_question_is_asked_the_same_way_again_typed_or_heard(wavering: Path, tokenizer: TextTokenizer) -> None:
    backbone = Backbone.load(wavering)
    codes = speech(6).codes
    heard = [Question((codes,), FRANCE, np.zeros(6, np.int64), np.zeros((6, 6), np.uint8))]
    inquiry = Inquiry(backbone, tokenizer, lambda _rng: FRANCE, heard, answers=2)
    first = [inquiry.ask(number, 0) for number in range(4)]
    assert [inquiry.ask(number, 0) for number in range(4)] == first
    assert any(each.kind.startswith("heard") for each in first) and any(each.kind == "typed" for each in first)


def test_a_question_that_only_a_voice_can_ask_is_not_typed(wavering: Path, tokenizer: TextTokenizer) -> None:
    toned = replace(FRANCE, intent="voice_pitch", tone=Tone(pitch="high"))
    inquiry = Inquiry(Backbone.load(wavering), tokenizer, lambda rng: rng.choice((toned, toned, FRANCE)), [], answers=1)
    assert {inquiry.ask(number, 0).intent for number in range(6)} == {FRANCE.intent}
