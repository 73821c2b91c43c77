"""One look at a Preview: ask the forge where there is news, decide, act, obey commands, tell. Safe to repeat."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from lightkube import Client

from implementation_dag.base import kube, moments
from implementation_dag.base.log import about, clean, trace
from implementation_dag.contract import labels, names
from implementation_dag.forge.errors import Conflict, ForgeError
from implementation_dag.forge.model import Comment, PullRequest, Report
from implementation_dag.forge.port import Approver, Teller

from . import commands, objects, reports, showing
from .acting import Acting
from .admission import Admission
from .connect import Forge
from .costs import Standing
from .decide import claims, decide, moved
from .known import Known
from .measures import Measures
from .model import Action, Phase, Preview, Seen, SetStatus, Spec, Turn
from .obeying import Obeying
from .patience import Patience, Pauses
from .settings import Told
from .traces import Traces
from .watching import Watch

LOG = logging.getLogger("preview")
Object = dict[str, Any]
# A claim, a start and what follows; more at once would be a fault, and the next look goes on.
MOST_ROUNDS = 6


class Looker:
    """Looks at the Previews of one namespace. What it remembers are hints: each look reads anew what counts."""

    def __init__(self, client: Client, told: Told, forge: Forge | None) -> None:
        self._client, self._told, self._forge = client, told, forge
        kube.learn(objects.Resource, kube.Workflow)
        self._acting = Acting(client, told.namespace, told.template)
        self._patience = forge.patience if forge else Patience(told.calls_per_hour)
        self._watch = Watch(forge.reader, self._patience) if forge else None
        self._obeying = Obeying(forge, self._patience, self._acting, told.decision) if forge else None
        self._admission = Admission(client, told.namespace, told.template, told.limits)
        self._known = Known(told.template, told.limits)
        named = (f"{owner}/{repo}" for owner, repo in told.repositories.named)
        self._costs = Standing()
        hourly = self._hourly if told.priced else None
        traces = Traces(told.traces, told.template) if told.traces else None
        self._measures = Measures(told.template, tuple(named), hourly, traces.ended if traces else None)
        # The news that was followed by a question, of each Preview.
        self._asked: dict[str, str] = {}
        # The news after which a question was refused: it is asked again later, other news at once.
        self._in_vain: dict[str, str] = {}
        self._unanswered = Pauses()
        self._polled: dict[str, float] = {}
        self._untold = Pauses()

    # What events tell.

    def preview_changed(self, name: str, item: Object | None) -> bool:
        """Remember a Preview, or that it is gone; say whether it is worth a look."""
        if preview := self._known.remember(name, item):
            self._measures.meet(preview)
        if item is None:
            self._asked.pop(name, None)
            self._in_vain.pop(name, None)
            self._unanswered.done(name)
            self._untold.done(name)
            return False
        return self.due(name, item)

    def workflow_changed(self, name: str, item: Object | None) -> str:
        """Remember a Workflow, or that it is gone; return the Preview that it belongs to."""
        self._costs.workflow_changed(name, item)
        return self._known.workflow(name, item)

    # What the sweeps ask.

    def known(self) -> Iterable[tuple[str, Object]]:
        """Return every Preview that is remembered, by its name."""
        return self._known.items()

    def due(self, name: str, item: Object) -> bool:
        """Say whether, by what is remembered, something is to be done about a Preview."""
        preview = objects.preview(item)
        if self._news(item) or any(not each.answered for each in preview.spec.commands.values()):
            return True
        found = self._known.workflows(name)
        if self._decided(preview, found):
            return True
        return bool(self._forge and self._ours(preview) and reports.due(preview, found, self._told.evidence))

    def show(self) -> None:
        """Let each scrape of this process see what is remembered."""
        showing.show(self._told.template, self._known.readable, self._patience.left, self._told.calls_per_hour)

    def _hourly(self) -> list[tuple[Preview, float]]:
        return [(preview, self._costs.hourly(preview)) for preview in self._known.readable()]

    def repositories(self) -> Iterable[tuple[str, Object]]:
        """Return the repositories that are named in values."""
        return [(f"{owner}/{repo}", {}) for owner, repo in self._told.repositories.named if self._watch]

    def poll_due(self, repository: str, _: Object) -> bool:
        """Say whether the list of a repository is due, by values and by the budget."""
        interval = max(self._told.poll_seconds, self._fair_seconds())
        return moments.passed() - self._polled.get(repository, -interval) >= interval

    def _fair_seconds(self) -> float:
        """How long a list of a repository stands for, so that lists take half of the budget at most."""
        return len(self._told.repositories.named) * 2 * 3600 / self._told.calls_per_hour

    def poll(self, repository: str) -> None:
        """List one repository: make the Previews that are missing, ask for those that are not open any more."""
        if self._watch is None:
            return
        self._polled[repository] = moments.passed()
        owner, repo = repository.split("/", 1)
        ours = {
            each.name: each.spec
            for each in self._known.readable()
            if f"{each.spec.owner}/{each.spec.repo}".lower() == repository.lower()
        }
        try:
            self._watch.poll(
                owner, repo, ours, lambda opened, missing: self._take(opened, [ours[each] for each in missing])
            )
            if self._watch.comments(owner, repo, lambda found: self._wish(owner, repo, found)):
                self._polled[repository] += self._fair_seconds()
        except ForgeError as error:
            LOG.warning("%s: not polled: %s", repository, clean(str(error)))

    def _take(self, opened: Iterable[PullRequest], missing: Iterable[Spec]) -> None:
        """Make the Previews that are missing; ask for what is open no more. Raises ApiError and ForgeError."""
        for found in opened:
            self._acting.create(found.owner, found.repo, found.number)
        for spec in missing:
            self._ask(spec.owner, spec.repo, spec.number)

    def _wish(self, owner: str, repo: str, found: Iterable[Comment]) -> bool:
        """Have the commands obeyed of which no webhook told; say whether there was room for all.

        Raises ApiError and ForgeError.
        """
        full: set[str] = set()
        for comment in found:
            name = names.pull_request(owner, repo, comment.number)
            item = self._known.item(name)
            if item and not comment.edited and commands.meant_for_us(comment.body):
                spec = objects.preview(item).spec
                known = str(comment.id) in spec.commands or comment.id <= spec.commands_before
                if known or name in full or not self._since(item, comment.written):
                    continue
                # Who may not write was told so by the answer to a webhook, or is not: lists make no flood of them.
                if self._obeying and self._obeying.may_write(owner, repo, comment.author):
                    LOG.info("Preview %s: comment %d, of which no webhook told", name, comment.id)
                    if not self._acting.wish(name, {"commands": {str(comment.id): {}}}):
                        full.add(name)
        return not full

    def _since(self, item: Object, written: str) -> bool:
        """Whether a comment is of the Preview's time; it may be as old as the poll that found the pull request."""
        made = moments.read(item["metadata"]["creationTimestamp"])
        return moments.read(written) >= made - timedelta(seconds=2 * self._told.poll_seconds)

    # One look.

    def look(self, name: str) -> None:
        """Bring one Preview as far as it goes now. Raises ApiError."""
        item = self._acting.get(name)
        if item is None:
            self.preview_changed(name, None)
            return
        preview = objects.preview(item)
        with about(**self._about(preview)):
            self._look(name, item, preview)

    def _about(self, preview: Preview) -> dict[str, str]:
        """What lines of a log say of a look."""
        run = preview.status.run.name if preview.status.run else ""
        workflow = self._known.workflows(preview.name).get(run, {"metadata": {}})
        return {
            "repo": f"{preview.spec.owner}/{preview.spec.repo}",
            "pr": str(preview.spec.number),
            "run": run,
            "trace": trace(str(workflow["metadata"].get("uid", ""))),
        }

    def _look(self, name: str, found: Object, preview: Preview) -> None:
        if self._ours(preview) and (self._news(found) or self._files_wanted(preview)):
            self._follow_news(name, found, preview)
        item: Object | None = found
        for _ in range(MOST_ROUNDS):
            item = self._acting.get(name)
            if item is None or not self._decide_and_act(name, item):
                break
        if item is not None and self._forge and self._ours(preview) and not moved(preview, self._seen(preview)):
            if self._obeying:
                self._obeying.obey(item, self._seen(preview))
            self._tell(name)
        self._note_end(name)

    def _note_end(self, name: str) -> None:
        """Note that the forge was asked of what has ended: a process that begins anew asks for none of these."""
        item = self._acting.get(name) if self._watch and self._watch.seen(name) else None
        if item is None:
            return
        preview, look = objects.preview(item), self._asked.get(name, "")
        if preview.status.phase == Phase.ENDED and preview.status.looked != look:
            self._acting.write(item, replace(preview.status, looked=look))

    def _decide_and_act(self, name: str, item: Object) -> bool:
        """Return whether something was done."""
        preview = objects.preview(item)
        self._known.remember(name, item)
        found = self._read_workflows(name)
        actions = self._decided(preview, found)
        if self._told.limits.any and (run := claims(preview, actions)):
            with self._admission.door:
                turn = self._admission.ask(preview, run)
                return turn is not None and self._act(item, preview, self._decide(preview, found, turn), found)
        return self._act(item, preview, actions, found)

    def _act(self, item: Object, preview: Preview, actions: tuple[Action, ...], found: dict[str, Object]) -> bool:
        for action in actions:
            self._acting.do(item, preview, action)
            if isinstance(action, SetStatus):
                self._measures.written(preview, action.status, self._seen(preview), found)
        return bool(actions)

    def _decided(self, preview: Preview, found: dict[str, Object]) -> tuple[Action, ...]:
        """What is to be done by what is remembered of others; whose turn it is, is asked where it matters."""
        actions = self._decide(preview, found, Turn())
        if self._told.limits.any and claims(preview, actions):
            return self._decide(preview, found, self._known.turn(preview))
        return actions

    def _decide(self, preview: Preview, found: dict[str, Object], turn: Turn) -> tuple[Action, ...]:
        models = tuple(map(objects.workflow, found.values()))
        return decide(self._seen(preview), preview, models, self._told.decision, moments.now(), turn)

    def _read_workflows(self, name: str) -> dict[str, Object]:
        """The Workflows of one Preview as they are now: ours by their label, a person's by what is remembered."""
        listed = self._client.list(kube.Workflow, namespace=self._told.namespace, labels={labels.PULL_REQUEST: name})
        ours = {str(each["metadata"]["name"]): each for each in map(kube.as_dict, listed)}
        return self._known.read(name, ours)

    # The forge.

    def _ours(self, preview: Preview) -> bool:
        return self._told.repositories.has(preview.spec.owner, preview.spec.repo)

    def _seen(self, preview: Preview) -> Seen | None:
        return self._watch.seen(preview.name) if self._watch and self._ours(preview) else None

    def _news(self, item: Object) -> bool:
        """Whether the forge is to be asked: it has not been since there was news, or not at all."""
        preview = objects.preview(item)
        if self._watch is None or not self._ours(preview):
            return False
        look = (item["metadata"].get("annotations") or {}).get(labels.LOOK, "")
        if self._in_vain.get(preview.name) == look and self._unanswered.waits(preview.name):
            return False
        if preview.status.phase == Phase.ENDED and preview.status.looked == look:
            return False
        return self._asked.get(preview.name, "") != look or self._watch.seen(preview.name) is None

    def _files_wanted(self, preview: Preview) -> bool:
        seen = self._seen(preview)
        return bool(self._told.decision.paths) and seen is not None and seen.files is None

    def _follow_news(self, name: str, item: Object, preview: Preview) -> None:
        look = (item["metadata"].get("annotations") or {}).get(labels.LOOK, "")
        try:
            self._ask(preview.spec.owner, preview.spec.repo, preview.spec.number)
        except ForgeError as error:
            LOG.warning("Preview %s: the forge was asked in vain: %s", name, clean(str(error)))
            if self._unanswered.refused(name, error):
                self._in_vain[name] = look
            return
        if self._asked.get(name) != look:
            self._measures.asked(look)
        self._asked[name] = look
        self._unanswered.done(name)

    def _ask(self, owner: str, repo: str, number: int) -> None:
        if self._watch is not None:
            self._watch.ask(owner, repo, number, files=bool(self._told.decision.paths))

    def _tell(self, name: str) -> None:
        """Tell what was not told yet, the oldest first; what cannot be told now is told later."""
        forge, item = self._forge, self._acting.get(name)
        if item is None or forge is None or forge.teller is None or self._untold.waits(name):
            return
        preview = objects.preview(item)
        for run, report in reports.due(preview, self._known.workflows(name), self._told.evidence):
            try:
                self._tell_one(forge, report)
            except ForgeError as error:
                LOG.warning("Preview %s: not told yet: %s", name, clean(str(error)))
                self._untold.refused(name, error)
                return
            self._untold.done(name)
            preview = reports.told(preview, run, report)
            self._acting.write(item, preview.status)
            if run:
                self._measures.told(run, report.verdict, reports.mark(run, report))
            item = self._acting.get(name)
            if item is None:
                return
            preview = replace(objects.preview(item))

    def _tell_one(self, forge: Forge, report: Report) -> None:
        """Tell one report, and review as it says. Raises ForgeError.

        An author who keeps us from commenting does not keep an approval of another commit.
        """
        teller, approver = forge.teller, forge.approver
        untold: ForgeError | None = None
        if teller:
            try:
                self._patience.call(lambda: teller.tell(report))
            except ForgeError as error:
                untold = error
        if approver:
            self._review(teller, approver, report)
        if untold:
            raise untold

    def _review(self, teller: Teller | None, approver: Approver, report: Report) -> None:
        try:
            self._patience.call(lambda: approver.review(report))
        except Conflict as error:
            # Another try ends the same way; whoever can mend it reads of it where the review is missed.
            LOG.warning("%s/%s#%d: no review: %s", report.owner, report.repo, report.number, clean(str(error)))
            said = replace(report, reason=f"no review: {error}")
            if teller:
                self._patience.call(lambda: teller.tell(said))
