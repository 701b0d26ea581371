"""Well-known development values that a new data folder starts with, so that a demo needs no set-up.

They are public. A cloud that listens beyond this machine must not rely on them; README.md says how to
add other keys.
"""

HARDWARE_KEY = "c10dc10d-0000-4000-8000-000000000001"
OPERATOR_KEY = "local-operator-key"

MODEL_ID = "00000000-0000-4000-8000-0000000000a1"
MODEL_NAME = "Development board"

ORGANIZATION_ID = 1
ORGANIZATION_NAME = "Local"
SPACE_ID = 1
SPACE_PATH = "Local/Bench"
PARTNER_NAME = "Local partner"
