"""What a DocsRun may ask for: the admission policy says the same, and the controller holds to it where there is none.

A DocsRun runs any command as any service account, and sends a Secret to an address: who may create one becomes that.
"""

from __future__ import annotations

import re
from typing import Any

from .settings import Settings

Object = dict[str, Any]
OWN = ("runner", "reporter", "provisioner", "controller", "reaper", "box")
# What follows a repository in an image's name: a tag, a digest or both.
VERSION = re.compile(r"(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(@sha256:[0-9a-f]{64})?")
PATH = re.compile(r"(/[A-Za-z0-9_.~-]+)+")


def refusal(spec: Object, settings: Settings) -> str:
    """Return in words which field asks for too much, its value and what is allowed; empty when none does."""
    return _image(spec, settings) or _account(spec, settings) or _source(spec.get("source") or {}, settings)


def _image(spec: Object, settings: Settings) -> str:
    repositories = settings.image_repositories
    if any(
        spec["image"].startswith(name) and VERSION.fullmatch(spec["image"].removeprefix(name)) for name in repositories
    ):
        return ""
    return (
        f"spec.image {spec['image']!r}: must be of repository {' or '.join(repositories)} "
        "(values image.repository and docsrun.imageRepositories)"
    )


def _account(spec: Object, settings: Settings) -> str:
    name, target = spec["serviceAccountName"], spec.get("targetNamespace", "")
    if name in (f"{settings.release}-{own}" for own in OWN):
        return f"spec.serviceAccountName {name!r}: that service account is the pipeline's own"
    deployer = f"{settings.release}-deployer.{target}"
    if name in settings.service_accounts or (target and name == deployer):
        return ""
    return (
        f"spec.serviceAccountName {name!r}: must be the deployer of targetNamespace, "
        f"{deployer if target else f'{settings.release}-deployer.<targetNamespace>'}, or one of value "
        f"docsrun.serviceAccounts ({', '.join(settings.service_accounts) or 'which names none'})"
    )


def _source(source: Object, settings: Settings) -> str:
    if not source:
        return ""
    url, secret = source["url"], source.get("credentialsSecret", "")
    path = url.removeprefix(settings.git_base_url)
    below = url.startswith(settings.git_base_url) and PATH.fullmatch(path)
    if not below or {".", ".."} & {*path.split("/")}:
        return (
            f"spec.source.url {url!r}: must be {settings.git_base_url}/<owner>/<repo>.git (value git.baseUrl), "
            "without '..', user, query or anything else"
        )
    if secret and secret != settings.git_credentials_secret:
        own = settings.git_credentials_secret
        words = f"must be {own!r} (value git.credentialsSecret)" if own else "value git.credentialsSecret names none"
        return f"spec.source.credentialsSecret {secret!r}: {words}"
    return ""
