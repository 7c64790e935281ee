"""What a command does not name lies in the world's own folders, and every recipe means the same ones."""

import argparse
from collections.abc import Callable

import pytest

from parley_training.backbone import recipe as backbone
from parley_training.homes import add_folders, at_home
from parley_training.preference import recipe as preference


def settled(parser: argparse.ArgumentParser, *words: str) -> dict[str, str]:
    options = at_home(parser.parse_args(words))
    return {name: str(value) for name, value in vars(options).items() if name in {"corpus", "tokens", "text", "out", "backbone"}}


def test_what_is_not_named_lies_in_the_worlds_own_folders() -> None:
    assert settled(backbone.arguments()) == {
        "corpus": "runs/corpus", "tokens": "runs/tokens", "text": "runs/text", "out": "runs/backbone"
    }  # fmt: skip
    assert settled(backbone.arguments(), "--world", "mini1", "--text", "pieces") == {
        "corpus": "runs/mini1/corpus", "tokens": "runs/mini1/tokens", "text": "pieces", "out": "runs/mini1/backbone"
    }  # fmt: skip


@pytest.mark.parametrize("arguments", [backbone.arguments, preference.arguments])
def test_recipes_agree_on_where_things_lie(arguments: Callable[[], argparse.ArgumentParser]) -> None:
    made = settled(backbone.arguments(), "--world", "mini1")
    read = settled(arguments(), "--world", "mini1")
    assert {name: read[name] for name in ("corpus", "tokens", "text")} == {name: made[name] for name in ("corpus", "tokens", "text")}


def test_preferences_begin_from_the_stage_that_the_backbones_recipe_keeps() -> None:
    assert settled(preference.arguments())["backbone"] == settled(backbone.arguments(), "--world", "mini1")["out"] + "/sft1"


def test_a_parser_says_where_a_folder_would_lie() -> None:
    parser = argparse.ArgumentParser()
    add_folders(parser, out="tokens")
    assert "runs/tokens, runs/mini1/tokens" in " ".join(parser.format_help().split())
