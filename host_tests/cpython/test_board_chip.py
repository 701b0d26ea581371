"""The chip's modules as the board's code sees them: errors, codes, states; and what the shim costs."""

import pytest
from board_lab import I386, firmware, make_board, run_to_prompt
from test_board_virtual import COUNT, printed

from tools.board.settings import ROMFS, simulation

ERRORS = """
def error(call, *args, **more):
    try:
        print("no error", call(*args, **more))
    except Exception as e:
        print(type(e).__name__, *e.args)
"""


def output(folder, main, **more):
    return printed(run_to_prompt(make_board(folder / "b", main=ERRORS + main, **more)))


def test_nvs(tmp_path):
    assert output(tmp_path, """
from esp32 import NVS
n = NVS("xyte")
buf = bytearray(8)
error(n.get_i32, "n")
error(n.get_blob, "id", buf)
error(n.erase_key, "n")
error(n.set_i32, "k" * 16, 1)
error(NVS, "n" * 16)
error(n.set_blob, "big", bytes(12001))
n.set_i32("n", -5)
n.set_blob("id", b"12345678")
n.commit()
print(n.get_i32("n"), n.get_blob("id", buf), buf, NVS("xyte").get_i32("n"))
error(n.get_blob, "id", bytearray(7))
error(n.set_i32, "n", 1 << 31)
n.erase_key("n")
error(n.get_i32, "n")
""") == [
        "OSError -4354 ESP_ERR_NVS_NOT_FOUND",
        "OSError -4354 ESP_ERR_NVS_NOT_FOUND",
        "OSError -4354 ESP_ERR_NVS_NOT_FOUND",
        "OSError -4361 ESP_ERR_NVS_KEY_TOO_LONG",
        "OSError -4361 ESP_ERR_NVS_KEY_TOO_LONG",
        "OSError -4366 ESP_ERR_NVS_VALUE_TOO_LONG",
        "-5 8 bytearray(b'12345678') -5",
        "OSError -4364 ESP_ERR_NVS_INVALID_LENGTH",
        "OverflowError overflow converting long int to machine word",
        "OSError -4354 ESP_ERR_NVS_NOT_FOUND",
    ]


def test_partition(tmp_path):
    assert output(tmp_path, """
from esp32 import Partition
run = Partition(Partition.RUNNING)
nxt = run.get_next_update()
print(run.info())
print(nxt.info(), nxt.get_next_update().info()[4], Partition(Partition.BOOT).info()[4])
print([p.info()[4] for p in Partition.find()], [p.info()[4] for p in Partition.find(Partition.TYPE_DATA)])
print(Partition.find(Partition.TYPE_DATA, label="vfs")[0].info(), Partition.find(label="no"))
error(Partition, "no")
error(Partition, 7)
error(nxt.set_boot)
error(nxt.writeblocks, 0, b"abc")
error(nxt.writeblocks, 384, bytes(4096))
error(nxt.writeblocks, 385, bytes(4096))
error(nxt.readblocks, 384, bytearray(1))
nxt.writeblocks(0, b"\\xf0" * 4096)
nxt.writeblocks(0, b"\\x3c", 1)
buf = bytearray(3)
nxt.readblocks(0, buf)
print(buf, nxt.ioctl(4, 0), nxt.ioctl(5, 0), nxt.ioctl(6, 0), nxt.ioctl(99, 0))
nxt.readblocks(0, buf, 4094)
print(buf, Partition("ota_1", 512).ioctl(6, 0) < 0)
small = Partition("ota_1", 512)
nxt.writeblocks(0, bytes(4096))
small.writeblocks(1, b"\\x11" * 512)
nxt.readblocks(0, buf, 511)
print(buf)
""") == [
        "(0, 16, 65536, 1572864, 'ota_0', False)",
        "(0, 17, 1638400, 1572864, 'ota_1', False) ota_0 ota_0",
        "['ota_0', 'ota_1'] ['nvs', 'otadata', 'phy_init', 'vfs']",
        "(1, 129, 3211264, 983040, 'vfs', False) []",
        "OSError 2",
        "ValueError",
        "OSError -5379 ESP_ERR_OTA_VALIDATE_FAILED",
        "OSError -260 ESP_ERR_INVALID_SIZE",
        "OSError -260 ESP_ERR_INVALID_SIZE",
        "OSError -258 ESP_ERR_INVALID_ARG",
        "OSError -260 ESP_ERR_INVALID_SIZE",
        "bytearray(b'\\xf00\\xf0') 384 4096 0 None",
        "bytearray(b'\\xff\\xff\\xff') True",
        "bytearray(b'\\x00\\x11\\x11')",
    ]


