"""How a forge's answer can fail. None of them proves anything about a pull request."""

from __future__ import annotations

from implementation_dag.base.errors import CommandError


class ForgeError(CommandError):
    """The forge did not do what was asked; the message names the call and the answer."""


class Refused(ForgeError):
    """403: the identity may not do it."""


class Unauthenticated(Refused):
    """401: the forge does not take the identity's token."""


class Missing(ForgeError):
    """404: not there, or not visible for this identity."""


class Conflict(ForgeError):
    """405, 409, 422 or 423: the forge does not take it as things are."""


class Unavailable(ForgeError):
    """5xx, a time-out: nothing is known. Try again."""


class Unclear(Unavailable):
    """An answer, but half a one, a too large one or one of another shape. Of other questions it says nothing."""


class Limited(Unavailable):
    """429, or 403 with a rate limit: try again after `seconds`."""

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds
