"""Why the rules could not be applied."""


class RetentionError(Exception):
    """Nothing was applied, or not what was asked for; the text names what is wrong and what to do."""
