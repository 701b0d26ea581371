"""What never reaches the log. Needed where a secret becomes known: at start, at registration, in the portal."""

from xyte import log


def hide(secret):
    """From now on print *** instead of this text, if it is one."""
    if secret and secret not in log.secrets:
        log.secrets.append(secret)
        log.secrets.sort(key=len, reverse=True)  # one may be part of another
