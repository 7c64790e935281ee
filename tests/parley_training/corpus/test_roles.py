"""The roles of Mini 0."""

import json
import random
from importlib.resources import files

import pytest

from parley_training.corpus.dialogue import write
from parley_training.corpus.roles import FLAVOURS, ROLES, played, sayings, system_turn

SPOKEN = {part.text for part in sayings()}


def test_every_character_that_comes_along_is_a_role_and_can_greet() -> None:
    characters = [json.loads(path.read_text())["data"] for path in files("parley_assets").joinpath("characters").iterdir()]
    assert {character["extensions"]["parley"]["role"] for character in characters} <= set(ROLES)
    assert {character["first_mes"] for character in characters} <= SPOKEN


@pytest.mark.parametrize("role", ROLES)
def test_a_role_answers_facts_in_its_manner_and_courtesies_in_its_own_words(role: str) -> None:
    rng = random.Random(0)
    fact, greeting = write(rng, "capital"), write(rng, "greeting")

    flavoured, own = played(fact, role, rng), played(greeting, role, rng)

    assert flavoured.system == own.system == system_turn(role)
    assert [part.text for part in flavoured.segments] == [flavoured.answer.removesuffix(f" {fact.answer}"), fact.answer]
    assert flavoured.segments[0].text in {said for said, _ in FLAVOURS[role]}
    assert flavoured.key == fact.key
    assert own.answer != greeting.answer and own.key in own.answer.lower().replace(".", "").replace(",", "")
    assert {flavoured.segments[0].text, own.answer} <= SPOKEN
