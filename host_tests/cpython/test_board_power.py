"""Power cuts on the running board: LittleFS, NVS and the boot records under the real interpreter."""

from board_lab import make_board, run_to_prompt
from test_board_virtual import causes, printed

WRITER = """
import machine, os
from esp32 import NVS
nvs = NVS("t")
def save(path, text):
    with open(path + ".new", "w") as f:
        f.write(text)
    os.rename(path + ".new", path)
def load(path):
    try:
        with open(path) as f:
            return f.read()
    except OSError:
        return None
def number():
    try:
        return nvs.get_i32("n")
    except OSError:
        return None
print("found", load("/state"), number(), sorted(os.listdir("/")))
save("/state", "old" * 100)
nvs.set_i32("n", 1)
save("/state", "new" * 200)
nvs.set_i32("n", 2)
print("done")
"""


def found(result):
    return [line for line in result.lines if line.startswith("found")]


def test_cut_in_every_operation_of_files_and_nvs(tmp_path):
    """After any cut the board boots, and each store holds what the order of the writes allows."""
    original = make_board(tmp_path / "original", main=WRITER)
    operations = run_to_prompt(original.copy(tmp_path / "trial")).flash_operations
    assert operations > 15
    allowed = {("None", "None"), ("old", "None"), ("old", "1"), ("new", "1"), ("new", "2")}
    for cut in range(1, operations + 1):
        board = original.copy(tmp_path / f"cut{cut}")
        result = run_to_prompt(board, cut_after=cut)
        assert result.cut and causes(result) == ["PWRON_RESET", "PWRON_RESET"], (cut, result.lines)
        assert f"--- power cut in flash operation {cut} ---" in result.lines
        state, number = found(result)[-1].split()[1:3]
        assert (state[:3] if state != "None" else state, number) in allowed, (cut, result.lines)
        assert state in ("None", "old" * 100, "new" * 200)
        assert result.lines.count("done") == (2 if cut == operations and len(found(result)) == 3 else 1)


def test_rtc_memory_is_lost_in_a_cut(tmp_path):
    board = make_board(tmp_path / "b", main="""
import machine
from esp32 import NVS
rtc = machine.RTC()
print(rtc.memory(), machine.reset_cause())
rtc.memory(b"kept")
NVS("t").set_i32("n", 1)
machine.reset()
""")
    run_to_prompt_or_boots = board.run(20, cut_after=3, boots=3)
    assert printed(run_to_prompt_or_boots) == ["b'' 1", "b'' 1", "b'kept' 2"]


def test_no_cut_beyond_the_last_operation(tmp_path):
    result = run_to_prompt(make_board(tmp_path / "b", main="print(1)"), cut_after=1000)
    assert not result.cut and result.flash_operations == 2


def test_cut_in_the_bootloader_is_a_boot_of_its_own(tmp_path):
    result = run_to_prompt(make_board(tmp_path / "b", main="print(1)"), cut_after=1)
    assert causes(result) == ["PWRON_RESET", "PWRON_RESET"]
    assert [boot.slot for boot in result.boots] == ["", "ota_0"]


def test_same_seed_gives_the_same_flash(tmp_path):
    original = make_board(tmp_path / "original", main=WRITER, seed=5)
    flashes = set()
    for name in ("a", "b"):
        board = original.copy(tmp_path / name)
        board.run(20, cut_after=9, boots=1)
        flashes.add((board.folder / "flash.bin").read_bytes())
    assert len(flashes) == 1
