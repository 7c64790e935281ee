"""Words from outside Mini's world, so that its ears hear English and not only the curriculum."""

import random
from functools import cache
from pathlib import Path


@cache
def _dictionary() -> tuple[str, ...]:
    import pocketsphinx  # its wheel carries CMUdict (BSD)

    lines = Path(pocketsphinx.get_model_path("en-us/cmudict-en-us.dict")).read_text(encoding="utf-8").splitlines()
    words = (line.split(" ", 1)[0] for line in lines)
    return tuple(word for word in words if word.isalpha() and 2 < len(word) < 11)


def random_words(rng: random.Random) -> str:
    """Two to seven words in any order."""
    return " ".join(rng.choice(_dictionary()) for _ in range(rng.randint(2, 7)))
