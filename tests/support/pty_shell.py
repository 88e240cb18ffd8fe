"""Runs one program at a pseudo-terminal of its own: what it prints comes out of standard output, what comes in by standard
input is typed. `terminal_dialogue.ts` talks to it. Standard library only. Ends with the program's status.

Argument: the command as a JSON list.
"""

import json
import os
import pty
import signal
import sys

# Ended from outside, it must hang up on the program and not leave it behind.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
status = pty.spawn(json.loads(sys.argv[1]))
sys.exit(os.waitstatus_to_exitcode(status) & 0xFF)
