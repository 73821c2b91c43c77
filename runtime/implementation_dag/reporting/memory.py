"""What was told last of each run: the same report once more costs no call."""

from __future__ import annotations

from collections import OrderedDict

from implementation_dag.forge.model import Report

_MOST = 2000


class Told:
    """The last report of each commit of a pull request that was told whole."""

    def __init__(self) -> None:
        self._last: OrderedDict[tuple[str, str, int, str], Report] = OrderedDict()

    def already(self, report: Report) -> bool:
        """Whether nothing else was told since."""
        return self._last.get(_key(report)) == report

    def forget(self, report: Report) -> None:
        """Note that telling begins: how far it came is not known."""
        self._last.pop(_key(report), None)

    def remember(self, report: Report) -> None:
        """Note that all of it was told."""
        self._last[_key(report)] = report
        while len(self._last) > _MOST:
            self._last.popitem(last=False)


def _key(report: Report) -> tuple[str, str, int, str]:
    return report.owner, report.repo, report.number, report.commit
