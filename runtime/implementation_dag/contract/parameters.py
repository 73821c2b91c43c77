"""The WorkflowTemplate's parameters: what each may be, and what it is when nobody says.

Schemas are made from this table, and the chart's WorkflowTemplate is tested equal to it. Patterns hold for the whole
text and are written so that RE2 reads them too, which Helm uses.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

WHOLE = r"0|[1-9][0-9]{0,17}"


@dataclass(frozen=True)
class Text:
    """A text that matches `pattern` and not `never`; `allowed` says so in words."""

    allowed: str
    pattern: str
    never: str = ""
    most: int | None = None

    def fits(self, value: str) -> bool:
        """Say whether `value` is such a text."""
        return (
            (self.most is None or len(value) <= self.most)
            and re.fullmatch(self.pattern, value) is not None
            and not (self.never and re.fullmatch(self.never, value))
        )

    @property
    def schema(self) -> dict[str, Any]:
        """The limits as JSON schema."""
        never = {"not": {"pattern": f"^(?:{self.never})$"}} if self.never else {}
        most = {"maxLength": self.most} if self.most else {}
        return {"type": "string", "pattern": f"^(?:{self.pattern})$"} | never | most


@dataclass(frozen=True)
class Number:
    """A number in decimal digits; with `decimals` 0 a whole one."""

    minimum: int
    maximum: int
    decimals: int = 0
    hint: str = ""

    @property
    def allowed(self) -> str:
        """The range in words."""
        kind = f"a number with at most {self.decimals} decimals" if self.decimals else "a whole number"
        return f"{kind} from {self.minimum} to {self.maximum}{self.hint and f' ({self.hint})'}"

    def fits(self, value: str) -> bool:
        """Say whether `value` is such a number, written without sign, exponent and needless zeros in front."""
        fraction = rf"(?:\.[0-9]{{1,{self.decimals}}})?" if self.decimals else ""
        return bool(re.fullmatch(f"(?:{WHOLE}){fraction}", value)) and self.minimum <= float(value) <= self.maximum

    @property
    def schema(self) -> dict[str, Any]:
        """The limits as JSON schema."""
        kind = {"type": "number", "multipleOf": 10**-self.decimals} if self.decimals else {"type": "integer"}
        return kind | {"minimum": self.minimum, "maximum": self.maximum}


def decimal(value: float) -> str:
    """Return a number as a parameter is written: without an exponent, which one below 0.0001 would be printed with."""
    return f"{value:.6f}".rstrip("0").removesuffix(".")


@dataclass(frozen=True)
class Parameter:
    """One parameter. Without a `default` it must be given; `setting` is the chart's value that holds the default."""

    name: str
    description: str
    limits: Text | Number
    default: str | None = None
    setting: str = ""
    # Of a threshold: which way it is the stricter one, "least" what must be reached, "most" what may be.
    bound: Literal["", "least", "most"] = ""

    def accepts(self, value: str) -> bool:
        """Say whether `value` keeps the limits."""
        return self.limits.fits(value)

    @property
    def kind(self) -> type[int] | type[float]:
        """What a threshold is to Python."""
        return float if isinstance(self.limits, Number) and self.limits.decimals else int

    @property
    def allowed(self) -> str:
        """What a value must be, in words."""
        return self.limits.allowed


_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_IMAGE_TAG = "[A-Za-z0-9_][A-Za-z0-9._-]{0,127}"
_NO_RELATIVE_PATH = r"[-/].*|(?:.*/)?\.\.(?:/.*)?"
# A chart in the repository itself; chartPath may name one in a registry too.
RELATIVE_PATH = Text("a relative path without '..'", "[A-Za-z0-9._/-]+", never=_NO_RELATIVE_PATH, most=300)
_CHART_OF_A_REGISTRY = (
    rf"oci://[a-z0-9.-]+(?::[0-9]{{1,5}})?(?:/[a-z0-9._-]+)+(?::{_IMAGE_TAG})?(?:@sha256:[0-9a-f]{{64}})?"
)

