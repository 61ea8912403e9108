"""Confine the process that reads a hostile file: memory, time, no files, no network, no programs."""

from __future__ import annotations

import ctypes
import platform
import struct
import sys

from capgap_geo.sources.uploads.limits import Limits

#: Architecture, and its numbers of socket, connect, execve and execveat.
_CALLS = {"x86_64": (0xC000003E, (41, 42, 59, 322)), "aarch64": (0xC00000B7, (198, 203, 221, 281))}
_NO_NEW_PRIVILEGES, _SECCOMP, _FILTER = 38, 22, 2
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _DENY, _KILL = 0x7FFF0000, 0x00050001, 0x80000000
_X32 = 0x40000000


def confine(limits: Limits) -> None:
    """Give up, for the rest of this process, what reading a file does not need."""
    if sys.platform == "win32":
        return  # no such limits there; the time limit of the parent remains
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    _forbid_network()


def _forbid_network() -> bool:
    """Install a filter of system calls: no socket, no other program. Linux only; returns whether it holds."""
    known = _CALLS.get(platform.machine())
    if sys.platform != "linux" or known is None:
        return False
    architecture, calls = known
    steps = [
        _step(_LOAD, 0, 0, 4),
        _step(_EQUAL, 1, 0, architecture),
        _step(_RETURN, 0, 0, _KILL),
        _step(_LOAD, 0, 0, 0),
        _step(_AT_LEAST, len(calls) + 1, 0, _X32),
        *(_step(_EQUAL, len(calls) - i, 0, call) for i, call in enumerate(calls)),
        _step(_RETURN, 0, 0, _ALLOW),
        _step(_RETURN, 0, 0, _DENY),
    ]
    code = ctypes.create_string_buffer(b"".join(steps))
    program = struct.pack("HxxxxxxP", len(steps), ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0):
        return False
    return not libc.prctl(_SECCOMP, _FILTER, ctypes.create_string_buffer(program), 0, 0)


def _step(code: int, if_true: int, if_false: int, value: int) -> bytes:
    return struct.pack("HBBI", code, if_true, if_false, value)
