"""`esp`: what of it concerns the flash chip."""


def flash_size():
    return 4194304
