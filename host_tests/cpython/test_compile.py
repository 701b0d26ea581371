"""Every file that goes onto a board compiles for the ESP32, and the agent stays within its bytes."""

import subprocess

import pytest

from device_code import agent_modules, board_files, place
from tools import build, image, interpreter
from tools.check import BUDGET

LARGEST_MODULE = 6 * 1024
IMPORT_FROM_ROMFS = """
import sys, vfs
vfs.mount(vfs.VfsRom(open(sys.argv[1], "rb").read()), "/rom")
sys.path.insert(0, "/rom")
import xyte
print(xyte.VERSION)
"""


@pytest.mark.parametrize("path", board_files(), ids=place)
def test_compiles_and_is_small(path, tmp_path):
    target = tmp_path / "out.mpy"
    build.compile_file(path, target, place(path))
    assert target.stat().st_size <= LARGEST_MODULE


def test_whole_agent(tmp_path):
    """As it is deployed."""
    sizes = build.agent_sizes()
    assert 0 < sum(size for name, size in sizes.items() if build.counted(name)) <= BUDGET
    left_out = [name for name in sizes if not build.counted(name)]
    assert "safe.mpy" in left_out and "portal/portal.mpy" in left_out and len(left_out) < 10, left_out


def test_a_file_name_tells_the_module():
    """Tracebacks on the board show no folders."""
    names = [path.name for path in agent_modules() if path.name != "__init__.py"]
    assert len(set(names)) == len(names)


def test_a_fault_is_told_with_file_and_line(tmp_path):
    source = tmp_path / "wrong.py"
    source.write_text("x = 1\nmatch x:\n    case 1: pass\n")
    with pytest.raises(build.BuildError, match=r"(?s)wrong\.py.*line 2.*SyntaxError"):
        build.compile_file(source, tmp_path / "wrong.mpy", "wrong.py")


def test_nothing_to_compile_is_an_error(tmp_path):
    with pytest.raises(build.BuildError, match="no Python files"):
        build.compile_tree(tmp_path, tmp_path / "out")


def test_romfs_depends_on_content_only(tmp_path):
    for name, order in (("one", ["b", "a"]), ("two", ["a", "b"])):
        for part in order:
            (tmp_path / name / part).mkdir(parents=True)
            (tmp_path / name / part / "x.txt").write_text(part)
    data = build.romfs(tmp_path / "one")
    assert data == build.romfs(tmp_path / "two")
    assert data[:3] == b"\xd2\xcd\x31"


def test_version_is_stamped():
    assert build.with_version('VERSION = "1.0.0"\n', "1.2.0-rc.1") == 'VERSION = "1.2.0-rc.1"\n'
    for source, version in (("", "1.0.0"), ('VERSION = "1"\n', 'x"\nimport os')):
        with pytest.raises(build.BuildError):
            build.with_version(source, version)


def test_firmware_is_reproducible_and_runs(tmp_path):
    """The image holds a ROMFS from which a real MicroPython imports the agent with the version asked for."""
    data = build.firmware("9.8.7")
    assert data == build.firmware("9.8.7")
    parsed = image.parse(data)
    assert (parsed.version, parsed.project) == ("9.8.7", "xyte-agent")
    (tmp_path / "payload").write_bytes(data[parsed.payload_offset:][:parsed.payload_size])
    script = tmp_path / "script.py"
    script.write_text(IMPORT_FROM_ROMFS)
    done = subprocess.run([*interpreter.find(), str(script), str(tmp_path / "payload")],
                          check=True, capture_output=True, text=True)
    assert done.stdout == "9.8.7\n"
