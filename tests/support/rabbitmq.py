"""
A private RabbitMQ: a child process with everything of its own, on loopback, gone when the tests end.

It also has its own epmd (Erlang's name server), because RabbitMQ would start
one as a daemon that outlives it. One broker serves a whole test session; each
test takes a fresh virtual host. Never the packaged wrapper: it wants root's
folders and another user.
"""
from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pika
import pytest

from tests.support.free_ports import free_ports

SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
CONTROL = Path("/usr/lib/rabbitmq/bin/rabbitmqctl")
#: Seconds until the broker must answer; it takes 4 to 10 on a quiet machine.
START_SECONDS = 90
#: Virtual hosts that are made at a time.
_VHOSTS = 15


class RabbitMQMissingError(RuntimeError):
    """Raised where the broker is not installed; the text says how to get it."""


def wait_until(condition: Callable[[], object], seconds: float = 60.0, what: str = "") -> None:
    """Poll until the condition is true. Raises AssertionError: it was not in time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s: {what or condition}"
        time.sleep(0.05)


@dataclass
class RabbitMQ:
    """A running broker."""

    folder: Path
    port: int
    distribution_port: int
    epmd_port: int
    node: str
    server: subprocess.Popen[bytes] | None = None
    epmd: subprocess.Popen[bytes] | None = None
    #: Ends the others when we are killed ourselves and cannot.
    watchdog: subprocess.Popen[bytes] | None = None
    #: Virtual hosts that no test has had.
    spare: list[str] = field(default_factory=list)

    def url(self, vhost: str = "%2F") -> str:
        """Return the address of a virtual host."""
        return f"amqp://guest:guest@127.0.0.1:{self.port}/{vhost}"

    def start(self) -> None:
        """Start epmd (once) and the broker, and wait until it answers."""
        if self.epmd is None:
            self.epmd = subprocess.Popen(["epmd", "-port", str(self.epmd_port), "-address", "127.0.0.1"],
                                         env=self.environment(), stdin=subprocess.DEVNULL)
        log = (self.folder / "server.log").open("ab")
        self.server = subprocess.Popen([str(SERVER)], env=self.environment(), stdin=subprocess.DEVNULL,
                                       stdout=log, stderr=log, start_new_session=True, cwd=self.folder)
        log.close()
        self._watch()
        end = time.monotonic() + START_SECONDS
        while not self.answers():
            if self.server.poll() is not None or time.monotonic() > end:
                text = (self.folder / "server.log").read_text(errors="replace")[-3000:]
                raise RuntimeError(f"RabbitMQ did not start:\n{text}")
            time.sleep(0.1)

    def _watch(self) -> None:
        """Start a shell that waits for the end of a pipe that only we hold, and then kills broker and epmd."""
        if self.server is None or self.epmd is None:
            return
        script = 'read -r _; kill -9 "-$1"; kill -9 "$2"'
        self.watchdog = subprocess.Popen(["sh", "-c", script, "sh", str(self.server.pid), str(self.epmd.pid)],
                                         stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                         start_new_session=True)

    def answers(self) -> bool:
        """True where the broker speaks AMQP."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), 5) as sock:
                sock.settimeout(5)
                sock.sendall(b"AMQP\x00\x00\x09\x01")
                return sock.recv(1) == b"\x01"
        except OSError:
            return False

    def stop(self, how: int = signal.SIGTERM) -> None:
        """End the broker; its data stays for the next start."""
        if self.watchdog is not None:
            # First: the numbers of the processes it would kill may soon be others'.
            self.watchdog.kill()
            self.watchdog.wait(60)
            if self.watchdog.stdin:
                self.watchdog.stdin.close()
            self.watchdog = None
        if self.server is not None and self.server.poll() is None:
            self.server.send_signal(how)
            try:
                self.server.wait(60)
            except subprocess.TimeoutExpired:
                os.killpg(self.server.pid, signal.SIGKILL)
                self.server.wait(60)
        if self.server is not None:
            # What Erlang started beside itself (inet_gethost, erl_child_setup) is in the same group.
            with_group(self.server.pid)
        self.server = None

    def close(self) -> None:
        """End everything and remove the data."""
        self.stop()
        if self.epmd is not None:
            self.epmd.terminate()
            self.epmd.wait(60)
        shutil.rmtree(self.folder, ignore_errors=True)

    def control(self, *arguments: str) -> str:
        """Run rabbitmqctl and return what it prints."""
        done = subprocess.run([str(CONTROL), "--node", self.node, "--quiet", *arguments], env=self.environment(),
                              capture_output=True, text=True, timeout=150, check=True)
        return done.stdout

    def environment(self) -> dict[str, str]:
        """Return the environment of every child: nothing of the machine's own RabbitMQ."""
        base = self.folder
        return {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": str(base / "home"), "LANG": "C.UTF-8",
            "RABBITMQ_NODENAME": self.node, "RABBITMQ_MNESIA_BASE": str(base / "mnesia"),
            "RABBITMQ_LOG_BASE": str(base / "log"), "RABBITMQ_SCHEMA_DIR": str(base / "schema"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(base / "config"),
            "RABBITMQ_CONFIG_FILE": str(base / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(base / "advanced.config"),
            "RABBITMQ_CONF_ENV_FILE": str(base / "env.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(base / "enabled_plugins"),
            "RABBITMQ_PID_FILE": str(base / "pid"), "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port), "RABBITMQ_DIST_PORT": str(self.distribution_port),
            "ERL_EPMD_PORT": str(self.epmd_port), "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            # The script then becomes Erlang itself, so that our child is the broker.
            "RUNNING_UNDER_SYSTEMD": "true",
        }


def with_group(pid: int) -> None:
    """Kill what is left of a process group."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


@contextmanager
def running_rabbitmq(folder: Path) -> Iterator[RabbitMQ]:
    """Give a broker that lives as long as the block. Raises RabbitMQMissingError."""
    if not SERVER.exists() or shutil.which("epmd") is None:
        raise RabbitMQMissingError(
            "RabbitMQ is not installed, and these tests use a real one: run `apt-get install rabbitmq-server` "
            "(Debian; needs no running service), or `make test`, which does it")
    port, distribution, epmd = free_ports(3)
    broker = RabbitMQ(_prepared(folder, port), port, distribution, epmd, f"t{secrets.token_hex(4)}@localhost")
    try:
        broker.start()
        yield broker
    finally:
        broker.close()


@contextmanager
def fresh_vhost(broker: RabbitMQ) -> Iterator[str]:
    """Give the address of an empty virtual host."""
    if not broker.spare:
        _make_vhosts(broker)
    yield broker.url(broker.spare.pop())


def _make_vhosts(broker: RabbitMQ) -> None:
    """
    Make a store of empty virtual hosts; they go with the broker.

    Each call of rabbitmqctl starts an Erlang of its own, which takes half a minute on a busy machine: one call does
    here what `add_vhost` and `set_permissions` would.
    """
    names = [f"v{secrets.token_hex(4)}" for _ in range(_VHOSTS)]
    listed = ", ".join(f'<<"{name}">>' for name in names)
    broker.control("eval", '[begin ok = rabbit_vhost:add(Name, <<"tests">>), '
                   'ok = rabbit_auth_backend_internal:set_permissions(<<"guest">>, Name, <<".*">>, <<".*">>, <<".*">>, '
                   f'<<"tests">>) end || Name <- [{listed}]].')
    broker.spare += names


def publish(url: str, topic: str, body: bytes, **properties: object) -> None:
    """Publish one message as it is, confirmed by the broker, to amq.topic; a message that no queue takes is a fault."""
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        content = pika.BasicProperties(delivery_mode=2, **properties)
        channel.basic_publish("amq.topic", topic, body, content, mandatory=True)


def waiting(url: str, queue: str) -> int:
    """Return how many messages are ready in a queue; those held by a consumer are not counted."""
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        return int(connection.channel().queue_declare(queue, passive=True).method.message_count)


def consumers(url: str, queue: str) -> int:
    """Return how many consume from a queue, 0 while there is no such queue; who consumes has bound it before."""
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        try:
            return int(connection.channel().queue_declare(queue, passive=True).method.consumer_count)
        except pika.exceptions.ChannelClosedByBroker:
            return 0


def _prepared(folder: Path, port: int) -> Path:
    """Write what the broker reads at start."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "home").mkdir(exist_ok=True)
    cookie = folder / "home" / ".erlang.cookie"
    cookie.write_text(secrets.token_hex(20))
    cookie.chmod(0o400)
    (folder / "enabled_plugins").write_text("[].\n")
    (folder / "advanced.config").write_text("[].\n")
    (folder / "env.conf").write_text("")
    (folder / "rabbitmq.conf").write_text("\n".join((
        f"listeners.tcp.1 = 127.0.0.1:{port}", "loopback_users = none", "log.console = true",
        "log.console.level = warning", "log.file = false", "disk_free_limit.absolute = 50MB",
        "vm_memory_high_watermark.absolute = 1GB", "")))
    return folder


@pytest.fixture(scope="session")
def rabbitmq(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitMQ]:
    """One broker for all tests of a session."""
    with running_rabbitmq(tmp_path_factory.mktemp("rabbitmq")) as broker:
        yield broker


@pytest.fixture
def bus(rabbitmq: RabbitMQ) -> Iterator[str]:
    """The address of an empty virtual host, for one test."""
    with fresh_vhost(rabbitmq) as url:
        yield url
