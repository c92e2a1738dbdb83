"""The kinds of result that v3 knows, each a table of fields; the literal list is ALL_RESULT_TYPES."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from checks.outcome import PROGRESS_OUTCOMES
from reporting.database.api_v3.field import BOOLEAN, EMAIL, INTEGER, NAME, TEXT, TEXTS, URL, Field, Kind

#: Fields that are no data: columns of a result, and what is said by its type.
COLUMNS = frozenset({"outcome", "testcase", "testcase_ref_url", "ref_url", "note", "scratch"})

_SHARED = (
    Field("outcome", TEXT, f"One that v2.0 takes, or {', '.join(PROGRESS_OUTCOMES)}; in any case.", is_required=True),
    Field("testcase", NAME, "The testcase's name.", is_required=True),
    Field("testcase_ref_url", URL, "Where the testcase is documented."),
    Field("note", TEXT, "A short summary."),
    Field("ref_url", URL, "Where the details are."),
    Field("error_reason", TEXT, "Why the run broke; with outcome ERROR only."),
    Field("issue_url", URL, "The known problem; with outcome ERROR only."),
    Field("system_provider", TEXT, "Who provided the machine."),
    Field("system_architecture", TEXT, "The machine's architecture."),
    Field("system_variant", TEXT, "The system's variant."),
    Field("scenario", TEXT, "What tells this run of the testcase from others on the same item."),
    Field("ci_name", TEXT, "The system that ran the check.", is_required=True),
    Field("ci_team", TEXT, "Who runs that system.", is_required=True),
    Field("ci_url", URL, "That system's page."),
    Field("ci_docs", URL, "That system's documentation.", is_required=True),
    Field("ci_irc", TEXT, "Where to chat with that team."),
    Field("ci_email", EMAIL, "How to reach that team.", is_required=True),
    Field("rebuild", URL, "Where the run can be started again."),
    Field("log", URL, "The log."),
    Field("scratch", BOOLEAN, "True for a scratch build."),
)


@dataclass(frozen=True, slots=True)
class ResultType:
    """One kind of result."""

    #: "brew-build"; its paths end in `brew-builds`.
    name: str
    #: As errors of the original call the body.
    model: str
    fields: tuple[Field, ...]

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of a body."""
        properties = {each.name: {"title": each.name.replace("_", " ").capitalize(), "description": each.description,
                                  **(each.kind.schema if each.is_required else
                                     {"anyOf": [each.kind.schema, {"type": "null"}], "default": None})}
                      for each in self.fields}
        return {"title": self.model, "type": "object", "properties": properties,
                "required": [each.name for each in self.fields if each.is_required]}


def allowed_outcomes(configured: tuple[str, ...]) -> tuple[str, ...]:
    """Return the outcomes of v2.0 and those of a run that has not ended, which v3 always takes."""
    return tuple(dict.fromkeys(configured + PROGRESS_OUTCOMES))


def _type(name: str, model: str, *fields: Field) -> tuple[str, ResultType]:
    return name, ResultType(name, model, (*_SHARED, *fields))


def _required(name: str, description: str, kind: Kind = TEXT) -> Field:
    return Field(name, kind, description, is_required=True)


ALL_RESULT_TYPES: dict[str, ResultType] = dict([
    _type("brew-build", "BrewResultParams", _required("item", "Name-version-release.", NAME),
          Field("brew_task_id", INTEGER, "The build's task.", is_required=True)),
    _type("redhat-container-image", "RedHatContainerImageResultParams",
          _required("item", "Name-version-release.", NAME), _required("id", "The image's digest."),
          _required("issuer", "Who built it."), _required("component", "The component's name."),
          Field("full_names", TEXTS, "Every name it can be pulled by.", is_required=True),
          Field("brew_task_id", INTEGER, "The build's task."), Field("brew_build_id", INTEGER, "The build."),
          Field("registry_url", TEXT, "The registry."), Field("tag", TEXT, "The tag."),
          Field("name", TEXT, "The name."),
          Field("namespace", TEXT, "The namespace."), Field("source", TEXT, "Where its source is.")),
    _type("redhat-module", "RedHatModuleResultParams", _required("item", "Name, stream, version and context.", NAME)),
    _type("productmd-compose", "ProductmdComposeResultParams", _required("id", "The compose.", NAME)),
])
