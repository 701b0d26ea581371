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
    name = path.encode()
    block[0 : len(name)] = name
    for at, text in (
        (100, b"0000644\0"),
        (108, b"0000000\0"),
        (116, b"0000000\0"),
        (124, b"%011o\0" % size),
        (136, b"00000000000\0"),
        (148, b"        "),
        (156, b"0"),
        (257, b"ustar\x0000"),
    ):
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
        raise CommandError("not an application: broken tar header")
    parts = path.split("/")
    if not path or ".." in parts or "" in parts or "." in parts:
        raise CommandError("not an application: path %r leaves its folder" % path)
    if header(path, size) != block:
        raise CommandError("not an application as `tools build app` makes it: %s" % path)
    return path, size


def padding(size):
    """Zero bytes that follow a file's content."""
    return -size % BLOCK
