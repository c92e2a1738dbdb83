"""`checkotron reproduce`: runs again exactly what produced a result."""
from __future__ import annotations

import os
from pathlib import Path

import click

from runner.cli import EXIT_CODES


@click.command(short_help="Run again exactly what produced a result.", epilog=EXIT_CODES,
               context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("result")
@click.option("--state", type=click.Path(path_type=Path), help="The state folder of the running system.")
@click.option("--artifacts", type=click.Path(path_type=Path), help="The folder for results, reports and logs.")
@click.option("--check", help="Where the check is here, if not where it was then.")
@click.option("--koji-store", help="A folder or URL laid out as Koji's packages/, or a hub's URL.")
@click.option("--executor", help="Another executor than then.")
@click.option("--any-revision", is_flag=True, help="Run even where the check's files have changed since.")
@click.option("-n", "--dry-run", is_flag=True, help="Show the plan; start nothing.")
def reproduce(result: str, state: Path | None, artifacts: Path | None, check: str | None, koji_store: str | None,
              executor: str | None, any_revision: bool, dry_run: bool) -> int:
    """
    Run again exactly what produced RESULT: a result's URL, a log's URL, a build id, or the folder of a run.

    \b
    Examples:
      checkotron reproduce http://127.0.0.1:5001/api/v2.0/results/17
      checkotron reproduce 0d6b5e7c-8f52-5ac5-9a0e-0a2f0b5e4b57
    """
    from checks.addresses import default_state_folder
    from checks.catalogue import UnknownCheckError, find_check
    from checks.description import CheckFileError
    from runner.by_command_line import WrongCallError, carry_out
    from runner.reproduce import NothingToReproduceError, find_past
    from runner.revision import revision_of
    from runner.run_options import RunOptions
    from runner.settings import check_folders

    try:
        past = find_past(result, state or default_state_folder(os.environ))
        report = past.report
        name = check or (report.check if Path(report.check).exists() else report.testcase.rpartition(".")[2])
        found = find_check(name, check_folders(os.environ))
    except (NothingToReproduceError, UnknownCheckError, CheckFileError) as error:
        raise WrongCallError(str(error)) from None
    now = revision_of(found.folder)
    if past.digest and now.digest != past.digest and not any_revision:
        hint = f"check out commit {past.commit} of {now.repository or found.folder}" if past.commit else \
            "name the files of then with --check"
        raise WrongCallError(f"check `{found.name}` has changed since that run ({past.where}); {hint}, "
                             "or run the present one with --any-revision")
    click.echo(f"again: {report.testcase} on {report.item} ({report.item_type}), {report.arch}; "
               f"then: {report.execution_status} ({report.code})", err=True)
    return carry_out(RunOptions(
        check=str(found.path), item=report.item, item_type=report.item_type, arch=report.arch, artifacts=artifacts,
        executor=executor or report.executor or "auto", koji_store=koji_store, dry_run=dry_run,
        parameters=_parameters(report.details.get("parameters"))))


def _parameters(noted: object) -> tuple[str, ...]:
    """Return the parameters of the run then as options; this worker's environment may say something else."""
    return tuple(f"{name}={value}" for name, value in noted.items()) if isinstance(noted, dict) else ()
