"""What the forge said of each pull request: by lists of whole repositories, and by single questions after news."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from implementation_dag.base import moments
from implementation_dag.contract import names
from implementation_dag.forge.model import Changes, Comment, PullRequest
from implementation_dag.forge.port import Reader

from .model import EPOCH, Seen
from .patience import Patience

# So long may a controller and its webhooks have been away, and no comment is missed.
AWAY = timedelta(hours=24)


class Watch:
    """Remembers the newest answer of each pull request, under the name of its Preview."""

    def __init__(self, reader: Reader, patience: Patience) -> None:
        self._reader, self._patience = reader, patience
        self._seen: dict[str, PullRequest] = {}
        self._files: dict[tuple[str, str], Changes] = {}
        # When each one's head was seen first.
        self._since: dict[str, datetime] = {}
        self._tags: dict[tuple[str, str], str] = {}
        # The update of a repository's pull requests up to which its comments were read, and how often after it.
        self._comments: dict[tuple[str, str], tuple[str, int]] = {}
        self._began = moments.stamp(moments.now() - AWAY)
        self._lock = threading.Lock()

    def seen(self, name: str) -> Seen | None:
        """Return what the forge said, or None while it has said nothing."""
        with self._lock:
            found = self._seen.get(name)
            return Seen(found, self._files.get((name, found.head)), self._since.get(name)) if found else None

    def ask(self, owner: str, repo: str, number: int, files: bool = False) -> Seen:
        """Ask for one pull request now, and for the files that it changes where those are wanted and not known."""
        found = self._patience.call(lambda: self._reader.pull_request(owner, repo, number))
        name = self._keep(owner, repo, found)
        if files and (name, found.head) not in self._files:
            paths = self._patience.call(lambda: self._reader.changed_files(owner, repo, number))
            with self._lock:
                self._files = {key: known for key, known in self._files.items() if key[0] != name}
                self._files[(name, found.head)] = paths
        return Seen(found, self._files.get((name, found.head)), self._since.get(name))

    def poll(
        self, owner: str, repo: str, known: Iterable[str], take: Callable[[Sequence[PullRequest], Sequence[str]], None]
    ) -> None:
        """Let `take` have one repository's open pull requests, and which of the `known` previews are not among them.

        That one is missing proves nothing: it has to be asked for. From a list with missing pages nothing is missing.
        Where nothing has changed there is nothing to take; where `take` raises, it has the same list again.
        """
        key = (owner.lower(), repo.lower())
        listing = self._patience.call(lambda: self._reader.open_pull_requests(owner, repo, self._tags.get(key, "")))
        if listing is None:
            return
        open_now = {self._keep(owner, repo, found): found for found in listing.pull_requests}
        with self._lock:
            still = [name for name in known if name not in open_now and self._was_open(name)]
        take(list(open_now.values()), still if listing.complete else [])
        if listing.complete:
            self._tags[key] = listing.tag

    def comments(self, owner: str, repo: str, take: Callable[[Sequence[Comment]], bool]) -> bool:
        """Let `take` have the comments of one repository that may be new; say whether the forge was asked.

        It is after an update alone, and twice: what was written in the same second may come later. Where `take` raises,
        or says that it has not taken all, it has them again.
        """
        key = (owner.lower(), repo.lower())
        with self._lock:
            ours = [each for each in self._seen.values() if (each.owner.lower(), each.repo.lower()) == key]
            newest = max(ours, key=_updated).updated if ours else ""
            since, times = self._comments.get(key, ("", 0))
        if not newest or (newest == since and times >= 2):
            return False
        if take(self._patience.call(lambda: self._reader.comments(owner, repo, since or self._began))):
            with self._lock:
                self._comments[key] = (newest, times + 1 if newest == since else 1)
        return True

    def _was_open(self, name: str) -> bool:
        found = self._seen.get(name)
        return found is None or found.open

    def _keep(self, owner: str, repo: str, found: PullRequest) -> str:
        # By the name that was asked for: a repository may have another by now.
        name = names.pull_request(owner, repo, found.number)
        with self._lock:
            before = self._seen.get(name)
            # A list may have been made before a single answer that came first.
            if before is None or not found.updated or _updated(found) >= _updated(before):
                self._seen[name] = found
                if before is None or before.head != found.head:
                    self._since[name] = moments.now()
        return name


def _updated(found: PullRequest) -> datetime:
    """When it was changed last: forges write the time of their own zone, which may change."""
    try:
        return moments.read(found.updated)
    except ValueError:
        return EPOCH
