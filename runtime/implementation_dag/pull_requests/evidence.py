"""Where people read the evidence of a run: below an address, or by links that are signed and good for some days."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from implementation_dag.base import moments
from implementation_dag.forge.identity import read

# Key of the evidence, and the moment (RFC 3339) since which it is there → address; empty where none leads there.
Link = Callable[[str, str], str]
ACCESS_KEY, SECRET_KEY = "accessKey", "secretKey"
_ALGORITHM = "AWS4-HMAC-SHA256"
_DAY = 24 * 60 * 60
# A pull request's own tests wrote most of it: nowhere is it anything but text. What the exit handler wrote beside the
# stages' folders is a page; nobody else has a name there.
_PAGES = re.compile(r"[^/]+/[^/]+/pr-[0-9]+/([^/]+/report|runs)\.html")
_SHOWN_AS = "text/plain; charset=utf-8"
_PAGE = "text/html; charset=utf-8"


def below(url: str) -> Link:
    """Return links to what is served below an address."""
    return lambda key, since: f"{url}/{key}"


@dataclass(frozen=True)
class Signed:
    """Links to files of the bucket at `url`, signed (S3, version 4) by the key that lies in `folder`.

    A link begins at the moment since which its file is there, so that it is the same each time it is made.
    Raises ForgeError where a credential cannot be read.
    """

    url: str
    region: str
    folder: Path
    days: int

    def __post_init__(self) -> None:
        for name in (ACCESS_KEY, SECRET_KEY):
            read(self.folder / name)

    def __call__(self, key: str, since: str) -> str:
        """Return the link. Raises ForgeError where a credential cannot be read."""
        if not since:
            return ""
        moment = moments.read(since).strftime("%Y%m%dT%H%M%SZ")
        scope = f"{moment[:8]}/{self.region}/s3/aws4_request"
        place = urlsplit(self.url)
        path = f"{place.path}/{quote(key, safe='/')}"
        query = "&".join(
            f"{name}={quote(value, safe='')}"
            for name, value in (
                ("X-Amz-Algorithm", _ALGORITHM),
                ("X-Amz-Credential", f"{read(self.folder / ACCESS_KEY)}/{scope}"),
                ("X-Amz-Date", moment),
                ("X-Amz-Expires", str(self.days * _DAY)),
                ("X-Amz-SignedHeaders", "host"),
                ("response-content-type", _PAGE if _PAGES.fullmatch(key) else _SHOWN_AS),
            )
        )
        asked = f"GET\n{path}\n{query}\nhost:{place.netloc}\n\nhost\nUNSIGNED-PAYLOAD"
        signed = f"{_ALGORITHM}\n{moment}\n{scope}\n{hashlib.sha256(asked.encode()).hexdigest()}"
        signature = _mac(self._key(scope), signed).hex()
        return f"{place.scheme}://{place.netloc}{path}?{query}&X-Amz-Signature={signature}"

    def _key(self, scope: str) -> bytes:
        found = f"AWS4{read(self.folder / SECRET_KEY)}".encode()
        for part in scope.split("/"):
            found = _mac(found, part)
        return found


def _mac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
