"""The other side of `cell`: a process of its own that locks itself in, opens one file, and says what it found as one line of JSON."""

import ctypes
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000
_NO_NEW_PRIVILEGES = 38
_FORBIDDEN = (
    "socket.", "subprocess.", "os.system", "os.exec", "os.spawn", "os.posix_spawn", "os.fork", "os.startfile", "pty.", "ctypes.dlopen",
    "urllib.", "ftplib.", "smtplib.", "os.remove", "os.rename", "os.rmdir", "os.chmod", "os.chown", "os.link", "os.symlink", "shutil.",
)  # fmt: skip


Found = TypeVar("Found")


def tensors_job(source: str, target: str, prefix: str) -> dict[str, Any]:
    """Write the tensors of a `.pt` file whose keys begin with `prefix` as safetensors."""
    import torch
    from safetensors.torch import save_file

    from parley_models.hub.pickled_index import state_of

    def work() -> dict[str, Any]:
        state = state_of(torch.load(source, map_location="cpu", weights_only=True, mmap=True))
        kept = {key: value.detach().clone().contiguous() for key, value in state.items() if key.startswith(prefix)}
        save_file(kept, target)
        return {"tensors": len(kept)}

    return _locked(work)


def session_job(source: str) -> dict[str, Any]:
    """Open an ONNX file and tell its inputs and outputs."""
    from parley_models.onnx_session import OnnxSession, SessionSettings

    def work() -> dict[str, Any]:
        session = OnnxSession(Path(source), SessionSettings(providers=("CPUExecutionProvider",)))
        return {"inputs": session.inputs, "outputs": session.outputs}

    return _locked(work)


def template_job(source: str, probes: str) -> list[str]:
    """Render a chat template, in Jinja's sandbox, for each of several conversations."""
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    def work() -> list[str]:
        rendered = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True).from_string(source)
        return [rendered.render(**probe)[:100_000] for probe in json.loads(probes)]

    return _locked(work)


JOBS: dict[str, Callable[..., Any]] = {"tensors": tensors_job, "session": session_job, "template": template_job}
_ORDER: dict[str, Any] = {}


def _locked(work: Callable[[], Found]) -> Found:
    """Do the work once everything that it needs is imported and everything else is out of reach."""
    _limit(_ORDER["memory_bytes"], _ORDER["computing_s"])
    sys.addaudithook(_watch)
    return work()


def _leave_the_network() -> None:
    """An empty network of its own where the system allows it; the watch below stands everywhere.

    Only a process of one thread is allowed to: numpy and torch have started others as soon as they are imported.
    """
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        libc.unshare(_NEW_USER | _NEW_NETWORK)


def _limit(memory_bytes: int, computing_s: int) -> None:
    if sys.platform == "win32":
        return  # the parent's clock is all there is
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    spent_s = int(time.process_time()) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (spent_s + computing_s, spent_s + computing_s + 1))
    if sys.platform == "linux":
        libraries = int(Path("/proc/self/statm").read_text("ascii").split()[0]) * os.sysconf("SC_PAGE_SIZE")
        resource.setrlimit(resource.RLIMIT_AS, (libraries + memory_bytes, libraries + memory_bytes))


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    """Python asks before it does something that leaves a trace."""
    if event.startswith(_FORBIDDEN):
        raise PermissionError(f"it asked for {event}")
    if event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR):
        folder = _ORDER["writes"]
        if not folder or not isinstance(arguments[0], str | bytes) or not Path(os.fsdecode(arguments[0])).resolve().is_relative_to(folder):
            raise PermissionError("it asked to write a file")


def main() -> None:
    """Do what the command line orders."""
    _ORDER.update(json.loads(sys.argv[1]))
    _leave_the_network()
    try:
        answer = {"found": JOBS[_ORDER["job"]](*_ORDER["arguments"])}
    except MemoryError:
        answer = {"refused": "it takes too much memory"}
    except Exception as error:  # noqa: BLE001 - whatever it was, the file is not used, and the parent says so
        sentence = " ".join(str(error).split())[:300].rstrip(".")
        answer = {"refused": sentence or type(error).__name__}
    sys.stdout.write("\n" + json.dumps(answer) + "\n")
    sys.stdout.flush()
    os._exit(0)  # nothing of what was opened gets to run at the end
