"""Commands in comments, carried out: the forge says what was written, by whom, and what that person may do."""

from __future__ import annotations

import logging
from collections import Counter
from typing import Any

from implementation_dag.base import moments
from implementation_dag.base.log import clean
from implementation_dag.forge.errors import Conflict, ForgeError, Missing, Refused, Unauthenticated
from implementation_dag.forge.model import Comment, Permission

from . import commands, objects
from .acting import Acting
from .connect import Forge
from .model import Command, Preview, Seen, Settings
from .patience import Patience, Pauses

LOG = logging.getLogger("preview")
Object = dict[str, Any]
# Comments that are done with and still listed: a delivery that comes late finds its own there.
LISTED = 50
# So long it is not asked again what somebody may do who may not write; then he may have been let.
STRANGER_SECONDS = 20.0
MOST_STRANGERS = 10_000
# An answer that the forge refuses so often is not given: whose comment it is may have blocked us.
TRIES = 3


class Obeying:
    """Carries out the commands that a Preview lists, one at a look, the oldest first; then they are answered.

    What comes of one is written together with that it is done, so it happens once; its answer may be given twice.
    Whoever blocks our account gets no answer, and holds nobody else up. Who may not write is told so once.
    """

    def __init__(self, forge: Forge, patience: Patience, acting: Acting, settings: Settings) -> None:
        self._forge, self._patience, self._acting, self._settings = forge, patience, acting, settings
        self._refused = Pauses()
        self._tries: Counter[str] = Counter()
        self._strangers: dict[tuple[str, str, str], float] = {}
        self._refusals: set[tuple[str, str]] = set()

    def may_write(self, owner: str, repo: str, login: str) -> bool:
        """Whether somebody may write; the forge is not asked of a stranger each time. Raises ForgeError."""
        return self._permission(owner, repo, login) >= Permission.WRITE

    def obey(self, item: Object, seen: Seen | None) -> None:
        """Take the next command a step on. What the forge does not answer waits. Raises ApiError."""
        preview = objects.preview(item)
        listed = sorted(preview.spec.commands.items(), key=lambda each: int(each[0]))
        unanswered = [(number, command) for number, command in listed if not command.answered]
        # What is to be done goes before what is to be said of it, and does not wait where that is refused.
        waiting = next((each for each in unanswered if each[1].done is None), None) or next(iter(unanswered), None)
        if waiting:
            number, command = waiting
            tried = f"{preview.name} {'do' if command.done is None else 'answer'}"
            if self._refused.waits(tried):
                return
            try:
                self._step(item, preview, seen, number, command)
            except ForgeError as error:
                LOG.warning("Preview %s: command %s waits: %s", preview.name, number, clean(str(error)))
                self._refused.refused(tried, error)
                if command.done is not None and self._in_vain(f"{preview.name} {number}", error):
                    self._mark(item, number, {"answered": True})
                return
            self._refused.done(tried)
        elif done := [number for number, _ in listed[:-LISTED]]:
            self._acting.patch(item, {"commands": dict.fromkeys(done), "commandsBefore": int(done[-1])})

    def _in_vain(self, answer: str, error: ForgeError) -> bool:
        """Whether the forge has refused an answer so often that it is given up."""
        # Without a token that counts nobody gets an answer: that is mended, and they get it then.
        if not isinstance(error, Refused | Missing | Conflict) or isinstance(error, Unauthenticated):
            return False
        self._tries[answer] += 1
        if self._tries[answer] < TRIES:
            return False
        del self._tries[answer]
        return True

    def _step(self, item: Object, preview: Preview, seen: Seen | None, number: str, command: Command) -> None:
        spec, reader = preview.spec, self._forge.reader
        if int(number) <= spec.commands_before:
            self._acting.patch(item, {"commands": {number: None}})
            return
        try:
            asked = (spec.owner, spec.repo, spec.number, int(number))
            comment = self._patience.call(lambda: reader.comment(*asked))
        except Missing:
            self._mark(item, number, {"done": False, "why": "the comment is gone", "answered": True})
            return
        if command.done is None:
            outcome, stranger = self._outcome(preview, seen, comment)
            who = (preview.name, comment.author.lower())
            known = stranger and who in self._refusals
            found: Object = {"done": outcome.done, "why": outcome.why} | ({"answered": True} if known else {})
            self._mark(item, number, found, dict(outcome.changes))
            if stranger:
                # Only now: where that could not be written, nobody was refused yet.
                self._remember(who)
            return
        if teller := self._forge.teller:
            done = command.done
            self._patience.call(lambda: teller.answer(spec.owner, spec.repo, comment, done, command.why))
        self._mark(item, number, {"answered": True})

    def _outcome(self, preview: Preview, seen: Seen | None, comment: Comment) -> tuple[commands.Outcome, bool]:
        """Return what becomes of a command, and whether its author may not write."""
        spec = preview.spec
        parsed = commands.parse(comment.body)
        if parsed is None:
            return commands.Outcome(False, "there is no command in it any more"), False
        permission, now = self._permission(spec.owner, spec.repo, comment.author), moments.now()
        outcome = commands.obey(parsed, comment, permission, preview, seen, self._settings, now)
        return outcome, permission < Permission.WRITE

    def _permission(self, owner: str, repo: str, login: str) -> Permission:
        who = (owner.lower(), repo.lower(), login.lower())
        if moments.passed() - self._strangers.get(who, -STRANGER_SECONDS) < STRANGER_SECONDS:
            return Permission.NONE
        found = self._patience.call(lambda: self._forge.reader.permission(owner, repo, login))
        if found < Permission.WRITE:
            if len(self._strangers) >= MOST_STRANGERS:
                self._strangers.clear()
            self._strangers[who] = moments.passed()
        return found

    def _remember(self, who: tuple[str, str]) -> None:
        """Remember who was refused at a pull request."""
        if len(self._refusals) >= MOST_STRANGERS:
            self._refusals.clear()
        self._refusals.add(who)

    def _mark(self, item: Object, number: str, found: Object, changes: Object | None = None) -> None:
        self._acting.patch(item, (changes or {}) | {"commands": {number: found}})
