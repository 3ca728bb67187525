"""A filter of Linux that lets a process compute and read files, and nothing else.

It names what is allowed, so that a system call that nobody thought of is refused. Each
refusal is a signal first: its handler notes the line of the Python code that runs, also
where that is inside compiled code, and then gives the call the error ``EPERM``. System
calls that start a process come while signals are blocked, and get the error at once.

No library is needed: ``prctl()`` installs it, the kernel keeps it for good.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import socket
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from .watch import Watch

_SIGSYS: Final = 31
_SET_SECCOMP, _FILTER, _NO_NEW_PRIVILEGES = 22, 2, 38

_ALLOW: Final = 0x7FFF0000
_TRAP: Final = 0x00030000
_ERROR: Final = 0x00050000

_LOAD, _EQUAL, _GREATER, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
# Instructions of the filter: of a word, of jumps, of the end.

_WRITES: Final = 0o3 | 0o100 | 0o1000 | 0o20000000
# Flags of open(): for writing, to create, to truncate, a file without a name.

_THREAD: Final = 0x00010000
# A flag of clone(): a thread of this process.

_FAMILIES: Final = (1, 2, 10)
# Sockets of these families reach nobody until they are connected: local, IPv4, IPv6.

_LEVELS: Final = (1, 6)
# Options of any socket, and of TCP.

_SERVICES: Final = ("/run/nscd/", "/var/run/nscd/")
# Where the C library asks for the names of users. It does without, which is not noted.

_NETLINK: Final = 16
# The family in which it asks for the addresses of this machine.

_FCNTL: Final = (0, 1, 2, 3, 4, 1030, 1032)
# Duplicates and flags of descriptors; no locks, leases or owners.

_IOCTL: Final = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
# Whether it is a terminal, its size, what can be read, flags of descriptors.

_REFUSED: Final = {
    "socket": "open a socket",
    "setsockopt": "set an option of a socket",
    "bind": "listen on a socket",
    "listen": "listen on a socket",
    "accept": "listen on a socket",
    "accept4": "listen on a socket",
    "sendto": "send to a socket",
    "sendmsg": "send to a socket",
    "execve": "run a program",
    "execveat": "run a program",
    "kill": "send a signal to a process",
    "tgkill": "send a signal to a process",
    "unlink": "remove a file",
    "unlinkat": "remove a file",
    "rmdir": "remove a folder",
    "rename": "rename a file",
    "renameat": "rename a file",
    "renameat2": "rename a file",
    "mkdir": "create a folder",
    "mkdirat": "create a folder",
    "truncate": "truncate a file",
    "ftruncate": "truncate a file",
    "fcntl": "lock a file",
    "flock": "lock a file",
    "ptrace": "reach another process",
}


@dataclass(frozen=True)
class _Machine:
    """What differs between processors."""

    audit: int
    """How the kernel names the processor to a filter."""

    result: int
    """Where the result of a system call is in the context of a signal, in bytes."""

    arguments: tuple[int, ...]
    """Where the first three arguments are."""

    calls: str
    """The names and numbers of system calls."""


_ALLOWED: Final = """
    read write readv writev pread64 pwrite64 preadv pwritev close close_range lseek
    stat fstat lstat newfstatat statx statfs fstatfs access faccessat faccessat2
    readlink readlinkat getcwd chdir fchdir umask getdents64 fadvise64 pipe pipe2
    dup dup2 dup3 eventfd eventfd2 signalfd4 memfd_create poll ppoll select pselect6
    epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2
    socketpair recvfrom recvmsg shutdown getsockname getpeername getsockopt mmap
    mprotect munmap mremap msync mincore madvise brk membarrier mlock mlock2 munlock
    mbind get_mempolicy set_mempolicy rt_sigaction rt_sigprocmask rt_sigreturn
    rt_sigpending rt_sigtimedwait rt_sigsuspend sigaltstack alarm getitimer
    setitimer restart_syscall futex set_robust_list get_robust_list set_tid_address
    rseq sched_yield sched_getaffinity sched_getparam sched_getscheduler
    sched_get_priority_max sched_get_priority_min getpriority getcpu nanosleep
    clock_nanosleep clock_gettime clock_getres gettimeofday times getpid getppid
    gettid getuid geteuid getgid getegid getgroups getresuid getresgid getpgid
    getpgrp getsid getrlimit getrusage sysinfo uname getrandom prctl arch_prctl
    wait4 waitid exit exit_group