UPDATE = COUNT + """
from esp32 import Partition
import sys
sys.path.append("/rom")
import which
print(n, Partition(Partition.RUNNING).info()[4], which.X)
if n == 0:
    nxt = Partition(Partition.RUNNING).get_next_update()
    with open("/update") as f:
        block, i = bytearray(b"\\xff" * 4096), 0
        with open("/update", "rb") as f:
            while f.readinto(block):
                nxt.writeblocks(i, block)
                i += 1
    nxt.set_boot()
    machine.reset()
if n == 1 and CONFIRM:
    Partition.mark_app_valid_cancel_rollback()
if n < 3:
    machine.reset()
"""


@pytest.mark.parametrize("confirm, slots", [
    (True, ["0 ota_0 old", "1 ota_1 new", "2 ota_1 new", "3 ota_1 new"]),
    (False, ["0 ota_0 old", "1 ota_1 new", "2 ota_0 old", "3 ota_0 old"]),
])
def test_update_changes_the_code_that_runs(tmp_path, confirm, slots):
    board = make_board(tmp_path / "b", main=f"CONFIRM = {confirm}\n" + UPDATE,
                       firmware=firmware("1.0.0", which="X = 'old'"))
    board.write_file("/update", firmware("2.0.0", which="X = 'new'"))
    result = run_to_prompt(board)
    assert printed(result) == slots
    assert [boot.version for boot in result.boots] == [
        "2.0.0" if "new" in line else "1.0.0" for line in slots]


def test_station(tmp_path):
    assert output(tmp_path, """
import network, socket, time
w = network.WLAN(network.WLAN.IF_STA)
def wait():
    t = time.ticks_ms()
    while w.status() in (1000, 1001): time.sleep_ms(10)
    return time.ticks_diff(time.ticks_ms(), t) // 100
error(socket.getaddrinfo, "127.0.0.1", 80)
error(socket.socket)
error(w.connect, "lab", "secret")
error(w.scan)
error(w.config, txpower=8.5)
print(w.active(), w.status(), w.active(True), w.status())
print(w.scan())
error(w.config, txpower=1.5)
w.config(txpower=8.5)
print(w.config("txpower"), w.active(False), w.active(True), w.config("txpower"))
error(w.status, "rssi")
w.connect("elsewhere", "x")
error(w.connect, "lab", "secret")
print(wait(), w.status(), w.isconnected())
w.disconnect()
w.connect("lab", "wrong")
time.sleep_ms(700)
print(w.status())                    # left to itself the driver tries for ever, and does not tell why
w.disconnect()
print(w.status())
w.config(reconnects=0)
w.connect("lab", "wrong")
print(wait(), w.status())
w.disconnect()
w.connect("lab", "secret")
print(wait(), w.status(), w.isconnected(), w.status("rssi"), w.config("mac").hex(), w.config("ssid"))
error(w.status, "noise")
print(socket.getaddrinfo("127.0.0.1", 80)[0][4][:4], type(socket.socket()).__name__)
print(network.hostname(), w.ifconfig()[0], network.WLAN().isconnected())
""", wifi=[("lab", "secret")], mac="24a160010203") == [
        "OSError -202",
        "OSError 113",
        "OSError Wifi Not Started",
        "OSError STA must be active",
        "OSError Wifi Not Started",
        "False 1000 True 1000",
        r"[(b'lab', b'\x02\x00\x00\x00\x00\x01', 6, -55, 3, False)]",
        "RuntimeError Wifi Unknown Error 0x0102",
        "8.5 False True 20.0",
        "OSError Wifi Not Connected",
        "OSError Wifi Internal Error",
        "3 201 False",
        "1001",
        "1000",
        "3 15",
        "3 1010 True -55 24a160010203 lab",
        "ValueError unknown status param",
        r"bytearray(b'\x02\x00\x00P') socket",
        "mpy-esp32 192.168.1.7 True",
    ]


