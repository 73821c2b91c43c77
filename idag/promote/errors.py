"""Why a promotion is refused."""

from implementation_dag.base.errors import CommandError


class PromoteError(CommandError):
    """The promotion is refused; the text names what is wrong and what to do."""