"""
"""What computes, waits and reads, whatever its arguments."""

_X86_64_CALLS: Final = """
    read 0 write 1 readv 19 writev 20 pread64 17 pwrite64 18 preadv 295 pwritev 296
    close 3 close_range 436 lseek 8 stat 4 fstat 5 lstat 6 newfstatat 262 statx 332
    statfs 137 fstatfs 138 access 21 faccessat 269 faccessat2 439 readlink 89
    readlinkat 267 getcwd 79 chdir 80 fchdir 81 umask 95 getdents64 217 fadvise64
    221 pipe 22 pipe2 293 dup 32 dup2 33 dup3 292 eventfd 284 eventfd2 290 signalfd4
    289 memfd_create 319 poll 7 ppoll 271 select 23 pselect6 270 epoll_create 213
    epoll_create1 291 epoll_ctl 233 epoll_wait 232 epoll_pwait 281 epoll_pwait2 441
    socketpair 53 recvfrom 45 recvmsg 47 shutdown 48 getsockname 51 getpeername 52
    getsockopt 55 mmap 9 mprotect 10 munmap 11 mremap 25 msync 26 mincore 27 madvise
    28 brk 12 membarrier 324 mlock 149 mlock2 325 munlock 150 mbind 237
    get_mempolicy 239 set_mempolicy 238 rt_sigaction 13 rt_sigprocmask 14
    rt_sigreturn 15 rt_sigpending 127 rt_sigtimedwait 128 rt_sigsuspend 130
    sigaltstack 131 alarm 37 getitimer 36 setitimer 38 restart_syscall 219 futex 202
    set_robust_list 273 get_robust_list 274 set_tid_address 218 rseq 334 sched_yield
    24 sched_getaffinity 204 sched_getparam 143 sched_getscheduler 145
    sched_get_priority_max 146 sched_get_priority_min 147 getpriority 140 getcpu 309
    nanosleep 35 clock_nanosleep 230 clock_gettime 228 clock_getres 229 gettimeofday
    96 times 100 getpid 39 getppid 110 gettid 186 getuid 102 geteuid 107 getgid 104
    getegid 108 getgroups 115 getresuid 118 getresgid 120 getpgid 121 getpgrp 111
    getsid 124 getrlimit 97 getrusage 98 sysinfo 99 uname 63 getrandom 318 prctl 157
    arch_prctl 158 wait4 61 waitid 247 exit 60 exit_group 231 setsockopt 54 listen
    50 accept 43 accept4 288 open 2 openat 257 openat2 437 clone 56 clone3 435 fork
    57 vfork 58 prlimit64 302 ioctl 16 fcntl 72 sendto 44 tgkill 234 socket 41
    connect 42 bind 49 sendmsg 46 execve 59 execveat 322 kill 62 unlink 87 unlinkat
    263 rmdir 84 rename 82 renameat 264 renameat2 316 mkdir 83 mkdirat 258 truncate
    76 ftruncate 77 flock 73 ptrace 101
"""

_ARM64_CALLS: Final = """
    read 63 write 64 readv 65 writev 66 pread64 67 pwrite64 68 preadv 69 pwritev 70
    close 57 close_range 436 lseek 62 fstat 80 newfstatat 79 statx 291 statfs 43
    fstatfs 44 faccessat 48 faccessat2 439 readlinkat 78 getcwd 17 chdir 49 fchdir
    50 umask 166 getdents64 61 fadvise64 223 pipe2 59 dup 23 dup3 24 eventfd2 19
    signalfd4 74 memfd_create 279 ppoll 73 pselect6 72 epoll_create1 20 epoll_ctl 21
    epoll_pwait 22 epoll_pwait2 441 socketpair 199 recvfrom 207 recvmsg 212 shutdown
    210 getsockname 204 getpeername 205 getsockopt 209 mmap 222 mprotect 226 munmap
    215 mremap 216 msync 227 mincore 232 madvise 233 brk 214 membarrier 283 mlock
    228 mlock2 284 munlock 229 mbind 235 get_mempolicy 236 set_mempolicy 237
    rt_sigaction 134 rt_sigprocmask 135 rt_sigreturn 139 rt_sigpending 136
    rt_sigtimedwait 137 rt_sigsuspend 133 sigaltstack 132 getitimer 102 setitimer
    103 restart_syscall 128 futex 98 set_robust_list 99 get_robust_list 100
    set_tid_address 96 rseq 293 sched_yield 124 sched_getaffinity 123 sched_getparam
    121 sched_getscheduler 120 sched_get_priority_max 125 sched_get_priority_min 126
    getpriority 141 getcpu 168 nanosleep 101 clock_nanosleep 115 clock_gettime 113
    clock_getres 114 gettimeofday 169 times 153 getpid 172 getppid 173 gettid 178
    getuid 174 geteuid 175 getgid 176 getegid 177 getgroups 158 getresuid 148
    getresgid 150 getpgid 155 getsid 156 getrlimit 163 getrusage 165 sysinfo 179
    uname 160 getrandom 278 prctl 167 wait4 260 waitid 95 exit 93 exit_group 94
    setsockopt 208 listen 201 accept 202 accept4 242 openat 56 openat2 437 clone 220
    clone3 435 prlimit64 261 ioctl 29 fcntl 25 sendto 206 tgkill 131 socket 198
    connect 203 bind 200 sendmsg 211 execve 221 execveat 281 kill 129 unlinkat 35
    renameat 38 renameat2 276 mkdirat 34 truncate 45 ftruncate 46 flock 32 ptrace
    117
