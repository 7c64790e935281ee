"""A process that goes when its parent goes: `parley --attached COMMAND …`."""

import os
import sys
import threading


def stay_with_parent() -> None:
    """From now on, leave as soon as standard input ends. The parent holds its other end, and the system closes it with the parent.

    The thread is a daemon, against the rule of the house: it sits in a read that nothing else can end, and owns nothing.
    """
    threading.Thread(target=_leave_with_parent, name="parent", daemon=True).start()


def _leave_with_parent() -> None:
    try:
        while os.read(sys.stdin.fileno(), 4096):
            pass
    finally:
        os._exit(0)  # nothing here is kept: the parent has it all
