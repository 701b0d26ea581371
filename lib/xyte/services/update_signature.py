"""Is an update signed by the owner of a key that is on this board? Asked before its first byte is fetched.

The signature waits in a file: opening one takes large numbers, for which there is room once the application is gone.
"""

from hashlib import sha256

from xyte.core import signature
from xyte.errors import CommandError, StoreError
from xyte.services import files

_PATH = "/update.sig"


def keep(root, text):
    """root: folder in front of the file's path, "" on a board. text: base64. Raises CommandError, StoreError."""
    if not text:
        raise CommandError("the file is not signed")
    try:
        files.write(root + _PATH, text.encode())
    except OSError as e:
        raise StoreError("file system: %r" % e)


def check(state, update):
    """As soon as one key is on the board, every update must be signed by the owner of one.

    update: its record. Raises CommandError.
    """
    keys, chip = state.settings.update_keys, state.chip
    if not keys:
        return
    mark, name, known = files.read(chip.root + _PATH), chip.slots(update["kind"]).chip, False
    wanted = sha256(signed_text(update, name).encode()).digest()
    for path in keys:
        chip.feed()
        try:
            with open(path) as f:
                digest = signature.opened(mark or b"", signature.modulus(f.read()))
        except ValueError:
            raise CommandError("the signature is damaged: it is not 512 characters of base64")
        if digest == wanted:
            files.remove(chip.root + _PATH)
            return
        known = known or digest is not None
    if known:
        raise CommandError("the signature is for another file, version or chip than %s" % name)
    raise CommandError("the signature is not by the owner of any key on this device")


def signed_text(update, chip):
    """The text that the signature is over. chip: "esp32", or "any" for an application."""
    return "xyte-update-1\nkind=%s\nversion=%s\nchip=%s\nsize=%d\nsha256=%s\n" % (
        update["kind"],
        update["version"],
        chip,
        update["size"],
        update["sha256"],
    )
