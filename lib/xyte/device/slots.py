"""The part of `Chip` that finds the places which updates go into: it is loaded for one call, and gone after it."""


def of(chip):
    """chip.slots: a function of the kind, "firmware" or "application".

    That raises CommandError for firmware on a board with one app partition.
    """

    def slots(kind):
        if kind == "firmware":
            from xyte.device.firmware_slots import FirmwareSlots

            return FirmwareSlots()
        from xyte.device.application_slots import ApplicationSlots

        return ApplicationSlots(chip.keys)

    return slots
