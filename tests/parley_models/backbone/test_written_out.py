import random
from pathlib import Path

import pytest
import torch

from parley_models.backbone.cache import KvCache
from parley_models.backbone.cache_forms import FORMS
from parley_models.backbone.loading import load_model
from parley_models.backbone.model import StepOmni
from parley_models.backbone.quantize import Quantization
from parley_models.backbone.written_out import WrittenOut


@pytest.fixture(scope="module", params=[None, "int8", "int4"])
def model(request: pytest.FixtureRequest, tiny_folder: Path) -> StepOmni:
    return load_model(tiny_folder, Quantization(request.param) if request.param else None)


@pytest.mark.parametrize("form", FORMS)
def test_it_gives_what_the_modules_give_to_the_last_bit(model: StepOmni, form: str) -> None:
    written_out = WrittenOut(model)
    caches = KvCache(model.config, 200, form), KvCache(model.config, 200, form)
    draw = random.Random(3)
    for count, layers, as_steps in (
        (40, None, False),
        (1, None, False),
        (10, None, False),
        (5, None, True),
        (1, 1, False),
        (1, None, False),
    ):
        ids = torch.tensor(draw.choices(range(model.config.vocab_size), k=count))
        with torch.inference_mode():
            one = model.logits(model.extend(ids, caches[0], layers, as_steps=as_steps))
            other = written_out.logits(written_out.extend(ids, caches[1], layers, as_steps=as_steps))
        assert torch.equal(one, other)
        if layers is not None:
            for cache in caches:
                cache.rewind(cache.length - count)
