"""What is wired to the virtual board's pins, as the board's code sees it, and what it drives, as the world sees it."""

import pytest
from board_lab import make_board, run_to_prompt
from test_board_chip import ERRORS
from test_board_virtual import COUNT, printed

from tools.board.wires import crc8

FAMILY = bytes.fromhex("28")


def board_with(folder, main):
    return make_board(folder / "b", main=ERRORS + "from machine import ADC, Pin\nimport time\n" + main)


def output(board, **options):
    return printed(run_to_prompt(board, **options))


def test_inputs_outputs_and_pulls(tmp_path):
    board = board_with(tmp_path, """
up, down, plain = Pin(4, Pin.IN, Pin.PULL_UP), Pin(5, Pin.IN, Pin.PULL_DOWN), Pin(34, Pin.IN)
print(up(), down(), plain(), Pin(4) is up)
wired = Pin(18, Pin.IN)
print(wired.value(), Pin(19, Pin.IN, Pin.PULL_UP).value())
out = Pin(2, Pin.OUT, value=1)
print(out(), Pin(2).value())
out.toggle()
print(out())
drain = Pin(21, Pin.OPEN_DRAIN, Pin.PULL_UP, value=1)
print(drain())
drain.off()
print(drain())
error(Pin, 40)
error(Pin, 24)
error(Pin, "X")
error(Pin, 34, Pin.OUT)
""")
    with board.wires() as wires:
        wires.connect(18, 1)
        wires.connect(19, 0)
        assert output(board) == ["1 0 0 True", "1 0", "1 1", "0", "1", "0"] + ["ValueError invalid pin"] * 3 + [
            "ValueError pin can only be input"]
        assert [wires.level(pin) for pin in (2, 21, 4)] == [0, 0, None]


def test_a_pin_of_the_flash_ends_the_program(tmp_path):
    board = board_with(tmp_path, """
print(Pin(6))
for pin in (5, 12, 11):
    Pin(pin, Pin.IN)
    print("harmless", pin)
""")
    result = board.run(boots=2)
    assert [line for line in result.lines if "armless" in line or "Pin" in line] == 2 * [
        "Pin(6)", "harmless 5", "harmless 12"]
    assert "taken for a panic" in "\n".join(result.lines)


def test_a_reset_lets_go_of_the_pins_and_a_soft_one_does_not(tmp_path):
    board = board_with(tmp_path, COUNT + """
if n == 0: Pin(2, Pin.OUT, value=1); print("driven")
if n == 1: print("after soft")
if n == 2: print("after hard")
time.sleep_ms(100)
if n == 0: machine.soft_reset()
if n == 1: machine.reset()
""")
    seen = []
    with board.wires() as wires:
        output(board, on_line=lambda line: line.startswith(("driven", "after")) and seen.append(wires.level(2)))
    assert seen == [1, 1, None]


def test_interrupts(tmp_path):
    board = board_with(tmp_path, """
falls, edges = [], []
button, both, off = Pin(0, Pin.IN, Pin.PULL_UP), Pin(4, Pin.IN), Pin(5, Pin.IN)
button.irq(lambda pin: falls.append(pin is button), Pin.IRQ_FALLING)
both.irq(lambda pin: edges.append(pin()))
off.irq(lambda pin: edges.append("off"))
off.irq(None)
print("ready")
t = time.ticks_ms()
while len(falls) < 3 or len(edges) < 2: time.sleep_ms(1000)
print(falls, edges)
""")
    with board.wires() as wires:
        wires.connect(0, 1)

        def world(line):
            if line == "ready":
                for _ in range(3):
                    wires.press(0)
                wires.press(4)
                wires.press(5)

        assert output(board, on_line=world)[-1] == "[True, True, True] [1, 1]"


def test_the_converter(tmp_path):
    board = board_with(tmp_path, """
a = ADC(Pin(34))
print(a.read(), a.read_u16(), a.read_uv())
a.atten(ADC.ATTN_0DB)
print(a.read(), a.read_u16(), a.read_uv())
a.width(ADC.WIDTH_9BIT)
print(a.read())
error(ADC, Pin(5))
error(a.atten, 4)
error(a.width, 13)
import network
second = ADC(25)
print(second.read())
network.WLAN().active(True)
error(second.read)
print(ADC(39).read())
""")
    with board.wires() as wires:
        wires.volts(34, 1.65)
        wires.volts(25, 3.3)
        assert output(board) == [
            "2048 32776 1650000", "4095 65535 1100000", "511", "ValueError invalid pin",
            "ValueError invalid attenuation", "ValueError invalid bit-width", "4095",
            "OSError 110 ESP_ERR_TIMEOUT", "0"]


@pytest.mark.parametrize("celsius, shown", [(21.5, "21.5 40.0"), (-0.4, "-0.4 40.0")])
def test_dht22(tmp_path, celsius, shown):
    board = board_with(tmp_path, """
import dht
d = dht.DHT22(Pin(4))
d.measure()
print(d.temperature(), d.humidity())
error(dht.DHT22(Pin(5)).measure)
error(machine.dht_readinto, Pin(4), bytearray(4))
import machine
print("again")
while True:
    try:
        d.measure()
    except Exception as e:
        print(type(e).__name__, e)
        break
""".replace("import dht", "import dht, machine", 1))
    with board.wires() as wires:
        wires.dht22(4, celsius, 40)
        assert output(board, on_line=lambda line: line == "again" and wires.dht22(4, 1, 1, damaged=True)) == [
            shown, "OSError 110", "ValueError buffer too small", "again", "Exception checksum error"]


def test_one_wire(tmp_path):
    """The modules of micropython-lib, in its 2026-08 state, have been run in place of the board's with this result."""
    board = board_with(tmp_path, """
from onewire import OneWire
from ds18x20 import DS18X20
d = DS18X20(OneWire(Pin(18)))
roms = d.scan()
print([rom.hex() for rom in roms])
print([d.read_temp(rom) for rom in roms])
d.convert_temp()
print([d.read_temp(rom) for rom in roms])
time.sleep_ms(750)
print([d.read_temp(rom) for rom in roms])
error(d.read_temp, bytearray(8))
nobody = DS18X20(OneWire(Pin(19)))
print(nobody.scan(), nobody.ow.reset())
error(nobody.convert_temp)
""")
    sensors = {FAMILY + bytes([i, 0, 0, 0, 0, 1]): value for i, value in ((1, 21.5), (2, -10.125), (3, 100))}
    with board.wires() as wires:
        wires.one_wire(18, sensors | {b"\x01" + bytes(6): 0})
        lines = output(board)
    roms = [(rom + bytes([crc8(rom)])).hex() for rom in sensors]
    assert sorted(eval(lines[0])) == sorted(roms)
    assert lines[1:3] == ["[85.0, 85.0, 85.0]"] * 2
    values = dict(zip(eval(lines[0]), eval(lines[3]), strict=True))
    assert [values[rom] for rom in roms] == [21.5, -10.125, 100]
    assert lines[4:] == ["Exception CRC error", "[] False", "OneWireError"]
