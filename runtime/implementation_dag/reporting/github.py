"""Tells GitHub of a run: check runs, a deployment, one comment."""

from __future__ import annotations

from typing import Any

from implementation_dag.forge.app import App
from implementation_dag.forge.fields import Fields, objects
from implementation_dag.forge.github import PAGE
from implementation_dag.forge.http import Caller, at
from implementation_dag.forge.model import Comment, Report, Verdict

from . import checks
from .memory import Told
from .outcome import stays
from .sticky import Comments


class GitHubTeller:
    """Writes as a GitHub App, as no other account may write check runs. What cannot be told raises ForgeError."""

    def __init__(self, app: App, release: str) -> None:
        self._app, self._release = app, release
        self._comments, self._told = Comments(app, release), Told()

    def tell(self, report: Report) -> None:
        """Bring what GitHub shows to what the report says."""
        if self._told.already(report):
            return
        self._told.forget(report)
        caller = self._app.caller(report.owner, report.repo)
        self._check_runs(caller, report)
        self._deployment(caller, report)
        # The comment is the newest run's.
        if report.verdict is not Verdict.SUPERSEDED:
            self._comments.show(report)
        self._told.remember(report)

    def answer(self, owner: str, repo: str, comment: Comment, done: bool, why: str = "") -> None:
        """React to a command; where it was not done, say why."""
        self._comments.answer(owner, repo, comment, done, why)

    def _check_runs(self, caller: Caller, report: Report) -> None:
        path = at(
            "/repos/{owner}/{repo}/commits/{commit}/check-runs",
            owner=report.owner,
            repo=report.repo,
            commit=report.commit,
        )
        query: dict[str, str | int] = {"app_id": self._app.number, "filter": "latest", "per_page": PAGE}
        there: dict[str, Fields] = {}
        for answer in caller.pages(path, query):
            for one in Fields(answer.data, f"GET {path}").each("check_runs"):
                # Of one name the newest counts, which has the highest number.
                name = one.text("name")
                if name not in there or there[name].number("id") < one.number("id"):
                    there[name] = one
        for wanted, findings in checks.check_runs(report, self._release):
            found = there.get(wanted["name"])
            if found is None or not stays(report, found.optional("conclusion")):
                self._check_run(caller, report, wanted, findings, found)

    def _check_run(
        self,
        caller: Caller,
        report: Report,
        wanted: dict[str, Any],
        findings: list[dict[str, Any]],
        found: Fields | None,
    ) -> None:
        path = at("/repos/{owner}/{repo}/check-runs", owner=report.owner, repo=report.repo)
        if found is None or not _goes_on(found, wanted):
            first = findings[: checks.ANNOTATIONS_A_CALL]
            found = Fields(caller.call("POST", path, body=_with(wanted, first)).data, f"POST {path}")
            told = len(first)
        else:
            told = found.inner("output").number("annotations_count")
            if not _says(found, wanted):
                self._change(caller, report, found, wanted, [])
        for batch in checks.batches(findings, told):
            self._change(caller, report, found, wanted, batch)

    def _change(
        self, caller: Caller, report: Report, found: Fields, wanted: dict[str, Any], batch: list[dict[str, Any]]
    ) -> None:
        path = at("/repos/{owner}/{repo}/check-runs/{id}", owner=report.owner, repo=report.repo, id=found.number("id"))
        body = {name: value for name, value in _with(wanted, batch).items() if name != "head_sha"}
        caller.call("PATCH", path, body=body)

    def _deployment(self, caller: Caller, report: Report) -> None:
        """Show the preview that is up as the pull request's one active deployment; without one there is none."""
        path = at("/repos/{owner}/{repo}/deployments", owner=report.owner, repo=report.repo)
        query: dict[str, str | int] = {
            "environment": checks.environment(self._release, report.number),
            "per_page": PAGE,
        }
        found = objects(caller.call("GET", path, query=query).data, f"GET {path}")
        superseded = report.verdict is Verdict.SUPERSEDED
        active: list[Fields] = []
        current: Fields | None = None
        # The newest come first; before one that was ended all are.
        for one in found:
            ours = one.text("sha") == report.commit
            if superseded and not ours:
                continue
            if report.preview and ours and not superseded and current is None:
                current = one
            elif self._shown(caller, path, one).get("state") == "inactive":
                break
            else:
                active.append(one)
        for one in reversed(active):
            self._status(caller, path, one, {"state": "inactive"})
        if not report.preview or superseded:
            return
        if current is None:
            answer = caller.call("POST", path, body=checks.deployment(report, self._release))
            current, shown = Fields(answer.data, f"POST {path}"), {}
        else:
            shown = self._shown(caller, path, current)
        wanted = checks.deployment_status(report)
        if wanted.items() - shown.items():
            self._status(caller, path, current, wanted)

    def _shown(self, caller: Caller, path: str, deployment: Fields) -> dict[str, str]:
        """Return the newest status of a deployment, empty where it has none."""
        path = f"{path}/{deployment.number('id')}/statuses"
        found = objects(caller.call("GET", path, query={"per_page": 1}).data, f"GET {path}")
        return {name: found[0].optional(name) for name in ("state", "environment_url", "log_url")} if found else {}

    def _status(self, caller: Caller, path: str, deployment: Fields, status: dict[str, Any]) -> None:
        caller.call("POST", f"{path}/{deployment.number('id')}/statuses", body={**status, "auto_inactive": False})


def _goes_on(found: Fields, wanted: dict[str, Any]) -> bool:
    """Whether the check run that is there is this run's: one that ended is never opened again."""
    run, over = found.optional("external_id"), found.text("status") == "completed"
    adopted = not run and not over
    return (run == wanted["external_id"] or adopted) and not (over and wanted["status"] != "completed")


def _says(found: Fields, wanted: dict[str, Any]) -> bool:
    """Whether it shows what is wanted; GitHub sets a time and an address itself where none is given."""
    output = found.inner("output")
    return all(output.optional(name) == value for name, value in wanted["output"].items()) and all(
        found.optional(name) == wanted[name]
        for name in ("external_id", "status", "conclusion", "details_url")
        if name in wanted
    )


def _with(wanted: dict[str, Any], findings: list[dict[str, Any]]) -> dict[str, Any]:
    return {**wanted, "output": {**wanted["output"], "annotations": findings}} if findings else wanted
