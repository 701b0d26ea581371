"""Host tools of the agent, one command line: ``python -m tools COMMAND``.

Nothing in here imports ``xyte``: the cloud, the board and the agent are independent readings of one protocol.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent  # the checkout
