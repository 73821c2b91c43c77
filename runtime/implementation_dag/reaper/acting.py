"""What was decided, done: each object by itself, so that one that resists holds up none of the others."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx2
from lightkube import ApiError

from implementation_dag.base import metrics, moments
from implementation_dag.base.log import clean

from . import beforehand, held
from .api import Api
from .decide import preview_name
from .model import Decision, Doomed, How, Kind, Thing
from .reading import path
from .settings import Told

LOG = logging.getLogger("reaper")
# So many calls at once; each ends by itself after seconds.
AT_ONCE = 8
# What is left of a pass after this is the next one's.
PASS_SECONDS = 120.0
# An object that resists is tried again after twice as long each time, up to this.
FIRST_BACKOFF_SECONDS, MOST_BACKOFF_SECONDS = 15.0, 600.0
# So many namespaces that are stuck are looked at in a pass, those first at which nobody has looked for longest.
STUCK_AT_ONCE = 10
# Another was first, or it has changed since it was read: the next pass reads it anew.
CHANGED = (404, 409)
REMOVED = metrics.counter(
    "reaper_removed", "What the reaper took away: it had leaked, or its time was over.", "kind", "reason"
)
LEAKED, OVER = "leaked", "over"
metrics.begin(REMOVED, *((kind, reason) for kind in Kind for reason in (LEAKED, OVER)))
LEFT = metrics.gauge("reaper_left", "What should have gone at the last pass and did not.")
WAITING = metrics.gauge("reaper_waiting", "What waits for its grace.")
STUCK = metrics.gauge("reaper_stuck_namespaces", "Namespaces that are being deleted and take too long.")
# Whether it was done; None: there was nothing to do, or it is not what was decided on any more.
Done = bool | None


class Acting:
    """Does what is decided, and remembers what it has said, what resisted and where it has looked."""

    def __init__(self, api: Api, told: Told) -> None:
        self._api, self._told = api, told
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="reaper")
        self._said: dict[str, str] = {}
        # By uid: how often it resisted, and the moment before which it is left alone.
        self._resisted: dict[str, tuple[int, float]] = {}
        self._looked: dict[str, float] = {}
        self.faults = 0

    def do(self, decision: Decision) -> int:
        """Do it; return how many things went."""
        for waiting in decision.waiting:
            words = f"{waiting.words}; it goes after {self._told.decision.grace_seconds:.0f} s of that"
            self._say(waiting.thing, words)
        deadline = moments.passed() + PASS_SECONDS

        def take(doomed: Doomed) -> Done:
            return self._due(doomed.thing, deadline, lambda: self._take(doomed))

        def help_on(namespace: Thing) -> Done:
            return self._due(namespace, deadline, lambda: self._help(namespace))

        gone = sum(map(bool, self._pool.map(take, decision.doomed)))
        LEFT.set(len(decision.doomed) - gone)
        WAITING.set(len(decision.waiting))
        STUCK.set(len(decision.stuck))
        stuck = sorted(decision.stuck, key=lambda thing: self._looked.get(thing.uid, 0.0))
        list(self._pool.map(help_on, stuck[:STUCK_AT_ONCE]))
        self._forget({each.thing.uid for each in (*decision.waiting, *decision.doomed)} | {each.uid for each in stuck})
        return gone

    def _due(self, thing: Thing, deadline: float, call: Callable[[], Done]) -> Done:
        """Call unless the pass is over or the thing has resisted just now."""
        now = moments.passed()
        times, until = self._resisted.get(thing.uid, (0, 0.0))
        if now >= deadline or now < until:
            return None
        if (done := call()) is not False:
            self._resisted.pop(thing.uid, None)
            return done
        backoff = min(FIRST_BACKOFF_SECONDS * 2.0**times, MOST_BACKOFF_SECONDS)
        self._resisted[thing.uid] = (times + 1, now + backoff)
        return False

    def _take(self, doomed: Doomed) -> Done:
        thing, verb = doomed.thing, doomed.how.value
        if self._told.dry_run:
            self._say(thing, f"{doomed.words}; this is a dry run, else: {verb}")
            return None
        done = self._tried(thing, verb, lambda: self._go(doomed))
        if done:
            LOG.info("%s: %s", _named(thing), clean(f"{verb}: {doomed.words}"))
            REMOVED.labels(thing.kind, LEAKED if doomed.leaked else OVER).inc()
        return done

    def _go(self, doomed: Doomed) -> None:
        thing = doomed.thing
        if doomed.how == How.UNINSTALL:
            here = self._told.decision.namespace
            self._api.create(path(Kind.DOCSRUN, here), beforehand.removal(thing, self._told))
            return
        # A pod that is killed may change while it ends: its uid is what counts.
        kill = doomed.how == How.KILL
        where = path(thing.kind, thing.namespace, thing.name)
        self._api.delete(where, thing.uid, "" if kill else thing.version, kill=kill)

    def _help(self, namespace: Thing) -> Done:
        """Name what holds a namespace; kill its pods that do not end, and take off the finalizers that values name."""
        self._looked[namespace.uid] = moments.passed()
        found: list[held.Holding] = []
        if not self._tried(
            namespace, "find out what holds it", lambda: found.extend(held.holding(self._api, namespace))
        ):
            return False
        words = held.explained(namespace, found)
        if self._say(namespace, f"it should be gone and is not: {words}", logging.WARNING):
            self._tried(namespace, "post an event", lambda: self._tell(namespace, words))
        if self._told.dry_run:
            return True
        grace = timedelta(seconds=self._told.decision.grace_seconds)
        done = [self._kill(namespace, pod) for pod in held.killed(found, moments.now(), grace)]
        done += [self._free(namespace, each) for each in (*found, held.itself(namespace))]
        return False not in done

    def _kill(self, namespace: Thing, pod: held.Holding) -> Done:
        uid = pod.item["metadata"]["uid"]
        if killed := self._tried(namespace, f"kill {pod.name}", lambda: self._api.delete(pod.path, uid, kill=True)):
            LOG.info("%s: killed %s, which did not end within its grace", _named(namespace), pod.name)
        return killed

    def _free(self, namespace: Thing, each: held.Holding) -> Done:
        taken = [name for name in each.finalizers if name in self._told.remove_finalizers]
        if not taken:
            return None
        kept = [name for name in each.finalizers if name not in taken]
        words = f"take finalizer {', '.join(taken)} off {each.name}"
        freed = self._tried(namespace, words, lambda: self._api.keep_finalizers(each.path, each.item, kept))
        if freed:
            LOG.info("%s: %s (value reaper.removeFinalizers)", _named(namespace), clean(words))
        return freed

    def _tried(self, thing: Thing, words: str, call: Callable[[], None]) -> Done:
        """Call; what went wrong is told here."""
        try:
            call()
        except (ApiError, httpx2.HTTPError) as error:
            if isinstance(error, ApiError) and error.status.code in CHANGED:
                LOG.debug("%s: not done: %s: %s", _named(thing), words, error)
                return None
            self.faults += 1
            LOG.warning("%s: cannot %s, trying again later: %s", _named(thing), clean(words), clean(str(error)))
        except Exception:
            self.faults += 1
            LOG.exception("%s: a fault of ours; the others go on", _named(thing))
        else:
            return True
        return False

    def _tell(self, namespace: Thing, words: str) -> None:
        """Post an event where people look: on the Preview, or else on the reaper itself."""
        here, now = self._told.decision.namespace, moments.stamp(moments.now())
        # The same words are one event, whoever says them and however often.
        name = f"{namespace.name}.{hashlib.sha256(f'{namespace.uid} {words}'.encode()).hexdigest()[:16]}"
        event = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": name, "namespace": here},
            "type": "Warning",
            "reason": "NamespaceHeld",
            "message": f"namespace {namespace.name} should be gone and is not: {words}",
            "involvedObject": held.subject(preview_name(namespace), self._told.decision),
            "source": {"component": f"{self._told.decision.release}-reaper"},
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
        }
        self._api.create(f"/api/v1/namespaces/{here}/events", event)

    def _say(self, thing: Thing, words: str, level: int = logging.INFO) -> bool:
        """Log it unless that was the last that was said of the thing; say whether it was new."""
        if self._said.get(thing.uid) == words:
            return False
        self._said[thing.uid] = words
        LOG.log(level, "%s: %s", _named(thing), clean(words))
        return True

    def _forget(self, known: Collection[str]) -> None:
        for memory in (self._said, self._resisted, self._looked):
            for uid in memory.keys() - known:
                del memory[uid]


def _named(thing: Thing) -> str:
    return f"{thing.kind} {thing.name}" + (f" ({whose})" if (whose := _whose(thing)) else "")


def _whose(thing: Thing) -> str:
    return preview_name(thing) if thing.kind == Kind.NAMESPACE else ""
