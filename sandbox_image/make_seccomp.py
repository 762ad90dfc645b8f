"""Write `seccomp.json`, the container's system-call profile: `python make_seccomp.py`.

Provenance: a list of our own in the format and with the meaning of the Docker engine's
default profile (moby, `profiles/seccomp/default.json`): everything is denied with EPERM
unless a rule allows it, clone may not make namespaces, clone3 answers ENOSYS so that the
C library falls back to clone. It differs from the engine's by allowing only what CPython,
numpy, the supervisor and the start of a container use. Not allowed here, though engines
of one age or another allow it: io_uring, SysV shared memory, semaphores and message
queues, POSIX message queues, AIO, memfd, mlock, socket (socketpair of AF_UNIX stays),
ptrace and process_vm, keyrings, fanotify and inotify, extended attributes, splice, 32-bit
and x32 calls, personality (but for the old kernel name), landlock, scheduling classes.
"""

import json
from pathlib import Path

_ALLOWED: dict[str, str] = {
    "files": """
        access chdir chmod close close_range dup dup2 dup3 faccessat faccessat2 fadvise64
        fallocate fchdir fchmod fchmodat fcntl fdatasync flock fstat fstatfs fsync ftruncate
        getcwd getdents getdents64 ioctl lseek lstat mkdir mkdirat newfstatat open openat
        pipe pipe2 pread64 preadv pwrite64 pwritev read readlink readlinkat readv rename
        renameat renameat2 rmdir stat statfs statx truncate umask unlink unlinkat utime
        utimensat utimes write writev sendfile copy_file_range link linkat symlink symlinkat
    """,
    "memory": "brk madvise mincore mmap mprotect mremap msync munmap membarrier",
    "threads and processes": """
        arch_prctl execve exit exit_group fork futex get_robust_list getcpu getpgid getpgrp
        getpid getppid getpriority getrandom getrlimit getrusage getsid gettid prctl prlimit64
        restart_syscall rseq sched_get_priority_max sched_get_priority_min sched_getaffinity
        sched_getparam sched_getscheduler sched_setaffinity sched_yield set_robust_list
        set_tid_address setrlimit setpriority sysinfo times uname vfork wait4 waitid pidfd_open
    """,
    "signals and waiting": """
        alarm epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_wait eventfd eventfd2
        getitimer kill pause poll ppoll pselect6 rt_sigaction rt_sigpending rt_sigprocmask
        rt_sigreturn rt_sigsuspend rt_sigtimedwait select setitimer sigaltstack signalfd4
        tgkill tkill timer_create timer_delete timer_getoverrun timer_gettime timer_settime
        timerfd_create timerfd_gettime timerfd_settime
    """,
    "time": "clock_getres clock_gettime clock_nanosleep gettimeofday nanosleep time",
    "identity, for the supervisor": """
        capget capset getegid geteuid getgid getgroups getresgid getresuid getuid seccomp
        setgid setgroups setregid setresgid setresuid setreuid setuid setfsuid setfsgid
    """,
    "a connected pair of sockets, for asyncio": """
        getpeername getsockname getsockopt recvfrom recvmsg sendmsg sendto setsockopt shutdown
    """,
}
_AF_UNIX = 1
_UNAME26 = 0x20000
# CLONE_NEW* flags: namespaces.
_CLONE_NAMESPACES = 0x7E020000
_ENOSYS = 38


def profile() -> dict[str, object]:
    """Return the profile in the engine's format."""
    names = sorted({name for group in _ALLOWED.values() for name in group.split()})
    return {
        "defaultAction": "SCMP_ACT_ERRNO",
        "archMap": [
            {"architecture": "SCMP_ARCH_X86_64", "subArchitectures": []},
            {"architecture": "SCMP_ARCH_AARCH64", "subArchitectures": []},
        ],
        "syscalls": [
            {"names": names, "action": "SCMP_ACT_ALLOW"},
            _allow_if("socketpair", {"index": 0, "value": _AF_UNIX, "op": "SCMP_CMP_EQ"}),
            _allow_if("personality", {"index": 0, "value": _UNAME26, "op": "SCMP_CMP_EQ"}),
            _allow_if(
                "clone",
                {"index": 0, "value": _CLONE_NAMESPACES, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"},
            ),
            {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": _ENOSYS},
        ],
    }


def _allow_if(name: str, argument: dict[str, object]) -> dict[str, object]:
    return {"names": [name], "action": "SCMP_ACT_ALLOW", "args": [argument]}


if __name__ == "__main__":
    path = Path(__file__).with_name("seccomp.json")
    path.write_text(json.dumps(profile(), indent=1) + "\n", encoding="utf-8")
