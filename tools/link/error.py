"""What cannot be linked."""


class LinkError(Exception):
    """The sources do something that cannot be linked; the text says what and where."""
