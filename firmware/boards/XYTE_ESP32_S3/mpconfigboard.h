// Any ESP32-S3 module with 8 MiB of flash or more; quad PSRAM is used where there is some.
#define MICROPY_HW_BOARD_NAME "ESP32-S3 module with Xyte agent"
#define MICROPY_HW_MCU_NAME "ESP32S3"

// The console is on native USB and, for modules with a USB-UART chip, on UART0.
#define MICROPY_HW_ENABLE_UART_REPL (1)

// The port's default I2C pins are the USB pins of this chip.
#define MICROPY_HW_I2C0_SCL (9)
#define MICROPY_HW_I2C0_SDA (8)
