"""Words that stand wrong behind a question: like others that sound alike, and what is learned there all the same."""

import random
from pathlib import Path

import numpy as np
import pytest

from parley_models.text_tokenizer import TextTokenizer
from parley_training.backbone import listening
from parley_training.backbone.listening import LISTEN, SLOTS_PER_GROUP, Heard, Listener
from parley_training.backbone.miswriting import ALIKE, Miswriting
from parley_training.backbone.stretch import UNLEARNED
from parley_training.corpus.disturbance import idle, plain
from parley_training.corpus.world import facts
from parley_training.text.recipe import LAYOUT

WORDS = "seven seventeen seventy plus bus minus minute before after october doctor".split()


def test_a_word_is_taken_for_one_that_sounds_like_it() -> None:
    miswrite = Miswriting(WORDS)
    assert miswrite.alike("seventeen")[:2] == ["seventy", "seven"]
    assert miswrite.alike("plus")[0] == "bus"
    assert miswrite.alike("minus")[0] == "minute"
    rng = random.Random(0)
    drawn = [miswrite("october", rng) for _ in range(200)]
    assert drawn.count("doctor") > 40
    assert len(set(drawn)) > 3
    assert "october" not in drawn


def test_a_word_that_no_dictionary_holds_stays_itself() -> None:
    assert Miswriting(WORDS)("xqzzt", random.Random(0)) == "xqzzt"
    assert Miswriting([])("seven", random.Random(0)) == "seven"
    assert len(Miswriting(f"{word}" for word in WORDS).alike("seven")) <= ALIKE


@pytest.fixture
def tokenizer(text_model: Path, monkeypatch: pytest.MonkeyPatch) -> TextTokenizer:
    """Beside it, everything is miswritten, and nothing else happens to a question."""
    for share in ("PAUSED", "ENDED_ANEW", "UNWRITTEN", "UNSURE"):
        monkeypatch.setattr(listening, share, 0.0)
    monkeypatch.setattr(listening, "MISWRITTEN", 1.0)
    return TextTokenizer(text_model)


def seven_and_two() -> Heard:
    said = np.array([0, 1, 1, 1, 2, 2, 2, 3, 3, 3])
    groups = np.random.default_rng(0).integers(0, 1000, (len(said), 5)).astype(np.uint16)
    return Heard(groups, ["seven", "plus", "what"], said, np.ones((len(said), SLOTS_PER_GROUP), np.uint8))


def decided(listen: Listener, tokenizer: TextTokenizer) -> tuple[str, str]:
    """What is learned to be written, and what stands there."""
    stretch = listen(seven_and_two(), broken_off=0.0)
    told = [token for token in stretch.following if token not in {UNLEARNED, LISTEN}]
    assert told.pop() == LAYOUT.eot
    return tokenizer.decode(told), tokenizer.decode(
        [token for token in stretch.ids if not LAYOUT.is_audio(token) and token != LAYOUT.audio_end]
    )


@pytest.mark.parametrize("wrong", ["seventeen", "six", "s", "doctor before october"])
def test_what_is_right_is_learned_whatever_stands_there(tokenizer: TextTokenizer, wrong: str) -> None:
    listen = Listener(tokenizer, random.Random(0), miswrite=lambda word, _: wrong if word == "seven" else word)
    learned, shown = decided(listen, tokenizer)
    assert shown == f"{wrong} plus what"
    first, rest = learned.split(" ", 1)
    assert rest == "plus what", "what follows a wrong word is learned as before"
    assert "seven".startswith(first), "and of the word itself as much as can be told"


def test_of_a_word_that_is_missing_the_first_piece_is_learned(tokenizer: TextTokenizer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "UNWRITTEN", 1.0)
    stretch = Listener(tokenizer, random.Random(0))(seven_and_two(), broken_off=0.0)
    assert all(LAYOUT.is_audio(token) or token == LAYOUT.audio_end for token in stretch.ids)
    learned = [token for token in stretch.following if token not in {UNLEARNED, LISTEN}]
    assert learned == [tokenizer.encode(word)[0] for word in ("seven", "plus", "what")], "each is due at a place of its own"


def test_words_that_ask_nothing_are_declined() -> None:
    rng = random.Random(0)
    exchanges = [idle(rng) for _ in range(300)]
    assert {exchange.intent for exchange in exchanges} == {"beyond"}
    assert len({exchange.question for exchange in exchanges}) == 300
    asked = [plain(exchange.question).split() for exchange in exchanges]
    assert sum(words[0] in {"what", "who", "how", "which", "when", "why"} for words in asked) > 60, "others' questions begin like Mini's"
    assert not any({"capital", "plus", "larger", "currency"} & set(words) for words in asked)
    countries = {row["country"].lower() for row in facts("capitals")}
    assert 3 < sum(bool(countries & set(words)) for words in asked) < 100, "a country alone asks nothing"