"""
"""Their numbers, and those of calls that the filter looks into or that have a name."""


def _numbers(text: str) -> dict[str, int]:
    words = text.split()
    return dict(zip(words[::2], map(int, words[1::2]), strict=True))


_MACHINES: Final = {
    "x86_64": _Machine(0xC000003E, 144, (104, 112, 136), _X86_64_CALLS),
    "aarch64": _Machine(0xC00000B7, 184, (184, 192, 200), _ARM64_CALLS),
}


def machine() -> _Machine | None:
    """Return what the filter needs to know of this processor, ``None`` if it cannot."""
    if sys.platform != "linux" or struct.calcsize("P") != 8:
        return None
    return _MACHINES.get(platform.machine())


def confine(watch: Watch) -> Any:
    """Keep this process from all but computing and reading files, to its end.

    :param watch: Where attempts are noted.
    :return: What must be kept alive as long as the process.
    :raises OSError: When the kernel does not allow it; nothing has changed then but
        that no program gets more rights than this process.
    """
    found = machine()
    if found is None:
        raise OSError(errno.ENOSYS, "no filter for this system")
    library = ctypes.CDLL(None, use_errno=True)
    kept = _handle(library, found, watch)
    program = b"".join(_program(found, os.getpid()))
    buffer = ctypes.create_string_buffer(program, len(program))
    address = ctypes.cast(buffer, ctypes.c_void_p)
    filter_ = _Program(len(program) // 8, address)
    for arguments in (
        (_NO_NEW_PRIVILEGES, 1, 0, 0, 0),
        (_SET_SECCOMP, _FILTER, ctypes.byref(filter_), 0, 0),
    ):
        if library.prctl(*arguments) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
    return kept


class _Program(ctypes.Structure):
    """``struct sock_fprog``."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


_Handler = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)


class _Action(ctypes.Structure):
    """``struct sigaction``."""

    _fields_ = (
        ("handler", _Handler),
        ("mask", ctypes.c_ulong * 16),
        ("flags", ctypes.c_int),
        ("restorer", ctypes.c_void_p),
    )


def _handle(library: ctypes.CDLL, found: _Machine, watch: Watch) -> Any:
    """Install the handler of the signal that a refused system call sends."""
    null = os.open(os.devnull, os.O_RDWR)
    names = {number: name for name, number in _numbers(found.calls).items()}

    def refused(_signal: int, info: int, context: int) -> None:
        result = ctypes.c_long.from_address(context + found.result)
        given = [
            ctypes.c_ulong.from_address(context + place).value
            for place in found.arguments
        ]
        # What the kernel has put there is the number of the call, as if it had worked.
        result.value = -errno.EPERM
        number = ctypes.c_int.from_address(info + 24).value
        name = names.get(number, "")
        what: str | None = _REFUSED.get(name, f"make the system call {name or number}")
        if name in ("open", "openat"):
            path = os.fsdecode(ctypes.string_at(given[name == "openat"]))
            if path == os.devnull:
                result.value = os.dup(null)
                return
            what = f"open {path} for writing"
        elif name == "bind" and _port(ctypes.string_at(given[1], 4)) == 0:
            what = None
        elif name == "connect":
            what = _connected(ctypes.string_at(given[1], min(given[2], 128)))
        elif name == "socket" and given[0] == _NETLINK:
            what = None
        if what is not None:
            watch.note(what, 2)

    action = _Action(handler=_Handler(refused), flags=4 | 0x40000000)
    if library.sigaction(_SIGSYS, ctypes.byref(action), None) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return action


