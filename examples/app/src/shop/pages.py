"""What each path answers, apart from HTTP's own details."""

import dataclasses
import html
import os
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from shop import __version__
from shop.catalogue import UnknownProduct
from shop.quote import quote


@dataclass(frozen=True)
class Answer:
    """A status and a JSON document, or a text of HTML."""

    status: HTTPStatus
    document: dict[str, object] | str


def home(accept: str) -> Answer:
    """Who answers: name, version and commit; HTML when the client asks for it."""
    about: dict[str, object] = {
        "name": "shop",
        "version": __version__,
        "commit": os.environ.get("COMMIT", "unknown"),
    }
    if "text/html" not in accept:
        return Answer(HTTPStatus.OK, about)
    rows = "".join(f"<li>{key}: {html.escape(str(value))}</li>" for key, value in about.items())
    return Answer(
        HTTPStatus.OK, f"<!doctype html><title>shop</title><h1>shop</h1><ul>{rows}</ul>\n"
    )


def healthz() -> Answer:
    """The process is alive and able to answer."""
    return Answer(HTTPStatus.OK, {"status": "ok"})


def quotation(query: Mapping[str, str]) -> Answer:
    """Quote for the parameters ``sku`` and ``quantity`` (default 1)."""
    try:
        made = quote(query.get("sku", ""), int(query.get("quantity", "1")))
    except UnknownProduct as error:
        return Answer(HTTPStatus.NOT_FOUND, {"error": str(error)})
    except ValueError as error:
        return Answer(HTTPStatus.BAD_REQUEST, {"error": str(error)})
    return Answer(HTTPStatus.OK, dataclasses.asdict(made))