PARAMETERS = (
    Parameter(
        "owner",
        "Owner of the repository, as GitHub writes it.",
        Text(
            "a GitHub owner: 1-39 letters, digits and single '-' or '_', not at an end",
            "[A-Za-z0-9](?:[-_]?[A-Za-z0-9])*",
            most=39,
        ),
    ),
    Parameter(
        "repo",
        "Name of the repository.",
        Text(
            "a GitHub repository name: 1-100 of letters, digits, '.', '_' and '-', not ending in .git",
            "[A-Za-z0-9._-]{1,100}",
            never=r"\.{1,2}|.*\.git",
        ),
    ),
    Parameter("pr", "Number of the pull request.", Number(1, 999_999_999)),
    Parameter(
        "commit",
        "Commit to start from, 7-40 hex digits; empty means the head of the pull request.",
        Text("7-40 lower-case hex digits, or empty for the head of the pull request", "(?:[0-9a-f]{7,40})?"),
        default="",
    ),
    Parameter(
        "branch",
        "Branch that receives commits of the agents; empty means the pull request's own.",
        Text(
            "a branch name (git check-ref-format), or empty for the pull request's own branch",
            r"(?:[^\x00-\x20\x7f~^:?*\[\\]{1,250})?",
            never=r"[-/.].*|@|.*(?:\.\.|//|@\{|/\.|\.lock/).*|.*(?:\.lock|[/.])",
        ),
        default="",
    ),
    Parameter(
        "domain",
        "Domain below which the preview gets its host name.",
        Text("a DNS name of at least two labels, lower case", rf"(?:{_LABEL}\.)+{_LABEL}", most=180),
        default="preview.example.com",
        setting="defaults.domain",
    ),
    Parameter(
        "chartPath",
        "Path of the application's chart in its repository, or an oci:// reference.",
        Text(
            "a relative path without '..', or an oci:// reference",
            f"{_CHART_OF_A_REGISTRY}|{RELATIVE_PATH.pattern}",
            never=_NO_RELATIVE_PATH,
            most=300,
        ),
        default="charts/app",
        setting="defaults.chartPath",
    ),
    Parameter(
        "valuesFile",
        "Path of the values file of previews in the application's repository.",
        Text(
            "a relative path of a .yaml or .yml file, without '..'",
            rf"{RELATIVE_PATH.pattern}\.ya?ml",
            never=_NO_RELATIVE_PATH,
            most=300,
        ),
        default="values-preview.yaml",
        setting="defaults.valuesFile",
    ),
    Parameter(
        "imageTag",
        "Tag under which the application's image is pushed.",
        Text(
            "an image tag: 1-128 of letters, digits, '_', '.' and '-', not starting with '.' or '-'",
            _IMAGE_TAG,
        ),
        default="pr-{{workflow.parameters.pr}}",
    ),
    Parameter(
        "min_success_pct",
        "Least share of requests that must succeed, 0 to 1.",
        Number(0, 1, decimals=6, hint="a share: 0.95 means 95 %"),
        default="0.95",
        setting="defaults.minSuccessPct",
        bound="least",
    ),
    Parameter(
        "max_p95_ms",
        "Largest allowed 95th percentile of response times, milliseconds.",
        Number(1, 600_000, hint="milliseconds"),
        default="1200",
        setting="defaults.maxP95Ms",
        bound="most",
    ),
    Parameter(
        "requests_per_host",
        "Requests that acceptance sends to each host.",
        Number(1, 1000),
        default="10",
        setting="defaults.requestsPerHost",
        bound="least",
    ),
)
BY_NAME = {parameter.name: parameter for parameter in PARAMETERS}
# What a run has to keep, and a promotion looks at.
THRESHOLDS = tuple(parameter for parameter in PARAMETERS if parameter.bound)
