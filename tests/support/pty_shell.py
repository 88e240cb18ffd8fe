"""Runs one program at a pseudo-terminal of its own: what it prints comes out of standard output, what comes in by standard
input is typed. `terminal_dialogue.ts` talks to it. Standard library only. Ends with the program's status.

Argument: the command as a JSON list.
"""

import json
import os
import pty
import signal
import sys



def typed(fd):
    data = os.read(fd, 1024)
    if data == b"":
        # Whoever typed is gone: hang up, so that the program is not left behind.
        sys.exit(1)
    return data


signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
status = pty.spawn(json.loads(sys.argv[1]), stdin_read=typed)
sys.exit(os.waitstatus_to_exitcode(status) & 0xFF)
