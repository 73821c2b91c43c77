"""The Kubernetes minors and Helm majors a chart is rendered for, and how sets of them are written."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import NamedTuple

from implementation_dag.contract import supported

KUBERNETES = supported.KUBERNETES
HELMS = tuple(f"helm{major}" for major in supported.HELM)


class Target(NamedTuple):
    """A Kubernetes minor such as `1.36`, and `helm3` or `helm4`."""

    kubernetes: str
    helm: str

    @property
    def kube_version(self) -> str:
        """The version that `--kube-version` gets."""
        return f"{self.kubernetes}.0"

    def __str__(self) -> str:
        return f"{self.helm}_{self.kubernetes}"


TARGETS = tuple(Target(kubernetes, helm) for kubernetes in KUBERNETES for helm in HELMS)
NEWEST = TARGETS[-1]


def describe(some: Collection[Target], all_targets: Collection[Target] = TARGETS) -> str:
    """Write a set of targets briefly: `` for all of them, `helm3`, `1.31-1.33`, `helm3_1.31+helm4_1.32-1.36`."""
    wanted = set(some)
    if wanted == set(all_targets):
        return ""
    minors = [minor for minor in KUBERNETES if any(target.kubernetes == minor for target in all_targets)]
    by_helm = {
        helm: tuple(minor for minor in minors if Target(minor, helm) in wanted)
        for helm in HELMS
        if any(target.helm == helm for target in all_targets)
    }
    if len(set(by_helm.values())) == 1:
        return _ranges(next(iter(by_helm.values())), minors)
    parts = [
        helm if len(chosen) == len(minors) else f"{helm}_{_ranges(chosen, minors)}"
        for helm, chosen in by_helm.items()
        if chosen
    ]
    return "+".join(parts)


def parse(text: str, all_targets: Iterable[Target] = TARGETS) -> frozenset[Target]:
    """Read what `describe` wrote. Raises ValueError."""
    there = list(all_targets)
    if not text:
        return frozenset(there)
    found: set[Target] = set()
    for part in text.split("+"):
        match = re.fullmatch(r"(?:(helm\d)(?:_|$))?([\d.,-]*)", part)
        if not match or not part or match.group(1) not in (None, *HELMS):
            raise ValueError(f"{text!r} names no targets; such as helm3, 1.31-1.33 or helm4_1.31,1.36 is allowed")
        helm, minors = match.groups()
        allowed = set(_expanded(minors)) if minors else {target.kubernetes for target in there}
        found |= {target for target in there if target.helm in (helm or target.helm) and target.kubernetes in allowed}
    return frozenset(found)


def _ranges(chosen: Iterable[str], minors: list[str]) -> str:
    runs: list[list[int]] = []
    for index in (minors.index(minor) for minor in chosen):
        if runs and runs[-1][-1] == index - 1:
            runs[-1].append(index)
        else:
            runs.append([index])
    return ",".join(minors[run[0]] if len(run) == 1 else f"{minors[run[0]]}-{minors[run[-1]]}" for run in runs)


def _expanded(text: str) -> Iterable[str]:
    for part in text.split(","):
        first, _, last = part.partition("-")
        last = last or first
        for minor in (first, last):
            if minor not in KUBERNETES:
                raise ValueError(f"{minor!r} is no supported minor of Kubernetes, allowed: {', '.join(KUBERNETES)}")
        yield from KUBERNETES[KUBERNETES.index(first) : KUBERNETES.index(last) + 1]
