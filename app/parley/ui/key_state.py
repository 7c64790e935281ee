"""Whether a key is down now, where the system's own events don't say so.

X11 repeats a held key as a release and a press. Qt takes the two for a repetition only if it finds both at once; on a busy machine the
press comes a moment later, and a held key looks let go for that moment: up to 10 times in 1.6 s, measured under Xvfb on two busy cores.
"""

import ctypes
import functools
from typing import Any

from PySide6.QtGui import QGuiApplication

HEADER_BYTES, KEYS_BYTES = 8, 32
"""Of the answer to QueryKeymap: what every answer begins with, and a bit for each of 256 keys."""


class _Cookie(ctypes.Structure):
    _fields_ = (("sequence", ctypes.c_uint),)


def is_down(scan_code: int) -> bool:
    """Whether the key with this code (`QKeyEvent.nativeScanCode`) is held on an X11 keyboard; False wherever nobody can tell."""
    app, xcb = QGuiApplication.instance(), _xcb()
    if xcb is None or not isinstance(app, QGuiApplication) or QGuiApplication.platformName() != "xcb" or not 0 < scan_code < 8 * KEYS_BYTES:
        return False
    native: Any = app.nativeInterface()
    if native is None:
        return False
    connection = native.connection()
    answer = xcb.xcb_query_keymap_reply(connection, xcb.xcb_query_keymap(connection), None)
    if not answer:
        return False
    keys = ctypes.string_at(answer + HEADER_BYTES, KEYS_BYTES)
    xcb.free(answer)  # from the C library, which libxcb brings along
    return bool(keys[scan_code // 8] >> scan_code % 8 & 1)


@functools.cache
def _xcb() -> ctypes.CDLL | None:
    try:
        library = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return None
    library.xcb_query_keymap.argtypes = [ctypes.c_void_p]
    library.xcb_query_keymap.restype = _Cookie
    library.xcb_query_keymap_reply.argtypes = [ctypes.c_void_p, _Cookie, ctypes.c_void_p]
    library.xcb_query_keymap_reply.restype = ctypes.c_void_p
    library.free.argtypes = [ctypes.c_void_p]
    library.free.restype = None
    return library
