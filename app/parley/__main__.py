"""`parley` and `python -m parley`: the program's way in."""

import sys


def main() -> None:
    """Run the command line and leave with its exit code."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["--attached"]:  # an engine that a window started: it goes when the window goes
        from parley.cli.attached import stay_with_parent

        stay_with_parent()
        del arguments[0]
    from parley.cli.program import run

    sys.exit(run(arguments))


if __name__ == "__main__":
    main()
