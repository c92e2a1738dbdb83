"""The commands `checkotron master` and `checkotron worker-init`: set up hosts that run parts of their own."""
from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

_SETTINGS = {"help_option_names": ["-h", "--help"]}
_FOLDER = click.Path(path_type=Path, file_okay=False)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,40}")
#: How `buildbot.tac` is started, in either folder.
_START = "twistd --nodaemon --no_save --pidfile= --logfile=- --python=buildbot.tac"
Returned = TypeVar("Returned")


@click.group(context_settings=_SETTINGS)
def master() -> None:
    """
    Set up a Buildbot master, and let workers connect to it.

    \b
    For several hosts, or units of systemd; on one machine, `checkotron up`
    does all of it. docs/operation.md has the whole way.
    """


@master.command()
@click.argument("folder", type=_FOLDER)
@click.option("--database", metavar="URL", envvar="CHECKOTRON_MASTER_DATABASE",
              help="sqlite:///FILE (in FOLDER), or postgresql+psycopg://USER:PASSWORD@HOST/NAME; also "
              "$CHECKOTRON_MASTER_DATABASE, which `ps` does not show.  [default: sqlite:///state.sqlite]")
@click.option("--interface", metavar="ADDRESS", help="Where the master listens; 0.0.0.0 is everywhere.  "
              "[default: 127.0.0.1]")
@click.option("--door-interface", metavar="ADDRESS", help="Where it takes jobs, for a trigger on another host.  "
              "[default: 127.0.0.1]")
@click.option("--host", metavar="NAME", help="What people type to reach this host's pages.")
@click.option("--results", metavar="URL", help="The results database, for commands that ask it.  "
              "[default: http://127.0.0.1:5001]")
@click.option("--worker", "name", metavar="NAME", default="worker1", show_default=True, help="The first worker.")
@click.option("--slots", type=click.IntRange(1, 64), default=2, show_default=True, help="Builds at a time on it.")
def init(folder: Path, name: str, slots: int, **wishes: str | None) -> None:
    """
    Make the folder of a master, or bring it up to date.

    Nothing that is there is changed, but the database is upgraded: run it
    again after each upgrade, and after a change of ports or addresses in
    FOLDER/settings.json. FOLDER is also the state folder of the trigger, the
    deliverer and every command: CHECKOTRON_STATE=FOLDER.

    \b
      checkotron master init /var/lib/checkotron
      checkotron master init /var/lib/checkotron --interface 0.0.0.0 --host checks.example.org \\
          --database postgresql+psycopg://checkotron@db.example.org/buildbot
    """
    from buildbot_master.stack.master_init import MasterWishes, NewWorker, init_master

    worker = NewWorker(_checked(name), slots)
    made = _with_a_message(lambda: init_master(folder.absolute(), MasterWishes(**wishes), worker))
    click.echo(f"{folder.absolute()}")
    for line in made.lines:
        click.echo(f"  {line}")
    click.echo(f"\nNext:\n  look at      {folder.absolute() / 'settings.json'}\n"
               f"  start it     cd {shlex.quote(str(folder.absolute()))} && {_START}\n"
               f"  log in       {made.settings.buildbot_url}/ as admin, password in secrets/admin.password")
    for one in made.settings.workers:
        if one.kind == "plain":
            _say_how_to_connect(made.settings, NewWorker(one.name, one.slots))


@master.command("add-worker")
@click.argument("folder", type=_FOLDER)
@click.argument("name")
@click.option("--slots", type=click.IntRange(1, 64), default=2, show_default=True, help="Builds at a time on it.")
def add_worker(folder: Path, name: str, slots: int) -> None:
    """
    Let one more worker connect to the master in FOLDER.

    Makes its password, adds it to the settings, and says what to run on the
    worker's host. The master reads its settings again on SIGHUP.

    \b
      checkotron master add-worker /var/lib/checkotron builder7 --slots 4
    """
    from buildbot_master.stack.master_init import NewWorker
    from buildbot_master.stack.master_init import add_worker as add

    worker = NewWorker(_checked(name), slots)
    made = _with_a_message(lambda: add(folder.absolute(), worker))
    for line in made.lines:
        click.echo(line)
    click.echo("\nNext:\n  tell the running master: systemctl reload checkotron-master (SIGHUP)")
    _say_how_to_connect(made.settings, worker)


