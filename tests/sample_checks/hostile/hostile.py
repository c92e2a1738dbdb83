"""Code that nobody should trust: every function tries one bad thing and returns what came of it."""
import os
import socket
import subprocess
import sys
from pathlib import Path

SELF = os.path.abspath(__file__)


def attempt(function, *arguments):
    try:
        return f"DONE {function(*arguments)!r}"
    except BaseException as error:
        return f"refused {type(error).__name__}"


def write(path):
    with open(path, "w") as file:
        file.write("was here")
    return path


def read(path):
    with open(path, "rb") as file:
        return file.read(20)


def connect(address):
    with socket.create_connection(address, timeout=2):
        return address


def run():
    status = Path("/proc/self/status").read_text()
    tried = {
        "write /usr": attempt(write, "/usr/was-here"),
        "write /etc": attempt(write, "/etc/was-here"),
        "write own check": attempt(write, SELF),
        "read shadow": attempt(read, "/etc/shadow"),
        "list root's home": attempt(os.listdir, "/root"),
        "list homes": attempt(os.listdir, "/home"),
        "net outside": attempt(connect, ("192.0.2.1", 80)),
        "net loopback": attempt(connect, ("127.0.0.1", int(os.environ.get("HOST_PORT", "1")))),
        "mount": attempt(subprocess.check_output, ["mount", "-t", "tmpfs", "none", "/tmp"]),
        "remount": attempt(subprocess.check_output, ["mount", "-o", "remount,rw,bind", "/usr"]),
        "namespace": attempt(subprocess.check_output, ["unshare", "-U", "-r", "true"]),
        "ptrace": attempt(subprocess.check_output, ["strace", "true"]),
        "kill": attempt(os.kill, int(os.environ.get("HOST_PID", "99999999")), 9),
        "processes": len([name for name in os.listdir("/proc") if name.isdigit()]),
        "uid": os.getuid(),
        "caps": [line for line in status.splitlines(True) if line.startswith(("CapEff", "NoNewPrivs", "Seccomp:"))],
        "environment": sorted(os.environ),
        "python": sys.version,
    }
    return [{"outcome": "INFO", "summary": "what came of it",
             "output": "\n".join(f"{k}: {v}" for k, v in tried.items())}]
