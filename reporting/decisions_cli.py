"""`checkotron results decisions`: gate decisions over HTTP."""
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reporting.places import UsageError, results_url, secrets

if TYPE_CHECKING:
    from collections.abc import Callable

    from reporting.gate.decision import Gate


@click.command(short_help="Serve gate decisions over HTTP, as Greenwave does.")
@click.option("--policy", "policy_files", multiple=True, required=True, type=click.Path(path_type=Path, dir_okay=False),
              help="A file of policies in Greenwave's format. May be given several times.")
@click.option("--port", type=click.IntRange(0, 65535), default=5002, show_default=True, help="0: any free one.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--gating", multiple=True, metavar="URL",
              help="Where packages keep their gating.yaml; {pkg_name}, {rev} and others are filled in.")
@click.option("--waivers", metavar="FILE|URL", help="WaiverDB's address, or a file of waivers.")
@click.option("--koji", metavar="URL", envvar=["CHECKOTRON_KOJI_HUB", "KOJI_HUB_URL"],
              help="The hub: when a build was made, for valid_since and valid_until; its sources, for --gating.")
@click.option("--url", help="The results database [default: the one that runs here].")
@click.option("--state", type=click.Path(path_type=Path, file_okay=False), help="State folder of `checkotron up`.")
def decisions(policy_files: tuple[Path, ...], port: int, host: str, gating: tuple[str, ...], waivers: str | None,
              koji: str | None, url: str | None, state: Path | None) -> None:
    """
    Serve gate decisions over HTTP, as Greenwave does.

    \b
      checkotron results decisions --policy fedora.yaml --waivers https://waiverdb.example.org
      curl -d '{"product_version": "fedora-40", "decision_context": "bodhi_update_push_stable",
                "subject_type": "koji_build", "subject_identifier": "xchat-0.5-1.fc40"}' \\
          http://127.0.0.1:5002/api/v1.0/decision
    """
    import socket

    import uvicorn

    from reporting.gate.server import application
    from reporting.logs import to_stderr

    to_stderr(30)
    gate = _gates(policy_files, gating, waivers, koji, results_url(url, state))
    gate()  # what is wrong is said now, not to the first who asks
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen(128)
        except OSError as error:
            raise UsageError(f"{host}:{port}: {error.strerror}; name another --port") from None
        click.echo(f"decisions: http://{host}:{listener.getsockname()[1]}/api/v1.0/decision")
        config = uvicorn.Config(application(gate, _version()), log_level="warning", access_log=False,
                                lifespan="off")
        uvicorn.Server(config).run(sockets=[listener])


def _gates(policy_files: tuple[Path, ...], gating: tuple[str, ...], waivers: str | None, koji: str | None, url: str
           ) -> Callable[[], Gate]:
    from reporting.client import ResultsDBClient
    from reporting.gate.decision import Gate
    from reporting.gate.remote import FileOrUrls
    from reporting.gate_cli import koji_hub, read_policies, read_waivers

    policies = read_policies(policy_files)
    token = secrets(None).token

    def make() -> Gate:
        try:
            hub = koji_hub(koji)
            return Gate(policies, ResultsDBClient(url, token=token), read_waivers(waivers),
                        FileOrUrls(gating, builds=hub), hub)
        except ValueError as error:
            raise UsageError(str(error)) from None

    return make


def _version() -> str:
    from importlib.metadata import version

    return version("checkotron")
