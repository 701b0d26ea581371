# What is frozen into the image: all that stock firmware has, then the agent and boot.py as they stand in this checkout,
# and the one module of microdot that the set-up portal uses, from the package that `make setup` installs.
# main.py is not frozen: it is the user's, and a frozen one could not be updated without a new image.

from glob import glob

include("$(PORT_DIR)/boards/manifest.py")

package("xyte", base_path="../lib")
module("boot.py", base_path="..")

microdot = glob("../.venv/lib/python3*/site-packages/microdot")
if not microdot:
    raise FileNotFoundError("microdot is not in .venv: do `make setup` first")
module("microdot.py", base_path=microdot[0])
