import itertools
from collections.abc import Sequence

import numpy as np
import pytest

from parley_models.backbone.backbone import Backbone
from parley_models.backbone.drafting import LowLayers, SmallModel
from parley_models.backbone.gain import Costs, measure
from parley_models.backbone.model import StepOmni
from parley_models.backbone.sampling import Logits
from parley_models.errors import EngineError

FREE = Costs((1.0, 1.0, 1.0, 1.0, 1.0), draft=0.0)
"""A card on which a pass over five ids costs as much as over one."""


def test_the_ends_of_the_curve() -> None:
    assert FREE.gain(1.0) == pytest.approx(5.0)
    assert FREE.gain(0.0) == pytest.approx(1.0)
    dear = Costs((1.0, 1.1, 1.2, 1.3, 1.4), draft=0.1)
    assert dear.gain(1.0) == pytest.approx(5 / (1.4 + 0.4))
    assert dear.gain(0.0) == pytest.approx(5 / (1.4 + 1.3 + 1.2 + 1.1 + 1.0 + 0.1 * (4 + 3 + 2 + 1)))


def test_the_curve_is_what_playing_it_gives() -> None:
    costs, draw = Costs((1.0, 1.05, 1.1, 1.2, 1.3), draft=0.12), np.random.default_rng(0)
    spent, count = 0.0, 4000
    for _ in range(count):
        left = 4
        while True:  # a code is drawn and not read, `left` slots behind it are open
            spent += costs.checks[left] + left * costs.draft
            kept = int(np.argmin([*(draw.random(left) < 0.6), False]))
            if kept == left:
                break
            left -= kept + 1
    assert count * 5 / spent == pytest.approx(costs.gain(0.6), rel=0.02)


def test_the_better_the_drafts_the_greater_the_gain() -> None:
    gains = [Costs((1.0, 1.1, 1.2, 1.3, 1.4), 0.1).gain(share / 10) for share in range(11)]
    assert all(one < other for one, other in itertools.pairwise(gains))


def test_what_does_not_pay_is_found() -> None:
    assert FREE.least_acceptance() == 0.1
    assert Costs((1.0, 2.0, 3.0, 4.0, 5.0), draft=0.5).least_acceptance() is None  # each id costs what it costs alone
    assert Costs((1.0, 1.0, 1.0, 1.0, 1.0), draft=1.0).least_acceptance() is None  # drafts are as dear as the real thing
    assert Costs((1.0, 1.1, 1.2, 1.3, 1.4), draft=0.3).least_acceptance() == pytest.approx(0.7)


def test_measuring_looks_at_every_pass_and_leaves_nothing(tiny_model: StepOmni, monkeypatch: pytest.MonkeyPatch) -> None:
    backbone = Backbone(tiny_model)
    ticks = itertools.count()
    for drafter in (LowLayers(backbone, 1), SmallModel(backbone, Backbone(tiny_model))):
        costs = measure(backbone, drafter, [60, 61, 140, 141, 142], clock=lambda: float(next(ticks)))
        assert costs == Costs((1.0,) * 5, 1.0)
        assert backbone.length == backbone._cache.length == 0
    checked: list[bool] = []
    read = backbone.read

    def watched(ids: Sequence[int], *, as_steps: bool) -> Logits:
        checked.append(as_steps)
        return read(ids, as_steps=as_steps)

    monkeypatch.setattr(backbone, "read", watched)
    measure(backbone, LowLayers(backbone, 1), [60, 61, 140, 141, 142], as_steps=True)
    assert set(checked) == {True}  # what is timed is what is done
    with pytest.raises(EngineError, match="needs"):
        measure(Backbone(tiny_model, context=8), LowLayers(backbone, 1), [60, 61, 140, 141, 142])