@click.command("worker-init", context_settings=_SETTINGS)
@click.argument("folder", type=_FOLDER)
@click.option("--master", "address", metavar="HOST:PORT", required=True, help="Where the master takes workers.")
@click.option("--name", required=True, help="As in the master's settings.")
@click.option("--password-file", type=click.Path(path_type=Path, dir_okay=False), required=True,
              help="Holds the worker's password; mode 0600. Read at each start.")
@click.option("--slots", type=click.IntRange(1, 64), default=2, show_default=True,
              help="Builds at a time; as in the master's settings.")
@click.option("--tag", "tags", multiple=True, metavar="WORD", help="What checks may ask for. Repeatable.")
def worker_init(folder: Path, address: str, tags: tuple[str, ...], **wishes: Any) -> None:
    """
    Make the folder of a worker, or measure again what it offers.

    Run it again after packages were installed: the master sends a check only
    to workers that have its tools. `checkotron worker analyse` shows them.

    \b
      checkotron worker-init /var/lib/checkotron-worker/worker1 --name worker1 \\
          --master checks.example.org:9989 --password-file /etc/checkotron/worker1.password
    """
    from buildbot_master.stack.worker_init import WorkerWishes, init_worker

    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise click.BadParameter(f"`{address}`; expected HOST:PORT, such as checks.example.org:9989",
                                 param_hint="--master")
    _checked(wishes["name"])
    lines = _with_a_message(lambda: init_worker(folder.absolute(), WorkerWishes(master=address, tags=tags, **wishes)))
    click.echo(f"{folder.absolute()}")
    for line in lines:
        click.echo(f"  {line}")
    click.echo(f"\nNext:\n  start it     cd {shlex.quote(str(folder.absolute()))} && {_START}")


@click.command("worker-start", context_settings=_SETTINGS)
@click.argument("folder", type=_FOLDER, default=Path("/var/lib/checkotron-worker"))
@click.option("--tag", "tags", multiple=True, metavar="WORD", help="What checks may ask for. Repeatable.")
def worker_start(folder: Path, tags: tuple[str, ...]) -> None:
    """
    Be the worker that a master has started for a job.

    \b
    For images of latent workers (DockerLatentWorker, KubeLatentWorker): Buildbot
    gives them BUILDMASTER, BUILDMASTER_PORT, WORKERNAME and WORKERPASS. FOLDER is
    made, what this container offers is measured, and the process becomes the worker.
    """
    from buildbot_master.stack.worker_start import start_worker

    _with_a_message(lambda: start_worker(folder.absolute(), tags))


def _say_how_to_connect(settings: Any, worker: Any) -> None:
    from buildbot_master.stack.master_init import names_shown, password_file, public_host

    path = password_file(settings, worker.name)
    click.echo(f"  worker       {worker.name} (connects as {names_shown(worker)}): copy {shlex.quote(str(path))}\n"
               f"               to its host, and run there\n"
               f"               checkotron worker-init FOLDER --name {worker.name} --slots {worker.slots} \\\n"
               f"                   --master {public_host(settings)}:{settings.worker_port} --password-file COPY")


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise click.BadParameter(f"`{name}`; expected at most 41 letters, digits, `.`, `_` and `-`, the first a letter "
                                 "or digit", param_hint="name of the worker")
    return name


def _with_a_message(act: Callable[[], Returned]) -> Returned:
    from buildbot_master.stack.state import StateError

    try:
        return act()
    except StateError as error:
        raise click.UsageError(str(error)) from None
