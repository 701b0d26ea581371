"""What can go wrong, one type for each different consequence.

    XyteError
      LinkError          no usable answer came: try again later
        NoAddressError   the host's name was not found
        UntrustedError   the server could not prove who it is; nothing secret was sent
      RefusedError       the cloud answered, with a status that is not a success
      SettingsError      a person must change a setting; the text names the key
      StoreError         flash did not keep what was written
      CommandError       a command's handler gives up; the text goes to the operator

Anything else that is raised is a bug: it ends in a crash note and a reset.
"""


class XyteError(Exception):
    pass


class LinkError(XyteError):
    pass


class NoAddressError(LinkError):
    pass


class UntrustedError(LinkError):
    pass


class RefusedError(XyteError):
    """status: HTTP status. text: the cloud's own words, shortened. retry_after_s: what it asked us to wait, or 0."""

    def __init__(self, status, text="", retry_after_s=0):
        super().__init__("HTTP %d %s" % (status, text))
        self.status = status
        self.text = text
        self.retry_after_s = retry_after_s


class SettingsError(XyteError):
    pass


class StoreError(XyteError):
    pass


class CommandError(XyteError):
    pass
