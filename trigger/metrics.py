"""What the consumer counts, in Prometheus' text format, at `http://HOST:PORT/metrics`."""
from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

#: Name: (kind, what it is).
NAMES: dict[str, tuple[str, str]] = {
    "checkotron_trigger_messages_total": ("counter", "Messages taken, by what became of them."),
    "checkotron_trigger_jobs_total": ("counter", "Jobs of messages, by rule."),
    "checkotron_trigger_busy_seconds_total": ("counter", "Time spent on messages, waiting for the master included."),
    "checkotron_trigger_last_message_timestamp_seconds": ("gauge", "When the last message came."),
    "checkotron_trigger_parked": ("gauge", "Messages that could not be used and wait for an operator."),
    "checkotron_trigger_held": ("gauge", "Jobs that wait for a burst to end, for other checks or for their turn."),
    "checkotron_trigger_waits": ("gauge", "1 while the trigger does not listen, for want of this."),
    "checkotron_trigger_paused": ("gauge", "1 while the trigger is paused."),
    "checkotron_trigger_rules": ("gauge", "Rules in force."),
    "checkotron_trigger_rule_reloads_total": ("counter", "Changed rules files, by whether they were taken."),
}


class Metrics:
    """Counters of one consumer; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, tuple[tuple[str, str], ...]]] = Counter()
        #: Asked when somebody reads: name, labels, value.
        self.gauges: list[Callable[[], tuple[str, Mapping[str, str], float]]] = []

    def count(self, name: str, amount: float = 1, **labels: str) -> None:
        """Add to a counter."""
        with self._lock:
            self._counts[name, tuple(sorted(labels.items()))] += amount  # type: ignore[assignment]

    def message(self, fate: str, began: float) -> None:
        """Count a message that is done with; `began` by time.monotonic()."""
        self.count("checkotron_trigger_messages_total", fate=fate)
        self.count("checkotron_trigger_busy_seconds_total", time.monotonic() - began)
        with self._lock:
            self._counts["checkotron_trigger_last_message_timestamp_seconds", ()] = time.time()  # type: ignore[assignment]

    def text(self) -> str:
        """Return everything in Prometheus' text format."""
        with self._lock:
            values: list[tuple[str, Mapping[str, str], float]] = [
                (name, dict(labels), float(value)) for (name, labels), value in self._counts.items()]
        values += [gauge() for gauge in self.gauges]
        lines: list[str] = []
        for name, (kind, what) in NAMES.items():
            mine = sorted((value for value in values if value[0] == name), key=lambda value: str(value[1]))
            if mine:
                lines += [f"# HELP {name} {what}", f"# TYPE {name} {kind}"]
                lines += [f"{name}{_labels(labels)} {value:.15g}" for _, labels, value in mine]
        return "\n".join(lines) + "\n"


def serve(metrics: Metrics, address: str) -> ThreadingHTTPServer:
    """Answer on `host:port` in a thread of its own, and return the server. Raises OSError, ValueError."""
    host, _, port = address.rpartition(":")

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            is_known = self.path.split("?")[0] in ("/metrics", "/healthcheck")
            words = "ok\n" if is_known else "not here\n"
            body = (metrics.text() if self.path.startswith("/metrics") else words).encode()
            self.send_response(200 if is_known else 404)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Keep quiet: a scrape every few seconds is no news."""

    server = ThreadingHTTPServer((host or "127.0.0.1", int(port)), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return server


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    escape = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
    return "{" + ",".join(f'{name}="{value.translate(escape)}"' for name, value in labels.items()) + "}"
