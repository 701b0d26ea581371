"""Custom MicroPython images with the agent frozen in: what goes into them and how the vendor's container builds them.

    cli        the command
    container  what is run to build an image
    boards     the boards in firmware/boards, the versions they are built from
    manifest   what gets frozen                          tables  partition tables as text
"""
