"""The second system-call filter, which the child puts on itself before any program runs.

The container's own profile must leave the supervisor `fork`, `kill` and `setuid`. A
program needs none of them, so the child denies them here. Denied calls fail with EPERM,
which a program sees as an ordinary `PermissionError`.
"""

import ctypes
import os
import signal

_PR_SET_SECCOMP, _MODE_FILTER = 22, 2

# seccomp_data: the offsets of its fields, low halves of the 64-bit arguments.
_NR, _ARCH, _ARG0, _ARG1, _ARG2 = 0, 4, 16, 24, 32

_LOAD, _JUMP_EQ, _JUMP_GE, _JUMP_SET, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _EPERM, _ENOSYS, _KILL = 0x7FFF0000, 0x00050001, 0x00050026, 0x80000000
_CLONE_THREAD = 0x00010000
_X32_BIT = 0x40000000
_F_SETSIG = 10

# What interpreters ask of files, pipes and, in vain, terminals; every other request reaches
# drivers: line disciplines, network devices, file systems.
_HARMLESS_IOCTLS = {
    "FIONREAD": 0x541B,
    "FIONBIO": 0x5421,
    "FIOCLEX": 0x5451,
    "FIONCLEX": 0x5450,
    "TCGETS": 0x5401,
    "TIOCGWINSZ": 0x5413,
}

Instruction = tuple[int, int, int, int]

# name: (x86_64, aarch64); None where the architecture does not have the call.
_DENIED: dict[str, tuple[int | None, int | None]] = {
    # another program or another process
    "execve": (59, 221),
    "execveat": (322, 281),
    "fork": (57, None),
    "vfork": (58, None),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "kcmp": (312, 272),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    # signals to others; `raise` and `abort` use tgkill, which stays
    "kill": (62, 129),
    "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "pidfd_send_signal": (424, 424),
    "timer_create": (222, 107),  # it may send any signal; setitimer only its own
    # identity, session and priority
    "setuid": (105, 146),
    "setgid": (106, 144),
    "setreuid": (113, 145),
    "setregid": (114, 143),
    "setresuid": (117, 147),
    "setresgid": (119, 149),
    "setgroups": (116, 159),
    "setfsuid": (122, 151),
    "setfsgid": (123, 152),
    "setsid": (112, 157),
    "setpgid": (109, 154),
    "setpriority": (141, 140),
    "sched_setaffinity": (203, 122),
    "sched_setattr": (314, 274),
    "sched_setscheduler": (144, 119),
    "ioprio_set": (251, 30),
    "personality": (135, 92),
    # network; socketpair stays, asyncio wakes its loop with one, but gets no packet filter
    "socket": (41, 198),
    "connect": (42, 203),
    "bind": (49, 200),
    "listen": (50, 201),
    "setsockopt": (54, 208),
    # namespaces, mounts and files by handle
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "mknod": (133, None),
    "mknodat": (259, 33),
    "quotactl": (179, 60),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    # large kernel surfaces that no program here needs
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    "perf_event_open": (298, 241),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "syslog": (103, 116),
    "modify_ldt": (154, None),
    "inotify_init": (253, None),
    "inotify_init1": (294, 26),
    "fanotify_init": (300, 262),
    # memory that outlives the process or can be executed as a file
    "memfd_create": (319, 279),
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    "mq_unlink": (241, 181),
}


class _SockFilter(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_uint16),
        ("jt", ctypes.c_uint8),
        ("jf", ctypes.c_uint8),
        ("k", ctypes.c_uint32),
    )


class _SockFprog(ctypes.Structure):
    _fields_ = (("len", ctypes.c_uint16), ("filter", ctypes.POINTER(_SockFilter)))


