"""Commands in comments, carried out: the forge says what was written, by whom, and what that person may do."""

from __future__ import annotations

import logging
from collections import Counter
from typing import Any

from implementation_dag.base import moments
from implementation_dag.base.log import clean
from implementation_dag.forge.errors import Conflict, ForgeError, Missing, Refused, Unauthenticated
from implementation_dag.forge.model import Comment

from . import commands, objects
from .acting import Acting
from .connect import Forge
from .model import Command, Preview, Settings
from .patience import Patience, Pauses

LOG = logging.getLogger("preview")
Object = dict[str, Any]
# Comments that are done with and still listed: a delivery that comes late finds its own there.
LISTED = 50
# An answer that the forge refuses so often is not given: whose comment it is may have blocked us.
TRIES = 3


class Obeying:
    """Carries out the commands that a Preview lists, one at a look, the oldest first; then they are answered.

    What comes of one is written together with that it is done, so it happens once; its answer may be given twice.
    Whoever blocks our account gets no answer, and holds nobody else up.
    """

    def __init__(self, forge: Forge, patience: Patience, acting: Acting, settings: Settings) -> None:
        self._forge, self._patience, self._acting, self._settings = forge, patience, acting, settings
        self._refused = Pauses()
        self._tries: Counter[str] = Counter()

    def obey(self, item: Object) -> None:
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
                self._step(item, preview, number, command)
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

    def _step(self, item: Object, preview: Preview, number: str, command: Command) -> None:
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
            outcome = self._outcome(preview, number, comment)
            self._mark(item, number, {"done": outcome.done, "why": outcome.why}, dict(outcome.changes))
            return
        if teller := self._forge.teller:
            done = command.done
            self._patience.call(lambda: teller.answer(spec.owner, spec.repo, comment, done, command.why))
        self._mark(item, number, {"answered": True})

    def _outcome(self, preview: Preview, number: str, comment: Comment) -> commands.Outcome:
        spec, reader = preview.spec, self._forge.reader
        parsed = commands.parse(comment.body)
        if parsed is None:
            return commands.Outcome(False, "there is no command in it any more")
        permission = self._patience.call(lambda: reader.permission(spec.owner, spec.repo, comment.author))
        now = moments.now()
        return commands.obey(parsed, number, comment.author, permission, spec, self._settings, now)

    def _mark(self, item: Object, number: str, found: Object, changes: Object | None = None) -> None:
        self._acting.patch(item, (changes or {}) | {"commands": {number: found}})
