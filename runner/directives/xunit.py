"""xunit: makes results of JUnit XML, which most test tools write."""
from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

from checks.kind import Text
from checks.record import Key, Record
from runner.aggregation import ALLPASS, KEYS, About, aggregation, results_of
from runner.artifacts import kept_name
from runner.captured import Captured, CapturedError
from runner.directive import Directive, DirectiveContext, DirectiveError
from runner.junit_file import JunitError, read_junit


class Xunit(Directive):
    """Read the JUnit XML of a test tool; errors count as failures, skipped tests as neither."""

    name = "xunit"
    PARAMETERS = Record((
        Key("file", Text(), "The file, in the workspace. Among the artifacts, it becomes the artifact of the results.",
            required=True, example="${artifactsdir}/tests.xml"),
        *KEYS,
        aggregation(ALLPASS),
    ))

    def run(self, context: DirectiveContext) -> list[dict[str, Any]]:
        """Return the results."""
        path = context.inside(self.parameters["file"])
        about = About.given(self.parameters, context.check, _artifact(path, context))
        what = f"`file` `{self.parameters['file']}`"
        try:
            with Captured(path).open() as file:
                return results_of(read_junit(file), about, self.parameters["aggregation"])
        except (CapturedError, OSError):
            raise DirectiveError(f"{what} is not there, or no plain file", "bad-results") from None
        except (JunitError, DirectiveError) as error:
            raise DirectiveError(f"{what}: {error}", "bad-results") from None


def _artifact(path: Path, context: DirectiveContext) -> str | None:
    """Return the name that the file will be collected under, None where it is no artifact."""
    root = context.artifactsdir.resolve()
    if not path.is_relative_to(root):
        return None
    return kept_name(PurePosixPath(path.relative_to(root)))
