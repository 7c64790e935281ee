"""A text tokenizer as the recipes make it, of few exchanges."""

from pathlib import Path

import pytest

from parley_training.text import recipe as text_recipe


@pytest.fixture(scope="package")
def text_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("text")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_recipe, "EXCHANGES", 4000)
        patch.setattr("sys.argv", ["recipe", "--out", str(folder)])
        text_recipe.main()
    return folder / "text.model"
