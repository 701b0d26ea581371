"""The file system: replacing, renaming, errors, free space, and what `os.chdir` means for `import`. In /xyte-test only.

Sources: MicroPython extmod/vfs_lfsx.c, vfs_lfsx_file.c, vfs.c; littlefs's lfs.h (LFS_ERR codes).
"""

import errno
import os
import sys

PLACE = "/xyte-test"
NOT_EMPTY, TOO_LONG = 39, 36  # littlefs's own numbers, the same on every machine


def write(path, data, mode="wb"):
    with open(path, mode) as f:
        f.write(data)


def read(path):
    with open(path, "rb") as f:
        return f.read()


def remove(path):
    """A file, or a folder with all that is in it."""
    try:
        for name in os.listdir(path):
            remove(path + "/" + name)
        os.rmdir(path)
    except OSError:
        try:
            os.remove(path)
        except OSError:
            pass


def errors():
    check("a file that is missing", raised(open, "missing"), ("OSError", errno.ENOENT))
    check("removing it", raised(os.remove, "missing"), ("OSError", errno.ENOENT))
    check("looking at it", raised(os.stat, "missing"), ("OSError", errno.ENOENT))
    check("renaming it", raised(os.rename, "missing", "other"), ("OSError", errno.ENOENT))
    os.mkdir("folder")
    check("a folder that is there", raised(os.mkdir, "folder"), ("OSError", errno.EEXIST))
    check("a folder is no file", raised(open, "folder"), ("OSError", errno.EISDIR))
    write("folder/file", b"1")
    check("a folder that is not empty", raised(os.rmdir, "folder"), ("OSError", NOT_EMPTY))
    check("a file in a file", kind(open, "folder/file/x", "w"), "OSError")
    check("a name of 256", raised(open, "n" * 256, "w"), ("OSError", TOO_LONG))
    # To its end: an ilistdir that is left half-way, and its folder removed, crashes MicroPython 1.25.
    check("what a folder holds", [entry[:2] for entry in os.ilistdir("folder")], [("file", 0x8000)])
    check("free space in blocks of 4 KiB", os.statvfs("/")[0], 4096)


def replacing():
    write("a", b"old")
    f = open("a", "wb")
    f.write(b"new and longer")
    check("until it is closed the old file stands", read("a"), b"old")
    f.close()
    check("then the new one", read("a"), b"new and longer")
    f = open("fresh", "wb")
    check("a new file is there at once, empty", os.stat("fresh")[6], 0)
    f.close()
    write("b", b"second")
    check("rename answers nothing", os.rename("b", "a"), None)
    check("rename replaces", (read("a"), kind(os.stat, "b")), (b"second", "OSError"))
    write("large", bytes(9000))
    write("large.new", b"x" * 5000)
    os.rename("large.new", "large")
    check("a large one too", os.stat("large")[6], 5000)
    write("a", b" and more", "ab")
    check("append", read("a"), b"second and more")
    with open("a", "r+b") as f:
        f.seek(7)
        f.write(b"AND")
    check("in its middle", read("a"), b"second AND more")
    os.rename("a", "folder/a")
    check("into another folder", read("folder/a"), b"second AND more")
    check("onto a folder that is not empty", raised(os.rename, "fresh", "folder"), ("OSError", errno.EISDIR))


def modules():
    """How boot.py chooses a slot: its folder becomes the current one, and `import` begins there."""
    check("the current folder is first", sys.path[0], "")
    for slot, value in (("one", 1), ("two", 2)):
        os.mkdir(slot)
        write(slot + "/xyte_slot.py", b"VALUE = %d\n" % value)
    for slot, value in (("one", 1), ("two", 2)):
        os.chdir(PLACE + "/" + slot)
        check("chdir to " + slot, os.getcwd(), PLACE + "/" + slot)
        module = __import__("xyte_slot")
        check("import comes from it", module.VALUE, value)
        del sys.modules["xyte_slot"]
    os.chdir(PLACE)
    got = raised(os.chdir, "missing")  # MicroPython 1.25 gives the number a sign that it should not have
    holds("a folder that is missing", got in (("OSError", errno.ENOENT), ("OSError", -errno.ENOENT)), got)
    check("and nothing changed", os.getcwd(), PLACE)


def main():
    before = os.getcwd()
    remove(PLACE)
    os.mkdir(PLACE)
    os.chdir(PLACE)
    try:
        errors()
        replacing()
        modules()
    finally:
        os.chdir(before)
        remove(PLACE)
    check("nothing is left", kind(os.stat, PLACE), "OSError")


main()
