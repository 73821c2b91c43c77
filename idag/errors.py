"""The one base of what a person is told instead of a traceback."""


class CommandError(Exception):
    """A command cannot go on; the text says why and what to do about it."""
