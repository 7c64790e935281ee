"""`parley` and `python -m parley`: the program's way in."""

import sys


def main() -> None:
    """Run the command line and leave with its exit code."""
    from parley.cli.program import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
