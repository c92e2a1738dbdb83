"""Bare Buildbot running `true`: as shipped, and with the pool that we give SQLite."""
from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from buildbot_master.stack.child import Child, Part
from buildbot_master.stack.parts_list import _answers, _twistd
from buildbot_master.stack.port import HOST, free_ports

#: Four builders: Buildbot runs one build at a time for each pair of builder and worker.
_MASTER = '''
import sqlalchemy.pool
from buildbot.plugins import schedulers, steps, util, worker
BUILDERS = ["b0", "b1", "b2", "b3"]
c = BuildmasterConfig = {{
    "protocols": {{"pb": {{"port": "tcp:{worker_port}:interface=127.0.0.1"}}}},
    "workers": [worker.Worker("w", "x", max_builds=4)],
    "builders": [util.BuilderConfig(name=name, workernames=["w"], collapseRequests=False, factory=util.BuildFactory(
        [steps.ShellCommand(command=["true"])])) for name in BUILDERS],
    "schedulers": [schedulers.ForceScheduler(name="force", builderNames=BUILDERS,
                                             codebases=[util.CodebaseParameter("", hide=True)])],
    "collapseRequests": False, "buildbotNetUsageData": None,
    "www": {{"port": "tcp:{web_port}:interface=127.0.0.1"}}, "buildbotURL": "http://127.0.0.1:{web_port}/",
    "db": {{"db_url": "sqlite:///state.sqlite", {pool}}},
}}
'''
_POOL = ('"engine_kwargs": {"poolclass": sqlalchemy.pool.QueuePool, "pool_size": 3, "max_overflow": 2, '
         '"connect_args": {"check_same_thread": False}}')


@contextmanager
def bare_buildbot(folder: Path, *, tuned: bool) -> Iterator[tuple[str, int]]:
    """Give address and process of a bare master with one worker of four slots."""
    web_port, worker_port = free_ports(2)
    master, worker = folder / "master", folder / "worker"
    _script("buildbot.scripts.runner", "create-master", "-q", str(master))
    (master / "master.cfg").write_text(_MASTER.format(worker_port=worker_port, web_port=web_port,
                                                      pool=_POOL if tuned else ""))
    _script("buildbot_worker.scripts.runner", "create-worker", "-q", str(worker), f"{HOST}:{worker_port}", "w", "x")
    url = f"http://{HOST}:{web_port}"
    children = [Child(Part(name, name, _twistd(), place, lambda: True), folder / f"{name}.log")
                for name, place in (("master", master), ("worker", worker))]
    try:
        for child in children:
            child.start()
        assert children[0].process
        yield url, children[0].process.pid
    finally:
        for child in children:
            child.stop()


def is_ready(url: str) -> bool:
    """True when the pages answer and the worker is there."""
    from buildbot_master.stack.parts_list import _json
    return _answers(f"{url}/api/v2/masters") and any(
        one.get("connected_to") for one in _json(f"{url}/api/v2/workers").get("workers", ()))


def _script(module: str, *words: str) -> None:
    subprocess.run([sys.executable, "-c", f"from {module} import run; run()", *words], check=True,
                   stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