def _port(address: bytes) -> int:
    """Return the port of an IP address; 0 asks for any, as to see whether there is IPv6."""
    return int.from_bytes(address[2:4], "big")


def _connected(address: bytes) -> str | None:
    """Return what it means to connect to an address of the kernel."""
    family, port = int.from_bytes(address[:2], sys.byteorder), _port(address)
    if family == socket.AF_INET:
        return f"connect to {socket.inet_ntop(family, address[4:8])}:{port}"
    if family == socket.AF_INET6:
        return f"connect to [{socket.inet_ntop(family, address[8:24])}]:{port}"
    if family == socket.AF_UNIX:
        path = os.fsdecode(address[2:].partition(b"\0")[0])
        return None if path.startswith(_SERVICES) else f"connect to {path}"
    return "connect a socket"


def _program(found: _Machine, process: int) -> list[bytes]:
    """Return the instructions of the filter."""
    numbers = _numbers(found.calls)
    program = [
        _load(4),
        _jump(_EQUAL, found.audit, 1, 0),
        _end(_ERROR | errno.EPERM),
        _load(0),
        _jump(_GREATER, 0x40000000, 0, 1),  # the x32 calls of x86-64
        _end(_ERROR | errno.EPERM),
    ]
    for name in _ALLOWED.split():
        if name not in numbers:
            continue  # this processor has a newer one only
        program += [_jump(_EQUAL, numbers[name], 0, 1), _end(_ALLOW)]
    for name in ("clone3", "openat2"):  # the C library does without
        program += [
            _jump(_EQUAL, numbers[name], 0, 1),
            _end(_ERROR | errno.ENOSYS),
        ]
    for name in ("fork", "vfork"):
        if name in numbers:
            program += [
                _jump(_EQUAL, numbers[name], 0, 1),
                _end(_ERROR | errno.EPERM),
            ]
    inside: list[tuple[str, Callable[[], list[bytes]]]] = [
        ("clone", lambda: _if_any(0, _THREAD, _ALLOW, _ERROR | errno.EPERM)),
        ("open", lambda: _if_any(1, _WRITES, _TRAP, _ALLOW)),
        ("openat", lambda: _if_any(2, _WRITES, _TRAP, _ALLOW)),
        ("fcntl", lambda: _if_one_of(1, _FCNTL)),
        ("ioctl", lambda: _if_one_of(1, _IOCTL)),
        ("tgkill", lambda: _if_one_of(0, (process,))),
        ("prlimit64", lambda: _if_one_of(0, (0, process))),
        ("socket", lambda: _if_one_of(0, _FAMILIES)),
        ("setsockopt", lambda: _if_one_of(1, _LEVELS)),
        ("sendto", lambda: _if_null(4)),
    ]
    for name, body in inside:
        if name in numbers:
            part = body()
            program += [_jump(_EQUAL, numbers[name], 0, len(part)), *part]
    return [*program, _end(_TRAP)]


def _if_any(argument: int, bits: int, then: int, otherwise: int) -> list[bytes]:
    """End with one action if an argument has one of some bits, else with another."""
    return [
        _load(16 + 8 * argument),
        _jump(_ANY_BIT, bits, 0, 1),
        _end(then),
        _end(otherwise),
    ]


def _if_one_of(argument: int, values: tuple[int, ...]) -> list[bytes]:
    """Allow some values of an argument."""
    tests = [
        each for value in values for each in (_jump(_EQUAL, value, 0, 1), _end(_ALLOW))
    ]
    return [_load(16 + 8 * argument), *tests, _end(_TRAP)]


def _if_null(argument: int) -> list[bytes]:
    """Allow an argument that is no address."""
    low = 16 + 8 * argument
    return [
        _load(low),
        _jump(_EQUAL, 0, 0, 3),
        _load(low + 4),
        _jump(_EQUAL, 0, 0, 1),
        _end(_ALLOW),
        _end(_TRAP),
    ]


def _load(offset: int) -> bytes:
    return struct.pack("HBBI", _LOAD, 0, 0, offset)


def _jump(code: int, value: int, if_true: int, if_false: int) -> bytes:
    return struct.pack("HBBI", code, if_true, if_false, value)


def _end(action: int) -> bytes:
    return struct.pack("HBBI", _RETURN, 0, 0, action)
