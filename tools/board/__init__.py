"""A virtual ESP32: one flash file, the boot chain and the chip's services around a real MicroPython."""
