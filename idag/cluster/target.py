"""What a person names a pull request by: `owner/repo#7`."""

from __future__ import annotations

import re
from typing import NamedTuple

from idag.cluster.errors import ClusterError
from implementation_dag.contract.parameters import PARAMETERS

_PULL = re.compile(r"([^/#\s]+)/([^/#\s]+)#([0-9]+)")
_PARAMETERS = {parameter.name: parameter for parameter in PARAMETERS}


class Pull(NamedTuple):
    """A pull request."""

    owner: str
    repo: str
    pr: str

    def __str__(self) -> str:
        return f"{self.owner}/{self.repo}#{self.pr}"

    def same(self, other: Pull) -> bool:
        """Whether both are one: forges ignore the case of names."""
        return str(self).lower() == str(other).lower()


def pull(text: str) -> Pull:
    """Return the pull request that `text` names. Raises ClusterError."""
    found = _PULL.fullmatch(text)
    if not found:
        raise ClusterError(f"{text!r} is no pull request: owner/repo#7 is needed, such as acme/shop#7")
    named = Pull(*found.groups())
    check(named._asdict())
    return named


def check(arguments: dict[str, str]) -> None:
    """Look at arguments of a run as its first step does. Raises ClusterError."""
    for name, value in arguments.items():
        parameter = _PARAMETERS.get(name)
        if parameter is None:
            raise ClusterError(f"there is no parameter {name!r}; there are {', '.join(_PARAMETERS)}")
        if not parameter.accepts(value):
            raise ClusterError(f"{name} = {value!r}: must be {parameter.allowed}")
