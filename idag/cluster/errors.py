"""Why something of the cluster cannot be told."""

from implementation_dag.base.errors import CommandError


class ClusterError(CommandError):
    """The cluster does not answer, or not what is needed; the text says what to do."""
