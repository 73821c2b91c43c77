"""What admission takes away from what RBAC gives: nothing, or what the chart's own policies refuse."""

from __future__ import annotations

from dataclasses import dataclass

from implementation_dag.installation_check.rights import Identity

OWN = ("runner", "provisioner", "controller", "reaper")


class Limits:
    """A cluster without admission policies: all that RBAC gives is let in."""

    def touches(self, who: Identity, namespace: str) -> bool:
        """Say whether `who` may write anything in the namespace (empty: of the cluster itself)."""
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
class Policies(Limits):
    """The chart's policies, told once more (templates/policies); `previews` are namespaces with the release's label."""

    release: str
    namespace: str
    previews: frozenset[str]

    def _own(self, who: Identity) -> str:
        prefix = f"{self.release}-"
        return who.name.removeprefix(prefix) if who.namespace == self.namespace and who.name.startswith(prefix) else ""

    def _preview(self, who: Identity) -> str:
        return self._own(who).removeprefix("deployer.") if self._own(who).startswith("deployer.") else ""

    def touches(self, who: Identity, namespace: str) -> bool:
        """Policy reach: the release namespace and previews; a deployer its one preview."""
        if preview := self._preview(who):
            return namespace == preview
        return self._own(who) not in OWN or namespace == self.namespace or namespace in self.previews

    def runs_as(self, who: Identity, kind: str, namespace: str, account: Identity) -> bool:
        """Policy accounts, for DocsRuns and the controller's Jobs; policy pods in previews."""
        if namespace in self.previews:
            return self._own(account) == ""
        if namespace == self.namespace and (kind == "docsruns" or self._own(who) == "controller"):
            return self._preview(account) != ""
        return True

    def mounts(self, who: Identity, kind: str, namespace: str) -> bool:
        """Policy accounts: of the release namespace the git credential alone, which goes to the git address alone."""
        return not (namespace == self.namespace and (kind == "docsruns" or self._own(who) == "controller"))

    def leaves(self, who: Identity, kind: str, namespace: str) -> bool:
        """Policies accounts and pods."""
        return self.mounts(who, kind, namespace) and namespace not in self.previews

    def binds(self, who: Identity, namespace: str, role: str, subject: Identity) -> bool:
        """Policies identities, and fences against all others."""
        if namespace in self.previews and self._own(who) != "provisioner":
            return False
        if self._own(who) not in OWN:
            return True
        wanted = {
            f"{self.release}-preview": Identity(self.namespace, f"{self.release}-deployer.{namespace}"),
            f"{self.release}-provision": Identity(self.namespace, f"{self.release}-provisioner"),
        }
        return namespace in self.previews and wanted.get(role) == subject

    def keeps_tokens(self, who: Identity, namespace: str) -> bool:
        """Policy credentials."""
        return namespace not in self.previews
