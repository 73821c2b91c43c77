"""Commands in comments: what a comment says, and what may come of it. Pure; every word of it is hostile."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from implementation_dag.base import moments
from implementation_dag.contract import stages
from implementation_dag.forge.model import Comment, Permission

from .model import Phase, Preview, Seen, Settings, Spec

# A line that begins with one of these is meant for us.
WORDS = ("/retest", "/preview", "/ok-to-test")
HELP = "there are /retest [stage], /preview extend <hours>h, /preview stop, /preview pin and /ok-to-test <commit>"
LINE_LIMIT = 200
_LINE = re.compile(rf"(?:{'|'.join(WORDS)})(?:[ \t].*)?")
# CommonMark 4.5 and 4.6: https://spec.commonmark.org/0.31.2/#fenced-code-blocks
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HTML_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_HOURS = re.compile(r"([1-9][0-9]{0,3})h")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_STAGES = tuple(stage.task for stage in stages.STAGES)


@dataclass(frozen=True)
class Command:
    """One command as it was written: its word or words, and what follows."""

    name: str
    argument: str = ""
    # Why it is none, in words for its author.
    problem: str = ""


@dataclass(frozen=True)
class Outcome:
    """What becomes of a command: changes of the wish (as a merge patch), or why there are none."""

    done: bool
    why: str = ""
    changes: Mapping[str, Any] = field(default_factory=dict)


def meant_for_us(body: str) -> bool:
    """Say whether a comment has a line that begins as a command."""
    return _first(body) is not None


def parse(body: str) -> Command | None:
    """Return the first command of a comment, with its problem where it is none that there is; None: it has none."""
    line = _first(body)
    if line is None:
        return None
    words = line[:LINE_LIMIT].split()
    name = " ".join(words[:2]) if words[0] == "/preview" else words[0]
    arguments = words[2:] if words[0] == "/preview" else words[1:]
    argument = arguments[0] if len(arguments) == 1 else ""
    if len(arguments) > 1 or len(line) > LINE_LIMIT:
        return Command(name, problem=f"it says too much: {HELP}")
    expected = {
        "/retest": (not arguments or argument in _STAGES, f"a stage is one of {', '.join(_STAGES)}"),
        "/preview extend": (bool(_HOURS.fullmatch(argument)), "a time is a number of hours, such as 24h"),
        "/preview stop": (not arguments, "nothing follows /preview stop"),
        "/preview pin": (not arguments, "nothing follows /preview pin"),
        "/ok-to-test": (bool(_COMMIT.fullmatch(argument)), "the commit is needed with all its 40 hex digits"),
    }
    fits, allowed = expected.get(name, (False, HELP))
    return Command(name, argument) if fits else Command(name, problem=allowed)


def _first(body: str) -> str | None:
    return next((line for line in _shown(body) if _LINE.fullmatch(line)), None)


def _shown(body: str) -> Iterator[str]:
    """Yield the lines that stand in a comment as text: not those of a block of code, or of an HTML comment."""
    fence = ""
    for line in _HTML_COMMENT.sub("", body.replace("\r\n", "\n")).split("\n"):
        mark = _FENCE.match(line)
        if fence:
            # The end is at least as long as the beginning, and nothing follows it.
            closed = mark and mark[1].startswith(fence) and not line[mark.end() :].strip()
            fence = "" if closed else fence
        elif mark:
            fence = mark[1]
        else:
            yield line.rstrip()


def obey(
    command: Command,
    comment: Comment,
    permission: Permission,
    preview: Preview,
    seen: Seen | None,
    settings: Settings,
    now: datetime,
) -> Outcome:
    """Return what becomes of a command in a comment, by what its author may do and the forge said last."""
    spec = preview.spec
    if permission < Permission.WRITE:
        return Outcome(False, f"{comment.author} has no write permission here")
    if command.problem:
        return Outcome(False, command.problem)
    if late := _too_late(command, preview, seen):
        return Outcome(False, late)
    if command.name == "/retest":
        # A stage is only as good as what it was built on: the whole pipeline runs.
        return Outcome(True, changes={"retest": f"comment-{comment.id}", "stop": None, "expires": None})
    if command.name == "/preview stop":
        return Outcome(True, changes={"stop": spec.head or None, "pinned": None})
    if command.name == "/preview pin":
        return Outcome(True, changes={"pinned": True})
    if command.name == "/ok-to-test":
        return _let_run(command.argument, spec)
    return _extend(float(command.argument.removesuffix("h")), settings, now)


def _too_late(command: Command, preview: Preview, seen: Seen | None) -> str:
    """Why nothing could come of a command any more."""
    spec, closed = preview.spec, seen is not None and not seen.pull_request.open
    if closed and command.name in ("/retest", "/ok-to-test"):
        return "the pull request is closed, so nothing runs; open it again first"
    over = preview.status.phase in (Phase.ENDING, Phase.ENDED) or (spec.head and spec.stop == spec.head)
    if over and command.name in ("/preview extend", "/preview pin"):
        again = "open it again" if closed else "push, or comment /retest"
        return f"its preview is over; {again} to have another one"
    return ""


def _let_run(commit: str, spec: Spec) -> Outcome:
    if commit != spec.head:
        return Outcome(False, f"the head is {spec.head} by now: look at it, and name it")
    return Outcome(True, changes={"okToTest": commit})


def _extend(hours: float, settings: Settings, now: datetime) -> Outcome:
    if hours > settings.most_extend_hours:
        return Outcome(False, f"a preview is kept {settings.most_extend_hours:g} hours from now at most")
    return Outcome(True, changes={"expires": moments.stamp(now + timedelta(hours=hours))})
