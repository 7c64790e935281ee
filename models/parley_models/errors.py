"""Every error that Parley raises on purpose, as one tree.

ParleyError                 fit to show: one sentence that names the fact and the way out
├── UsageError              the request itself is off: an unknown style, a value out of range       exit code 2
├── InputError              what was given can't be used: no file, not audio, silence, too long     exit code 3
├── BundleError             the model's folder                                                      exit code 4
│   ├── BundleMissing       not there, or lacks a file
│   └── BundleCorrupt       there, but not what its manifest says
├── DeviceError             sound card or accelerator                                               exit code 5
├── EngineError             a model failed while it ran                                             exit code 6
└── StoreError              what is kept between two starts can't be read or written                exit code 1
"""


class ParleyError(Exception):
    """Known trouble: the message is one sentence, fit to be shown to a user."""

    exit_code = 1


class UsageError(ParleyError):
    """The request itself is off: an unknown style, a value out of range."""

    exit_code = 2


class InputError(ParleyError):
    """What was given can't be used: no such file, not audio, silence, too long."""

    exit_code = 3


class BundleError(ParleyError):
    """A model bundle can't be used."""

    exit_code = 4


class BundleMissing(BundleError):
    """The bundle, or a file that its manifest names, is not there."""


class BundleCorrupt(BundleError):
    """The bundle is there, but not what its manifest says."""


class DeviceError(ParleyError):
    """A sound card or an accelerator can't be used."""

    exit_code = 5


class EngineError(ParleyError):
    """A model failed while it ran."""

    exit_code = 6


class StoreError(ParleyError):
    """What is kept between two starts, settings or history, can't be read or written."""