def test_outage(tmp_path):
    board = make_board(tmp_path / "b", speed=5.0, main=ERRORS + """
import network, ntptime, socket, time
w = network.WLAN()
w.active(True)
w.connect("virtual-ap", "virtual-key")
def wait(state):
    while w.isconnected() != state: time.sleep_ms(20)
wait(True)
print("up")
wait(False)
print("down", w.status())
error(ntptime.settime)
error(socket.socket)
wait(True)
print("up again", w.status())
ntptime.settime()
print(time.gmtime()[0] >= 2024)
""")

    def switch(line):
        if line == "up":
            board.outage(True)
        if line.startswith("OSError 113"):
            board.outage(False)

    assert printed(run_to_prompt(board, on_line=switch)) == [
        "up", "down 1001", "OSError 110", "OSError 113", "up again 1010", "True"]


def test_outage_cuts_connections(tmp_path):
    import socket as host_socket
    import threading

    server = host_socket.create_server(("127.0.0.1", 0))

    def serve():
        connection, _ = server.accept()
        connection.sendall(b"hello")
        connection.recv(1)

    threading.Thread(target=serve, daemon=True).start()
    board = make_board(tmp_path / "b", main=f"""
import network, socket, time
w = network.WLAN()
w.active(True)
w.connect("virtual-ap", "virtual-key")
while not w.isconnected(): time.sleep_ms(20)
s = socket.socket()
s.connect(socket.getaddrinfo("127.0.0.1", {server.getsockname()[1]})[0][-1])
print(s.read(5))
while w.isconnected(): time.sleep_ms(20)
print(s.read(5))
""")
    result = run_to_prompt(board, on_line=lambda line: line == "b'hello'" and board.outage(True))
    assert printed(result) == ["b'hello'", "b''"]
    server.close()


@pytest.mark.parametrize("arch", ["native", I386])
def test_hot_calls_allocate_nothing(tmp_path, arch):
    assert output(tmp_path, """
import gc, machine, micropython, network, time
from machine import WDT
w = network.WLAN()
w.active(True)
w.connect("virtual-ap", "virtual-key")
wdt = WDT(timeout=20000)
def hot():
    t = time.ticks_ms()
    for _ in range(700):
        wdt.feed()
        w.isconnected()
        time.sleep_ms(1)
        time.ticks_diff(time.ticks_ms(), t)
        time.ticks_add(t, 5000)
        time.time()
hot()
w.disconnect()
w.connect("virtual-ap", "virtual-key")
micropython.heap_lock()
hot()
micropython.heap_unlock()
print(w.isconnected(), time.ticks_diff(5, time.ticks_add(5, (1 << 29) - 1)), time.ticks_add((1 << 30) - 1, 1))
error(time.ticks_add, 0, 1 << 29)
""", arch=arch) == ["True -536870911 0", "OverflowError ticks interval overflow"]


@pytest.mark.parametrize("arch", ["native", I386])
def test_shim_costs(tmp_path, arch, record_property):
    """What of the 56 KiB is gone when main.py begins: file system, shim, and names that a chip has in ROM."""
    lines = output(tmp_path, "import gc\ngc.collect()\nprint(gc.mem_alloc(), gc.mem_free())", arch=arch)
    used, free = map(int, lines[0].split())
    record_property("heap used", used)
    print(f"{arch}: {used} bytes of the heap used when main.py begins, {free} free")
    words = 2 if arch == "native" else 1
    heap = words * (56 * 1024 + simulation(frozen=True))
    assert 0.97 * heap < used + free <= heap
    assert used <= words * (simulation(frozen=True) - ROMFS)


def test_pins_and_small_things(tmp_path):
    assert output(tmp_path, """
import machine, esp32, gc
p = machine.Pin(2, machine.Pin.OUT, value=1)
print(p.value(), p(), machine.Pin(4, machine.Pin.IN, machine.Pin.PULL_UP).value())
p.off()
print(p.value(), machine.ADC(machine.Pin(34)).read_u16())
print(machine.freq(), hasattr(esp32, "mcu_temperature"), isinstance(esp32.raw_temperature(), int))
print(len(esp32.idf_heap_info(esp32.HEAP_DATA)[0]))
machine.lightsleep(10)
error(machine.WDT, 0, 0)
error(machine.WDT, 1, 1000)
error(lambda: machine.nothing)
""") == ["1 1 1", "0 0", "160000000 False True", "4", "ValueError WDT timeout too short", "ValueError",
         "AttributeError nothing"]


def test_bad_clock_server(tmp_path):
    assert output(tmp_path, """
import network, ntptime, time
w = network.WLAN()
w.active(True)
w.connect("virtual-ap", "virtual-key")
while not w.isconnected(): time.sleep_ms(10)
ntptime.settime()
print(time.gmtime()[0])
""", ntp_offset_s=-10 * 366 * 86400)[0] < "2020"
