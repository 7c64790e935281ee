"""`parley` and `python -m parley`: the program's way in."""

import os
import sys
from pathlib import Path

NO_SCREEN = 5
"""Exit code of a device that is missing."""

INTERRUPTED = 130
"""Exit code after Ctrl+C, as shells have it."""


def main() -> None:
    """Open the window, or run the command line; leave with the exit code."""
    # NumPy reads this when it is imported. Its products are small here: a second thread made one of the ears' take 1.3 ms in place of 0.1,
    # and goes on turning on a core that others need.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    nowhere = Path(os.devnull)  # for what is told to a stream that whoever started us has closed
    sys.stdout, sys.stderr = sys.stdout or nowhere.open("w"), sys.stderr or nowhere.open("w")
    try:
        sys.exit(_run(sys.argv[1:]))
    except KeyboardInterrupt:  # it may come while Python still reads the program
        sys.exit(INTERRUPTED)


def _run(arguments: list[str]) -> int:
    if not arguments:
        return window()
    if arguments == ["--watched"]:  # the window for `parley bench`
        from parley.watched import run_watched

        return run_watched()
    if arguments[:1] == ["--attached"]:  # an engine that a window started: it goes when the window goes
        from parley.cli.attached import stay_with_parent

        stay_with_parent()
        del arguments[0]
    from parley.cli.program import run

    return run(arguments)


def window() -> int:
    """The window, if there is a screen for it; the exit code."""
    screens = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    if sys.platform.startswith("linux") and not any(os.environ.get(name) for name in screens):
        sys.stderr.write("parley: There is no screen for the window. `parley talk` talks in a terminal, `parley --help` tells more.\n")
        return NO_SCREEN
    from parley.wiring import run_window

    return run_window()


if __name__ == "__main__":
    main()
