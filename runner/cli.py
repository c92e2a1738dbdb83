"""
`checkotron run`: a check on an item, here and now.

Exit codes: 0 the run worked, whatever the verdict; 1 the check broke; 2 the
check file or the command line is wrong; 3 the surroundings failed, try again;
70 a bug in the runner; 130 interrupted; 143 terminated. By hand also 100, where
the check's `exitcode` action or --exit-by-outcome asks for it.
"""
from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from runner.completion import complete_check, complete_executor, complete_item_type, complete_parameter

EXIT_CODES = """
\b
Exit codes:
  0    the run worked, whatever the verdict on the item
  1    the check broke: crashed, out of time, no readable TAP
  2    the check file or the command line is wrong
  3    the surroundings failed; another try may work
  70   a bug in the runner; the traceback is in run.log
  130  interrupted (143: terminated)
"""


class RunCommand(click.Command):
    """Adds the item types with an example each to the help, from the one table there is."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from checks.item import ITEM_TYPES

        with formatter.section("Item types, each with an example"):
            formatter.write_dl([(kind.name, kind.example) for kind in ITEM_TYPES.values()])
        super().format_epilog(ctx, formatter)


@click.command(cls=RunCommand, short_help="Run a check on an item, here and now.", epilog=EXIT_CODES,
               context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.argument("check", shell_complete=complete_check)
@click.option("-i", "--item", help="The thing to check, such as xchat-0.5-1.fc20.")
@click.option("-t", "--item-type", "--type", shell_complete=complete_item_type,
              help="The kind of the item; without it the one the check takes.")
@click.option("-a", "--arch", help="The architecture; without it the check's own, mostly noarch.")
@click.option("--build-id", default="-1000", help="Names the run in every log; -1000 is a run by hand.")
@click.option("--executor", default="auto", show_default=True, shell_complete=complete_executor,
              help="local, sandbox, podman; auto: by trust.")
@click.option("--image", help="Of podman; without it the check's own.")
@click.option("--trust", type=click.IntRange(1, 2), default=2, show_default=True,
              help="At most so far: 1 gives no caches and no secrets; 2 what a trusted check may have.")
@click.option("--artifacts", type=click.Path(path_type=Path), help="The folder for results, reports and logs.")
@click.option("--koji-store", help="A folder or URL laid out as Koji's packages/, or a hub's URL.")
@click.option("--report", "report_url", help="Send the results to this results database afterwards.")
@click.option("--fact", "facts", multiple=True, metavar="NAME=VALUE",
              help="What is known of the item beside its name, such as task_id=7; for the report. Repeatable.")
@click.option("-p", "--parameter", "parameters", multiple=True, metavar="NAME=VALUE",
              shell_complete=complete_parameter,
              help="Set a parameter of the check; `checkotron checks show` names them. Repeatable.")
@click.option("--check-repository", metavar="URL", help="Where the check is from, when its folder does not say.")
@click.option("--check-revision", metavar="COMMIT", help="Its commit there.")
@click.option("--tap", metavar="FILE", help="Write the results as TAP; - is standard output.")
@click.option("--junit", type=click.Path(path_type=Path), metavar="FILE", help="Write the results as JUnit XML.")
@click.option("--json", "as_json", is_flag=True, help="Print the execution report and the results as one object.")
@click.option("-v", "--verbose", is_flag=True, help="Show what the check prints while it runs.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
@click.option("--keep", is_flag=True, help="Keep the workspace.")
@click.option("--shell-on-failure", is_flag=True, help="Open a shell in the workspace of a run that failed.")
@click.option("-n", "--dry-run", is_flag=True, help="Show the plan with variables filled in; start nothing.")
@click.option("--exit-by-outcome", is_flag=True, help="End with 100 where the outcome is bad; for scripts.")
@click.option("--item-file", type=click.Path(path_type=Path), metavar="FILE",
              help="Run on each item of a file: a line an item, with its type and arch; - is standard input.")
@click.option("-j", "--jobs", default=1, show_default=True, type=click.IntRange(1, 64), help="Runs at once.")
def run(**options: Any) -> int:
    """
    Run CHECK (a name of the library, or a path) on an item, here and now.

    \b
    Examples:
      checkotron run rpmlint --item xchat-0.5-1.fc20 --item-type koji_build
      checkotron run ./mycheck --item FEDORA-2026-04459ef8cf --item-type bodhi_update
      checkotron run rpmlint --item xchat-0.5-1.fc20 --koji-store ~/packages --artifacts out
      checkotron run rpmlint --item xchat-0.5-1.fc20 --parameter config=unsigned
      checkotron run rpmlint --item-file builds.txt -j 4
    """
    from runner.by_command_line import carry_out
    from runner.run_options import RunOptions

    return carry_out(RunOptions(**options))
