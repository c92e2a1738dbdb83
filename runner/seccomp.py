"""
The system calls that a sandboxed command cannot make, as a program for the kernel (classic BPF).

A deny list: what could change mounts, namespaces, other processes or the
kernel. Everything else stays, so that ordinary programs run. Calls of another
architecture's convention are all refused.
"""
from __future__ import annotations

import errno
import os
import platform
import struct

# linux/filter.h, linux/seccomp.h
_LOAD, _JUMP_EQUAL, _JUMP_GREATER_EQUAL, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM
_NUMBER_OFFSET, _ARCH_OFFSET, _ARGUMENT_1_OFFSET = 0, 4, 24
#: ioctl that types into a terminal.
_TIOCSTI = 0x5412
_X32_BIT = 0x40000000

#: Names and numbers from the kernel: arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h.
_X86_64 = {
    "ptrace": 101, "syslog": 103, "pivot_root": 155, "acct": 163, "settimeofday": 164, "mount": 165, "umount2": 166,
    "swapon": 167, "swapoff": 168, "reboot": 169, "init_module": 175, "delete_module": 176, "quotactl": 179,
    "lookup_dcookie": 212, "kexec_load": 246, "add_key": 248, "request_key": 249, "keyctl": 250, "unshare": 272,
    "perf_event_open": 298, "name_to_handle_at": 303, "open_by_handle_at": 304, "setns": 308, "process_vm_readv": 310,
    "process_vm_writev": 311, "finit_module": 313, "kexec_file_load": 320, "bpf": 321, "userfaultfd": 323,
    "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "open_tree": 428, "move_mount": 429,
    "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433, "pidfd_getfd": 438, "mount_setattr": 442,
}
_AARCH64 = {
    "umount2": 39, "mount": 40, "pivot_root": 41, "acct": 89, "unshare": 97, "kexec_load": 104, "init_module": 105,
    "delete_module": 106, "syslog": 116, "ptrace": 117, "reboot": 142, "settimeofday": 170, "add_key": 217,
    "request_key": 218, "keyctl": 219, "swapon": 224, "swapoff": 225, "perf_event_open": 241, "name_to_handle_at": 264,
    "open_by_handle_at": 265, "setns": 268, "process_vm_readv": 270, "process_vm_writev": 271, "finit_module": 273,
    "bpf": 280, "userfaultfd": 282, "kexec_file_load": 294, "io_uring_setup": 425, "io_uring_enter": 426,
    "io_uring_register": 427, "open_tree": 428, "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432,
    "fspick": 433, "pidfd_getfd": 438, "mount_setattr": 442,
}
#: Machine: (AUDIT_ARCH, numbers to refuse, number of ioctl).
_MACHINES = {"x86_64": (0xC000003E, _X86_64, 16), "aarch64": (0xC00000B7, _AARCH64, 29)}


def is_supported() -> bool:
    """True where this machine's system calls are known here."""
    return platform.machine() in _MACHINES


def program(machine: str) -> bytes:
    """Return the program for a machine, as bubblewrap's --seccomp reads it."""
    audit_arch, numbers, ioctl = _MACHINES[machine]
    refused = sorted(numbers.values())
    # load arch; another: refuse. load number; x32: refuse; one of the list: refuse; ioctl: look at its argument
    lines: list[tuple[int, int, int, int]] = [
        (_LOAD, 0, 0, _ARCH_OFFSET),
        (_JUMP_EQUAL, 1, 0, audit_arch),
        (_RETURN, 0, 0, _REFUSE),
        (_LOAD, 0, 0, _NUMBER_OFFSET),
    ]
    body: list[tuple[int, int]] = [(_JUMP_GREATER_EQUAL, _X32_BIT)] if machine == "x86_64" else []
    body += [(_JUMP_EQUAL, number) for number in refused]
    for index, (code, value) in enumerate(body):
        # the refusal stands after the rest of the list and the five lines about ioctl
        lines.append((code, len(body) - index - 1 + 5, 0, value))
    lines += [
        (_JUMP_EQUAL, 0, 3, ioctl),
        (_LOAD, 0, 0, _ARGUMENT_1_OFFSET),
        (_JUMP_EQUAL, 2, 0, _TIOCSTI),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
    return b"".join(struct.pack("=HBBI", *line) for line in lines)


def open_program() -> int:
    """Return a descriptor to read the program for this machine from; the caller closes it."""
    read, write = os.pipe()
    # at most 500 bytes: a pipe holds them without a reader
    os.write(write, program(platform.machine()))
    os.close(write)
    return read
