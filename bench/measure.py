"""Runs a program, and writes as JSON to a file what it took: python3 measure.py FILE PROGRAM WORD..."""

import json
import os
import sys
import time

report, *words = sys.argv[1:]
begin = time.monotonic()
pid = os.posix_spawnp(words[0], words, os.environ)
_, status, usage = os.wait4(pid, 0)
wall = time.monotonic() - begin
with open(report, "w") as file:
    json.dump(
        {
            "code": os.waitstatus_to_exitcode(status),
            "wall": wall,
            "cpu": usage.ru_utime + usage.ru_stime,
            "memory": usage.ru_maxrss * 1024,
        },
        file,
    )
