"""Why the rules could not be applied."""

from implementation_dag.base.errors import CommandError


class RetentionError(CommandError):
    """Nothing was applied, or not what was asked for; the text names what is wrong and what to do."""
