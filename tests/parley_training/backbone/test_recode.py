"""What was learned about one code book serves the next."""

from pathlib import Path

import numpy as np
import pytest
import torch

from parley_training.backbone import recode
from parley_training.checkpoint import restore, save
from parley_training.code_books import carried_over
from parley_training.text.recipe import LAYOUT


def test_rows_follow_what_their_codes_stood_for() -> None:
    rows = torch.eye(5, 3) + torch.arange(5)[:, None]
    before = np.array([0] * 20 + [1] * 10 + [2] * 10 + [3] * 2, np.uint16)
    after = np.array([2] * 20 + [0] * 20 + [1] * 2, np.uint16)
    carried = carried_over(rows, before, after)
    assert torch.allclose(carried[2], rows[0] * carried[2].norm() / rows[0].norm())  # all of new 2 was old 0
    blend = (rows[1] + rows[2]) / 2
    assert torch.allclose(carried[0] / carried[0].norm(), blend / blend.norm())
    assert torch.equal(carried[1], rows[1])  # met twice only
    assert torch.equal(carried[3:], rows[3:])


def test_a_backbone_hears_by_questions_and_speaks_by_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    groups = 40
    index = np.array([[0, groups]])
    for folder, heard, said in (("before", 7, 7), ("after", 8, 9)):
        (tmp_path / folder / "questions").mkdir(parents=True)
        np.savez(tmp_path / folder / "questions" / "shard_0000.npz", codes=np.full((groups, 5), heard, np.uint16), index=index)
        np.savez(tmp_path / folder / "answers.npz", codes=np.full((groups, 5), said, np.uint16), index=index)
    weight = torch.nn.functional.normalize(torch.randn(LAYOUT.vocab_size, 4), dim=1)
    model = {"model.embed_tokens.weight": weight.clone(), "lm_head.weight": weight.clone()}
    save(tmp_path / "run" / "checkpoint.pt", {"model": model, "optimizers": [], "step": 70, "elapsed_s": 9.0})
    argv = ["recode", "--like", "run", "--before", "before", "--after", "after", "--out", "next", "--elapsed", "2"]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", argv)

    recode.main()

    state = restore(tmp_path / "next" / "checkpoint.pt")
    assert state is not None
    assert state["elapsed_s"] == 120
    first = LAYOUT.audio_offset
    for name, number in (("model.embed_tokens.weight", 8), ("lm_head.weight", 9)):
        rows = weight.clone()
        rows[first + number] = weight[first + 7]
        torch.testing.assert_close(state["model"][name], rows)
