"""Who starts next: first come, first served, within the limits of the installation and of each repository."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

Repository = str


def places(
    waiting: Sequence[tuple[str, Repository]], live: Iterable[Repository], total: int, each: int
) -> Mapping[str, int]:
    """Return the place of each that waits, 0 for those that start now.

    `waiting` are names with their repositories, the first first; `live` the repositories of runs that live. `total`
    runs may live at once, `each` of one repository; 0 is no limit. One repository's limit holds up nobody else.
    """
    running = Counter(live)
    sum_of_all = sum(running.values())
    found, place = {}, 0
    for name, repository in waiting:
        free = (not total or sum_of_all < total) and (not each or running[repository] < each)
        if free:
            running[repository] += 1
            sum_of_all += 1
        else:
            place += 1
        found[name] = 0 if free else place
    return found
