// Any ESP32-C3 module with 4 MiB of flash or more.
#define MICROPY_HW_BOARD_NAME "ESP32-C3 module with Xyte agent"
#define MICROPY_HW_MCU_NAME "ESP32C3"

// The console is on USB and, for modules with a USB-UART chip, on UART0.
#define MICROPY_HW_ENABLE_UART_REPL (1)
