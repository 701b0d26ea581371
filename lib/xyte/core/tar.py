"""The one form of tar that an application comes in: so plain that the same bytes can be made again from the files.

POSIX ustar, regular files only, sorted by path, mode 0644, owner 0, time 0, and two zero blocks at the end. That is
what lets a board hash what lies on its flash and compare it with what was signed.
"""

from xyte.errors import CommandError

BLOCK = 512
END_BLOCKS = 2


def header(path, size):
    """The 512 bytes before a file's content. path: str of at most 100 bytes. size: bytes."""
    block = bytearray(BLOCK)
    # From byte 100 on: mode, owner, group, size, time, room for the sum, type.
    fields = b"0000644\x00" b"0000000\x00" b"0000000\x00" b"%011o\x00" b"00000000000\x00" b"        " b"0" % size
    for at, text in ((0, path.encode()), (100, fields), (257, b"ustar\x0000")):
        block[at : at + len(text)] = text
    text = b"%06o\0 " % sum(block)
    block[148 : 148 + len(text)] = text
    return block


def entry(block):
    """(path, size) of a header block, None for a zero block. Raises CommandError for any header but the plain one."""
    if not any(block):
        return None
    end = bytes(block[:100]).find(b"\0")
    try:
        path = bytes(block[: end if end >= 0 else 100]).decode()
        size = int(bytes(block[124:135]).decode(), 8)
    except (UnicodeError, ValueError):
        raise refused("broken tar header")
    parts = path.split("/")
    if ".." in parts or "" in parts or "." in parts:
        raise refused("path %r leaves its folder" % path)
    if header(path, size) != block:
        raise CommandError("not an application as `tools build app` makes it: %s" % path)
    return path, size


def refused(why):
    """The CommandError for what is no application."""
    return CommandError("not an application: " + why)


def padding(size):
    """Zero bytes that follow a file's content."""
    return -size % BLOCK
