// Any ESP32-S3 module with 8 MiB of flash or more; quad PSRAM is used where there is some.
#define MICROPY_HW_BOARD_NAME "ESP32-S3 module with Xyte agent"
#define MICROPY_HW_MCU_NAME "ESP32S3"

// The console's USB is the chip's USB-Serial-JTAG, as on the ESP32-C3: it answers before boot.py runs, and its RTS resets
// the chip. The port's own choice, TinyUSB, starts after boot.py, which may stay, and RTS does nothing there.
// MICROPY_PY_TINYUSB stays on: the component is compiled all the same, and finds its (empty) settings through it.
#define MICROPY_HW_ENABLE_USBDEV (0)

// The console is on UART0, too, for modules with a USB-UART chip.
#define MICROPY_HW_ENABLE_UART_REPL (1)

// The port's default I2C pins are the USB pins of this chip.
#define MICROPY_HW_I2C0_SCL (9)
#define MICROPY_HW_I2C0_SDA (8)
