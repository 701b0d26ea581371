// Any ESP32 module with 4 MiB of flash or more.
#define MICROPY_HW_BOARD_NAME "ESP32 module with Xyte agent"
#define MICROPY_HW_MCU_NAME "ESP32"
