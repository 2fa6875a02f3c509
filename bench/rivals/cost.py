"""Runs a command and prints, as JSON on the last line, what it and everything it started took.

Daemons that the command leaves behind (ansible-connection) become children of this process, are ended and counted too.
"""

import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import time

PR_SET_CHILD_SUBREAPER = 36
ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def children():
    with open(f"/proc/self/task/{os.getpid()}/children") as listing:
        return [int(pid) for pid in listing.read().split()]


started = time.monotonic()
status = subprocess.run(sys.argv[1:], stdout=sys.stderr).returncode
wall_s = time.monotonic() - started
deadline = time.monotonic() + 5
while left := children():
    for pid in left:
        os.kill(pid, signal.SIGTERM if time.monotonic() < deadline else signal.SIGKILL)
    for pid in left:
        try:
            os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            pass
    time.sleep(0.05)
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({"status": status, "wall_s": wall_s, "cpu_s": usage.ru_utime + usage.ru_stime}))
