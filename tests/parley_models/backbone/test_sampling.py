from dataclasses import replace

import numpy as np
import pytest

from parley_models.backbone.sampling import Logits, Sampler
from parley_models.manifest import Sampling
from parley_models.tokens import TokenLayout

LAYOUT = TokenLayout(
    vocab_size=120,
    audio_offset=50,
    bos=1,
    bot=4,
    eot=3,
    stops=(3, 2),
    audio_start=110,
    audio_end=111,
    linguistic_size=16,
    semantic_size=32,
)
LINGUISTIC, SEMANTIC = range(50, 66), range(66, 98)


def logits(seed: int = 0, raised: dict[int, float] | None = None) -> Logits:
    drawn = np.random.default_rng(seed).standard_normal(120).astype(np.float32)
    for token_id, value in (raised or {}).items():
        drawn[token_id] = value
    return drawn


def test_text_is_the_likeliest() -> None:
    sampler = Sampler(LAYOUT, Sampling(), seed=1)
    assert [sampler.draw(logits(raised={20: 9.0})) for _ in range(5)] == [20] * 5


def test_a_group_keeps_its_order_whatever_the_model_wants() -> None:
    sampler = Sampler(LAYOUT, Sampling(), seed=1)
    first = sampler.draw(logits(raised={55: 50.0}))
    rest = [sampler.draw(logits(raised={20: 50.0, 3: 60.0})) for _ in range(4)]
    assert first == 55
    assert rest[0] in LINGUISTIC
    assert all(token_id in SEMANTIC for token_id in rest[1:])
    assert sampler.draw(logits(raised={20: 50.0})) == 20  # free again


def test_a_group_begins_with_its_first_book() -> None:
    assert Sampler(LAYOUT, Sampling(), seed=1).draw(logits(raised={70: 50.0, 51: 20.0})) == 51
    assert Sampler(LAYOUT, Sampling(), seed=1).draw(logits(raised={70: 50.0, 20: 40.0, 51: 30.0})) == 20


@pytest.mark.parametrize("reserved", [1, 4, 99, 105, 119])
def test_reserved_ids_are_never_said(reserved: int) -> None:
    assert Sampler(LAYOUT, Sampling(text_temperature=1.0), seed=1).draw(logits(raised={reserved: 90.0, 30: 80.0})) == 30


@pytest.mark.parametrize("said", [2, 3, 110, 111])
def test_stops_and_markers_may_be_said(said: int) -> None:
    assert Sampler(LAYOUT, Sampling(), seed=1).draw(logits(raised={said: 90.0})) == said


def shared(shares: dict[int, float]) -> Logits:
    """Logits of these chances; all others have none."""
    found = np.full(120, -30.0, np.float32)
    found[list(shares)] = np.log(list(shares.values()))
    return found


def test_who_knows_that_a_word_comes_but_not_which_is_not_sure_of_falling_silent() -> None:
    """Mini 0.15 was: "The language of", and then a code."""
    countries = dict.fromkeys(range(20, 30), 0.06)
    sampler = Sampler(LAYOUT, Sampling(), seed=1)
    assert sampler.draw(shared({20: 0.9, 21: 0.1})) == 20
    assert sampler.draw(shared({**countries, 55: 0.3, 56: 0.1})) in LINGUISTIC
    assert sampler.text_likelihood == pytest.approx(np.log(0.9 * 0.4), abs=1e-2)


def draws(sampling: Sampling, seed: int, count: int = 200) -> list[int]:
    sampler = Sampler(LAYOUT, sampling, seed)
    return [sampler.draw(logits(at, raised={55: 4.0})) for at in range(count)]


def test_the_seed_decides() -> None:
    assert draws(Sampling(), 7) == draws(Sampling(), 7)
    assert draws(Sampling(), 7) != draws(Sampling(), 8)


def test_cold_audio_is_the_likeliest() -> None:
    sampler = Sampler(LAYOUT, Sampling(audio_temperature=0), seed=1)
    assert [sampler.draw(logits(raised={55: 30.0, 56: 29.0, 70: 31.0, 71: 30.0})) for _ in range(5)] == [55, 55, 70, 70, 70]


def test_top_p_leaves_the_tail_out() -> None:
    flat = np.full(120, -20.0, np.float32)
    flat[[50, 51, 52, 53]] = np.log([0.4, 0.3, 0.2, 0.1])
    sampling = Sampling(audio_temperature=1.0, top_p=0.65, repetition_window=0)
    firsts = [Sampler(LAYOUT, sampling, seed).draw(flat) for seed in range(300)]
    assert set(firsts) == {50, 51}
    assert 0.48 < firsts.count(50) / 300 < 0.66  # 4 to 3


def test_a_code_that_repeats_is_drawn_again_from_the_whole_book() -> None:
    flat = np.full(120, -20.0, np.float32)
    flat[[50, 51]] = np.log([0.85, 0.15])
    flat[70] = 9.0
    narrow = Sampling(audio_temperature=1.0, top_p=0.5, repetition_window=10, repetition_share=0.1)

    def others(sampling: Sampling) -> int:
        sampler = Sampler(LAYOUT, sampling, seed=3)
        return sum(sampler.draw(flat) == 51 for _ in range(500))

    assert others(replace(narrow, repetition_window=0)) == 0  # top_p alone never lets it in
    assert others(narrow) > 10


def test_how_likely_the_text_of_an_answer_was_is_known_and_its_sound_is_not_counted() -> None:
    sampler = Sampler(LAYOUT, Sampling(), seed=1)
    assert sampler.text_likelihood == 0.0
    flat = np.zeros(120, np.float32)
    flat[20] = np.log(3 * 119, dtype=np.float32)  # three times as likely as all others together
    assert sampler.draw(flat) == 20
    assert sampler.text_likelihood == pytest.approx(np.log(0.75), abs=1e-4)
    sampler.draw(shared({55: 0.35, 56: 0.25, 20: 0.3, 21: 0.1}))  # that the text is over counts, too
    assert sampler.text_likelihood == pytest.approx(np.log(0.75 * 0.6), abs=1e-2)
    for _ in range(LAYOUT.group_size):
        sampler.draw(shared({55: 0.5, 56: 0.5, 70: 1.0}))
    assert sampler.text_likelihood == pytest.approx(np.log(0.75 * 0.6), abs=1e-2)
