"""Why a promotion is refused."""


class PromoteError(Exception):
    """The promotion is refused; the text names what is wrong and what to do."""
