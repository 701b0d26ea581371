"""Two folders of the file system as the places that the application runs from; boot.py does trial and rollback.

The methods, and the rules, are those of firmware_slots.py.
"""

import os

from micropython import const
from xyte.errors import CommandError

_FOLDERS = ("/", "/slot_a", "/slot_b")
_STARTED = const(16)  # boot.py adds it to "trial" when it starts a trial


class ApplicationSlots:
    """keys: key-value store with whole numbers; boot.py reads "slot" (0 root, 1 a, 2 b) and "trial".

    number: of the running slot, as boot.py counts.
    """

    chip = "any"

    def __init__(self, keys):
        self._keys = keys
        here = os.getcwd()
        self.running = here if here in _FOLDERS else "/"
        self.number = _FOLDERS.index(self.running)
        # In the root, because the slot in use does not stay up, that is still boot.py's choice: no trial would begin.
        self._spare = 2 if (self.number or keys.get_int("slot")) == 1 else 1
        self.spare = _FOLDERS[self._spare]

    def mark(self):
        return 0

    def switched(self, mark):
        return self._keys.get_int("trial") >= _STARTED

    def settled(self):
        if self._keys.get_int("trial") == _STARTED + self.number:
            raise CommandError("the running application is on trial: the other slot is the way back")

    def switch(self):
        self.settled()
        self._keys.set_int("trial", self._spare)

    def confirm(self):
        self._keys.set_int("slot", self.number)  # from here on boot.py stays, whatever "trial" says
        self._keys.erase("trial")

    def forget(self):
        self._keys.erase("trial")
