"""What is taken away from what RBAC gives: nothing, what the controller refuses, what the chart's policies refuse."""

from __future__ import annotations

from dataclasses import dataclass

from implementation_dag.check.rights import Identity

OWN = ("runner", "reporter", "provisioner", "controller", "pull-requests", "receiver", "reaper", "box")
BOX = "box"
PULL_REQUESTS, PROVISIONER = "pull-requests", "provisioner"
REAPER = "reaper"
# What the controller makes a pod of, as it thinks right.
REQUESTS = ("docsruns", "agentruns")


class Limits:
    """Nothing: all that RBAC gives is let in."""

    def touches(self, who: Identity, namespace: str) -> bool:
        """Say whether `who` may write anything in the namespace (empty: of the cluster itself)."""
        return True

    def makes_namespaces(self, who: Identity) -> bool:
        """Say whether `who` may make, change and delete other namespaces than previews."""
        return True

    def runs_as(self, who: Identity, kind: str, namespace: str, account: Identity) -> bool:
        """Say whether a `kind` that `who` makes may run as the account."""
        return True

    def mounts(self, who: Identity, kind: str, namespace: str) -> bool:
        """Say whether a `kind` that `who` makes may have every Secret of the namespace."""
        return True

    def leaves(self, who: Identity, kind: str, namespace: str) -> bool:
        """Say whether its pod may be privileged or mount the node, where pod security would let it."""
        return True

    def binds(self, who: Identity, namespace: str, role: str, subject: Identity) -> bool:
        """Say whether `who` may give the role to the subject there."""
        return True

    def keeps_tokens(self, who: Identity, namespace: str) -> bool:
        """Say whether `who` may make a Secret that gets a service account's token."""
        return True


@dataclass(frozen=True)
class Controller(Limits):
    """What the controller makes of DocsRuns (docsrun/allowed.py) and AgentRuns (agents/pod.py); no admission policy."""

    release: str
    namespace: str
    # Namespaces with the release's label.
    previews: frozenset[str]

    def own(self, who: Identity) -> str:
        """Return the name of an identity of ours without the release's; empty: it is not ours."""
        prefix = f"{self.release}-"
        return who.name.removeprefix(prefix) if who.namespace == self.namespace and who.name.startswith(prefix) else ""

    def preview(self, who: Identity) -> str:
        """Return the namespace of which `who` is the deployer; empty: of none."""
        return self.own(who).removeprefix("deployer.") if self.own(who).startswith("deployer.") else ""

    def runs_as(self, who: Identity, kind: str, namespace: str, account: Identity) -> bool:
        """A DocsRun runs as the deployer of the namespace that it names, an AgentRun as the account of boxes."""
        if kind == "agentruns":
            return self.own(account) == BOX
        return kind != "docsruns" or self.preview(account) != ""

    def mounts(self, who: Identity, kind: str, namespace: str) -> bool:
        """A DocsRun has the git credential alone, and sends it to the git address alone; an AgentRun has none."""
        return kind not in REQUESTS

    def leaves(self, who: Identity, kind: str, namespace: str) -> bool:
        """The controller makes the pod, and nothing of a DocsRun or AgentRun says how."""
        return kind not in REQUESTS


class Policies(Controller):
    """The chart's admission policies as well, told once more (templates/policies)."""

    def touches(self, who: Identity, namespace: str) -> bool:
        """Policy reach: the release namespace and previews; a deployer its one preview. Policy reaper: nothing."""
        if self.own(who) == REAPER:
            return False
        if preview := self.preview(who):
            return namespace == preview
        return self.own(who) not in OWN or namespace == self.namespace or namespace in self.previews

    def makes_namespaces(self, who: Identity) -> bool:
        """Policy namespaces."""
        return self.own(who) not in OWN

    def runs_as(self, who: Identity, kind: str, namespace: str, account: Identity) -> bool:
        """Policies accounts and boxes, for what the controller makes; policy pods in previews.

        Deployers are made for previews alone, by policy identities.
        """
        if namespace in self.previews:
            return self.own(account) == ""
        if kind == "workflows" and self.own(who) in (PULL_REQUESTS, PROVISIONER):
            # Policies pull-requests and runs: a run of the template as it is, and answers in it.
            return False
        if kind == "agentruns" or (kind == "pods" and self._pipelines(who, kind, namespace)):
            return self.own(account) == BOX
        if self._pipelines(who, kind, namespace):
            return self.preview(account) in self.previews
        return True

    def mounts(self, who: Identity, kind: str, namespace: str) -> bool:
        """Policies accounts and boxes: of the release namespace the git credential alone, and nothing."""
        return super().mounts(who, kind, namespace) and not self._pipelines(who, kind, namespace)

    def leaves(self, who: Identity, kind: str, namespace: str) -> bool:
        """Policies accounts, boxes and pods."""
        ours = self._pipelines(who, kind, namespace) or namespace in self.previews
        return not ours and super().leaves(who, kind, namespace)

    def binds(self, who: Identity, namespace: str, role: str, subject: Identity) -> bool:
        """Policies identities, and fences against all others."""
        if self.own(who) not in OWN:
            return namespace not in self.previews and not self.preview(who)
        wanted = {
            f"{self.release}-preview": Identity(self.namespace, f"{self.release}-deployer.{namespace}"),
            f"{self.release}-provision": Identity(self.namespace, f"{self.release}-provisioner"),
            f"{self.release}-look": Identity(self.namespace, f"{self.release}-reporter"),
        }
        return namespace in self.previews and wanted.get(role) == subject

    def keeps_tokens(self, who: Identity, namespace: str) -> bool:
        """Policy credentials."""
        return namespace not in self.previews

    def _pipelines(self, who: Identity, kind: str, namespace: str) -> bool:
        makes = {"controller": kind, PULL_REQUESTS: "workflows", PROVISIONER: "workflows"}
        return namespace == self.namespace and (kind == "docsruns" or makes.get(self.own(who)) == kind)
