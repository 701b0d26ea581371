"""Gives boards their identity on the production line: settings, certificates, keys; labels for what was made.

    cli                      the command: options to an order
      line                   boards in parallel: progress, the verdict on each
        work                 one board, from the cable to the audit log; it talks through tools.serial
          matching           which row a board gets, and who is refused
          found              what a board says of itself
      order                  what every board of a run gets
      rows, audit, authorities, entering, codes     CSV, log, CA certificates, secrets, made-up identifiers
"""
