"""
What Prometheus reads of the master: `GET /metrics` on Buildbot's pages.

Counters begin at zero with the master; gauges are looked up when asked. While the
database is away those that are in it are missing, and one says for how long it has been.
"""
from __future__ import annotations

from collections import Counter
from typing import Any

from buildbot.process.results import Results
from buildbot.util.service import BuildbotService
from twisted.internet import defer, task
from twisted.python import log
from twisted.web import resource, server

from buildbot_master.parts.build import attempts_of, folders_of
from buildbot_master.parts.patience import absence_of
from buildbot_master.parts.settings import Settings
from buildbot_master.parts.workers import slot_names

#: Seconds. Upper ends of the histogram's classes.
_CLASSES = (0.5, 1, 2, 5, 10, 30, 60, 300, 1800, 7200)
_KIND = "text/plain; version=0.0.4; charset=utf-8"


class Metrics(BuildbotService):  # type: ignore[misc]
    """Counts ends of builds as Buildbot announces them."""

    name = "metrics"
    _consumer: Any = None

    def checkConfig(self, settings: Settings) -> None:
        """Nothing to check: the settings were checked when they were read."""

    def reconfigService(self, settings: Settings) -> None:
        self.settings = settings
        if not hasattr(self, "ends"):
            #: (check, result) -> builds.
            self.ends: Counter[tuple[str, str]] = Counter()
            self.durations: Counter[float] = Counter()
            self.duration_sum = 0.0
            self._adding = task.LoopingCall(self._add_page)
            self._adding.start(0.2)

    @defer.inlineCallbacks
    def startService(self) -> Any:
        yield super().startService()
        self._consumer = yield self.master.mq.startConsuming(self._ended, ("builds", None, "finished"))

    @defer.inlineCallbacks
    def stopService(self) -> Any:
        if self._consumer is not None:
            yield self._consumer.stopConsuming()
            self._consumer = None
        if self._adding.running:
            self._adding.stop()
        yield super().stopService()

    def _add_page(self) -> None:
        """Buildbot's own pages come up after the services: wait for them."""
        root = getattr(self.master.www, "root", None)
        if root is not None:
            self._adding.stop()
            root.putChild(b"metrics", _Page(self))

    @defer.inlineCallbacks
    def _ended(self, _key: Any, build: Any) -> Any:
        try:
            properties = yield self.master.data.get(("builds", build["buildid"], "properties"))
            check = str(properties.get("taskname", ("",))[0])[:64]
            self.ends[check, Results[build["results"]]] += 1
            seconds = _seconds(build["complete_at"]) - _seconds(build["started_at"])
            self.duration_sum += seconds
            self.durations[next((end for end in _CLASSES if seconds <= end), float("inf"))] += 1
        except Exception:
            log.err(None, "the end of a build is not counted")

    @defer.inlineCallbacks
    def text(self) -> Any:
        """Return the page in Prometheus' text format 0.0.4."""
        unclaimed = [_is("claimed", False), _is("complete", False)]
        waiting = yield self.master.data.get(("buildrequests",), filters=unclaimed)
        running = yield self.master.data.get(("builds",), filters=[_is("complete", False)])
        rows = yield self.master.data.get(("workers",))
        # Buildbot's own cleaner is one, too
        names = {name for one in self.settings.workers for name in slot_names(one)}
        workers = [one for one in rows if one["name"] in names]
        return self._page({
            "checkotron_jobs_waiting": ("Jobs that no worker has taken.", len(waiting)),
            "checkotron_builds_running": ("Builds under way.", len(running)),
            "checkotron_workers_connected": ("Worker names that are connected.",
                                             sum(bool(one["connected_to"]) for one in workers)),
        })

    def text_without_database(self) -> str:
        """Return the page with what is known without the database."""
        return self._page({})

    def _page(self, gauges: dict[str, tuple[str, float]]) -> str:
        queue, absence = folders_of(self.settings).queue, absence_of(self.master)
        away_seconds = None if absence is None else absence.seconds
        gauges |= {
            "checkotron_jobs_delayed": ("Jobs that wait for their next attempt.",
                                        len(attempts_of(self.master).not_before)),
            "checkotron_runs_unreported": ("Finished runs that reporting has not taken in.",
                                           sum(1 for _ in queue.glob("*.json")) if queue.is_dir() else 0),
            "checkotron_database_away_seconds": ("How long the master's database has been away; 0 while it answers.",
                                                 round(away_seconds or 0.0, 1)),
        }
        lines = [line for name, (words, value) in gauges.items()
                 for line in (f"# HELP {name} {words}", f"# TYPE {name} gauge", f"{name} {value}")]
        return "\n".join([*lines, *self._counters()]) + "\n"

    def _counters(self) -> list[str]:
        name, seconds = "checkotron_builds_total", "checkotron_build_seconds"
        lines = [f"# HELP {name} Builds that ended, by check and Buildbot's result.", f"# TYPE {name} counter"]
        lines += [f'{name}{{check="{_label(check)}",result="{result}"}} {count}'
                  for (check, result), count in sorted(self.ends.items())]
        lines += [f"# HELP {seconds} How long builds took.", f"# TYPE {seconds} histogram"]
        total = 0
        for end in (*_CLASSES, float("inf")):
            total += self.durations[end]
            lines.append(f'{seconds}_bucket{{le="{"+Inf" if end == float("inf") else f"{end:g}"}"}} {total}')
        return [*lines, f"{seconds}_sum {self.duration_sum:g}", f"{seconds}_count {total}"]


class _Page(resource.Resource):
    isLeaf = True

    def __init__(self, metrics: Metrics) -> None:
        super().__init__()
        self.metrics = metrics

    def render_GET(self, request: Any) -> Any:
        """Answer later: the gauges are in the database."""
        def send(text: str) -> None:
            if not request._disconnected:
                request.setHeader("Content-Type", _KIND)
                request.write(text.encode())
                request.finish()

        def fail(failure: Any) -> None:
            log.err(failure, "the metrics cannot be shown")
            if not request._disconnected:
                request.setResponseCode(500)
                request.finish()

        self.metrics.text().addCallbacks(send).addErrback(fail)
        return server.NOT_DONE_YET

    def without_database(self) -> tuple[str, bytes]:
        """Return kind and content of the answer while the database is away (away_pages.py)."""
        return _KIND, self.metrics.text_without_database().encode()


def _is(field: str, value: bool) -> Any:
    from buildbot.data import resultspec
    return resultspec.Filter(field, "eq", [value])


def _seconds(moment: Any) -> float:
    return float(moment.timestamp() if hasattr(moment, "timestamp") else moment or 0)


def _label(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
