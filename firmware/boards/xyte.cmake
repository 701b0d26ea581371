# What the boards here share. Included by each mpconfigboard.cmake after it has named the port's own sdkconfig files;
# MICROPY_BOARD_DIR is set by the port. Two settings depend on where this checkout lies and on the agent's version,
# so they are written into the build folder.

get_filename_component(XYTE_FIRMWARE_DIR ${CMAKE_CURRENT_LIST_DIR} DIRECTORY)
get_filename_component(XYTE_CHECKOUT ${XYTE_FIRMWARE_DIR} DIRECTORY)

file(STRINGS ${XYTE_CHECKOUT}/lib/xyte/__init__.py XYTE_VERSION REGEX "^VERSION = \"")
string(REGEX REPLACE "^VERSION = \"(.+)\".*" "\\1" XYTE_VERSION "${XYTE_VERSION}")

file(WRITE ${CMAKE_BINARY_DIR}/sdkconfig.xyte
    "CONFIG_APP_PROJECT_VER=\"${XYTE_VERSION}\"\n"
    "CONFIG_PARTITION_TABLE_CUSTOM_FILENAME=\"${MICROPY_BOARD_DIR}/partitions.csv\"\n")

list(APPEND SDKCONFIG_DEFAULTS
    ${XYTE_FIRMWARE_DIR}/boards/sdkconfig.common
    ${MICROPY_BOARD_DIR}/sdkconfig.board
    ${CMAKE_BINARY_DIR}/sdkconfig.xyte
)

set(MICROPY_FROZEN_MANIFEST ${XYTE_FIRMWARE_DIR}/manifest.py)
