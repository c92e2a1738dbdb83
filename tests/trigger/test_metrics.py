"""What the consumer counts, as Prometheus reads it."""

from __future__ import annotations

import time
import urllib.error
import urllib.request

import pytest

from trigger.metrics import NAMES, Metrics, serve


def test_counters_and_gauges_are_told_with_help_and_type() -> None:
    metrics = Metrics()
    metrics.count("checkotron_trigger_jobs_total", rule='with "quotes"\nand lines')
    metrics.count("checkotron_trigger_jobs_total", rule="a")
    metrics.count("checkotron_trigger_jobs_total", rule="a")
    metrics.message("jobs", time.monotonic() - 2)
    metrics.gauges.append(lambda: ("checkotron_trigger_held", {}, 3))
    lines = metrics.text().splitlines()

    assert 'checkotron_trigger_jobs_total{rule="a"} 2' in lines
    assert 'checkotron_trigger_jobs_total{rule="with \\"quotes\\"\\nand lines"} 1' in lines
    assert 'checkotron_trigger_messages_total{fate="jobs"} 1' in lines
    assert "# TYPE checkotron_trigger_held gauge" in lines
    assert "checkotron_trigger_held 3" in lines
    assert all(line.startswith(("#", *NAMES)) for line in lines)


def test_they_are_served_and_nothing_else_is() -> None:
    metrics = Metrics()
    metrics.count("checkotron_trigger_messages_total", fate="none")
    server = serve(metrics, "127.0.0.1:0")
    url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        with urllib.request.urlopen(url + "/metrics", timeout=60) as answer:
            assert b'checkotron_trigger_messages_total{fate="none"} 1' in answer.read()
        with urllib.request.urlopen(url + "/healthcheck", timeout=60) as answer:
            assert answer.read() == b"ok\n"
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(url + "/etc/passwd", timeout=60)
    finally:
        server.shutdown()
        server.server_close()