class SeccompFilter:
    """A compiled filter; build it once in the supervisor, install it in every child."""

    def __init__(self) -> None:
        program = _program(os.uname().machine)
        self._instructions = (_SockFilter * len(program))(*(_SockFilter(*i) for i in program))
        self._header = _SockFprog(len(program), self._instructions)
        self._prctl = ctypes.CDLL(None, use_errno=True).prctl

    def install(self) -> None:
        """Filter the calling process from here on, for good."""
        if self._prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(self._header), 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "the kernel refused the child's seccomp filter")


def _program(machine: str) -> list[Instruction]:
    x86 = machine == "x86_64"
    arch = 0xC000003E if x86 else 0xC00000B7
    numbers = [pair[0 if x86 else 1] for pair in _DENIED.values()]
    program = [
        (_LOAD, 0, 0, _ARCH),
        (_JUMP_EQ, 1, 0, arch),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NR),
        *(_deny_x32() if x86 else []),
    ]
    for number in numbers:
        if number is not None:
            program += [(_JUMP_EQ, 0, 1, number), (_RETURN, 0, 0, _EPERM)]
    # clone3 hides its flags in memory; on ENOSYS the C library falls back to clone.
    program += [(_JUMP_EQ, 0, 1, 435), (_RETURN, 0, 0, _ENOSYS)]
    program += _only_threads(56 if x86 else 220)
    program += _only_own_limits(302 if x86 else 261)
    program += _only_harmless_ioctls(16 if x86 else 29)
    program += _no_chosen_signal(72 if x86 else 25)
    program += _never_sigkill(234 if x86 else 131)
    return [*program, (_RETURN, 0, 0, _ALLOW)]


def _deny_x32() -> list[Instruction]:
    return [(_JUMP_GE, 0, 1, _X32_BIT), (_RETURN, 0, 0, _KILL)]


def _only_threads(clone: int) -> list[Instruction]:
    return [
        (_JUMP_EQ, 0, 4, clone),
        (_LOAD, 0, 0, _ARG0),
        (_JUMP_SET, 1, 0, _CLONE_THREAD),
        (_RETURN, 0, 0, _EPERM),
        (_RETURN, 0, 0, _ALLOW),
    ]


def _only_own_limits(prlimit64: int) -> list[Instruction]:
    return [
        (_JUMP_EQ, 0, 4, prlimit64),
        (_LOAD, 0, 0, _ARG0),
        (_JUMP_EQ, 1, 0, 0),
        (_RETURN, 0, 0, _EPERM),
        (_RETURN, 0, 0, _ALLOW),
    ]


def _only_harmless_ioctls(ioctl: int) -> list[Instruction]:
    allowed: list[Instruction] = []
    for request in _HARMLESS_IOCTLS.values():
        allowed += [(_JUMP_EQ, 0, 1, request), (_RETURN, 0, 0, _ALLOW)]
    # The kernel reads the low half of a request only.
    body = [(_LOAD, 0, 0, _ARG1), *allowed, (_RETURN, 0, 0, _EPERM)]
    return [(_JUMP_EQ, 0, len(body), ioctl), *body]


def _no_chosen_signal(fcntl: int) -> list[Instruction]:
    """Deny F_SETSIG, by which a file that is ready sends its owner any signal."""
    return [
        (_JUMP_EQ, 0, 4, fcntl),
        (_LOAD, 0, 0, _ARG1),
        (_JUMP_EQ, 0, 1, _F_SETSIG),
        (_RETURN, 0, 0, _EPERM),
        (_RETURN, 0, 0, _ALLOW),
    ]


def _never_sigkill(tgkill: int) -> list[Instruction]:
    """Deny SIGKILL to oneself: an unexplained SIGKILL then points at the host, not the program."""
    return [
        (_JUMP_EQ, 0, 4, tgkill),
        (_LOAD, 0, 0, _ARG2),
        (_JUMP_EQ, 0, 1, int(signal.SIGKILL)),
        (_RETURN, 0, 0, _EPERM),
        (_RETURN, 0, 0, _ALLOW),
    ]
