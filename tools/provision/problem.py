"""What stops a board or a run, in words for the person at the line."""


class ProvisionError(Exception):
    """The text says what is wrong and what to do. It never holds a secret."""
