"""Where the recipes of each world keep what they make, so that a command names no folder unless it is another one."""

import argparse
from pathlib import Path

from parley_training.corpus.dialogue import World

HOMES: dict[World, Path] = {"mini0": Path("runs"), "mini1": Path("runs/mini1")}


def add_folders(parser: argparse.ArgumentParser, *, default: World = "mini0", **folders: str) -> None:
    """Options `--world`, and one for each folder: its name, and where it lies in the world's home."""
    parser.add_argument("--world", choices=sorted(HOMES), default=default)
    for name, place in folders.items():
        lies = ", ".join(str(home / place) for home in HOMES.values())
        parser.add_argument(f"--{name}", type=Path, help=f"unless given, the world's own: {lies}")
    parser.set_defaults(at_home=folders)


def at_home(options: argparse.Namespace) -> argparse.Namespace:
    """What was parsed, with every folder that was not named in the world's home."""
    given = dict(vars(options))
    for name, place in given.pop("at_home").items():
        given[name] = given[name] or HOMES[options.world] / place
    return argparse.Namespace(**given)
