"""What stops a board or a run, in words for the person at the line."""


class ProvisionError(Exception):
    """The text says what is wrong and what to do. It never holds a secret."""


def told(error: Exception) -> str:
    """What is said of a board's failure, in one line; a surprise by its kind too."""
    text = " ".join(str(error).split())
    return text if isinstance(error, ProvisionError | OSError) else f"{type(error).__name__}: {text}"
