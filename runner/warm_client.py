"""
Stands for a run of the warm runner (warm.py): `python -I -S warm_client.py WORD...` is `checkotron WORD...`.

Imports only what is built in: it must start in the time of a shell. Where no
warm runner can be had it becomes a plain process.
"""
import _signal
import _socket
import posix
import sys

#: In the environment: the warm runner's socket.
VARIABLE = b"CHECKOTRON_WARM_RUNNER"
#: Exit code where the warm runner dies in the middle of a run: the surroundings failed, try again.
AGAIN = 3
_SIGNALS = {_signal.SIGTERM: b"T", _signal.SIGINT: b"I", _signal.SIGHUP: b"H"}


def main() -> None:
    """Run it there, else here."""
    path = posix.environ.pop(VARIABLE, None)
    if path:
        client = _asked(path)
        if client is not None:
            _stand_for_the_run(client)
    posix.execve(sys.executable, [sys.executable, "-P", "-m", "checkotron", *sys.argv[1:]], posix.environ)


def _asked(path: bytes) -> "_socket.socket | None":
    """Return the connection once the warm runner has begun the run; None where it does not."""
    client = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    umask = posix.umask(0o077)
    posix.umask(umask)
    words = [word.encode("utf-8", "surrogateescape") for word in sys.argv[1:]]
    pairs = [name + b"=" + value for name, value in posix.environ.items()]
    data = b"\0".join([posix.getcwdb(), b"%d" % umask, b"%d" % len(words), *words, *pairs])
    streams = b"".join(number.to_bytes(4, sys.byteorder) for number in (0, 1, 2))
    try:
        client.connect(path)
        client.sendmsg([len(data).to_bytes(4, "big")], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, streams)])
        client.sendall(data)
        return client if client.recv(1) == b"+" else None
    except OSError:
        return None


def _stand_for_the_run(client: "_socket.socket") -> None:
    """Pass signals on; end as the run ends."""
    def pass_on(number: int, _frame: object) -> None:
        try:
            client.send(_SIGNALS[number])
        except OSError:
            posix._exit(AGAIN)

    for number in _SIGNALS:
        _signal.signal(number, pass_on)
    said = b""
    try:
        while not said.endswith(b"\n"):
            got = client.recv(32)
            if not got:
                break
            said += got
    except OSError:
        said = b""
    if not said.endswith(b"\n"):
        posix.write(2, b"Error: the warm runner ended in the middle of the run; it is to be tried again\n")
        posix._exit(AGAIN)
    code = int(said)
    if code < 0:
        _signal.signal(-code, _signal.SIG_DFL) if -code != 9 else None
        posix.kill(posix.getpid(), -code)
    posix._exit(code)


if __name__ == "__main__":
    main()
