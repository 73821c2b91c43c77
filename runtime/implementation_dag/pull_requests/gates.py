"""Whether a pull request's head may run, and if not, why: one sentence that its author can act on."""

from __future__ import annotations

from fnmatch import fnmatchcase

from implementation_dag.forge.model import Changes

from .model import Seen, Settings, Spec

BOT = "[bot]"


def refusal(spec: Spec, seen: Seen | None, settings: Settings) -> str:
    """Return why the head of `spec` may not run, or nothing. What only the forge can say is asked of `seen`.

    Whoever pushes to a branch of the repository itself may write there; everybody else needs the word of one who may,
    for the very commit.
    """
    if spec.suspend:
        return "this Preview is suspended (spec.suspend)"
    if not spec.forge:
        return ""
    if (spec.fork or _unlisted_bot(spec, seen, settings)) and spec.ok_to_test != spec.head:
        who = "it comes from a fork" if spec.fork else f"{spec.author} is not listed among the agents"
        return f"{who}: somebody with write permission has to comment /ok-to-test {spec.head}"
    if spec.draft and not settings.drafts:
        return "it is a draft; it runs when it is ready for review"
    if seen is None:
        return ""
    if settings.labels and not seen.pull_request.labels & set(settings.labels):
        return f"it has none of the labels {', '.join(settings.labels)}"
    if settings.paths and seen.files and not _touches(seen.files, settings):
        return f"it changes nothing below {', '.join(settings.paths)}"
    return ""


def known(seen: Seen | None, settings: Settings) -> bool:
    """Say whether all is known that the gates ask of the forge."""
    return seen is not None and not (settings.paths and seen.files is None)


def _unlisted_bot(spec: Spec, seen: Seen | None, settings: Settings) -> bool:
    # Only the forge tells a bot from a person; as long as it has not answered, nothing runs anyway.
    bot = spec.author.endswith(BOT) or (seen is not None and seen.pull_request.bot)
    return bot and _bare(spec.author) not in map(_bare, settings.agents)


def _bare(name: str) -> str:
    return name.lower().removesuffix(BOT)


def _touches(files: Changes, settings: Settings) -> bool:
    # It saves runs, and guards nothing: what the forge does not list may be below the paths.
    return not files.complete or any(_wanted(path, settings) for path in files.paths)


def _wanted(path: str, settings: Settings) -> bool:
    # As in .gitignore a folder stands for all below it; `*` takes slashes too.
    return any(fnmatchcase(path, pattern) or path.startswith(f"{pattern.rstrip('/')}/") for pattern in settings.paths)
