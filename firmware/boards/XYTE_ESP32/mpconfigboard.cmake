set(SDKCONFIG_DEFAULTS
    boards/sdkconfig.base
    boards/sdkconfig.ble
)

include(${MICROPY_BOARD_DIR}/../xyte.cmake)
