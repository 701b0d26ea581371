"""What can go wrong, one type for each different consequence.

      LinkError          no usable answer came: try again later
        NoAddressError   the host's name was not found
        AnswerError      an answer came, and it is not what the documents allow: the link is well
        UntrustedError   the server could not prove who it is; nothing secret was sent
      RefusedError       the cloud answered, with a status that is not a success
      SettingsError      a person must change a setting; the text names the key
      StoreError         flash did not keep what was written
      CommandError       a command's handler gives up; the text goes to the operator

Anything else that is raised is a bug: it ends in a crash note and a reset.
"""


class LinkError(Exception):
    pass


class NoAddressError(LinkError):
    pass


class UntrustedError(LinkError):
    pass


class AnswerError(LinkError):
    pass


class RefusedError(Exception):
    """Made of a response by `refusal` in services/calls.py."""

    status: int  # of HTTP
    text: str  # the cloud's own words, shortened, or ""
    retry_after_s: int  # what it asked us to wait, or 0


class SettingsError(Exception):
    pass


class StoreError(Exception):
    pass


class CommandError(Exception):
    pass
