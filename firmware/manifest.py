# What is frozen into the image: all that stock firmware has, then the agent and boot.py as they stand in this checkout.
# main.py is not frozen: it is the user's, and a frozen one could not be updated without a new image.

include("$(PORT_DIR)/boards/manifest.py")

package("xyte", base_path="../lib")
module("boot.py", base_path="..")
