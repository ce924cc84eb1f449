"""
Runs a program, and writes as JSON to a file what it took: python3 measure.py REPORT FILES PROGRAM WORD...

A program that does not end by itself is ended once all files exist that FILES lists, one in a line. FILES is "" for
all other programs.
"""

import json
import os
import signal
import sys
import time

report, files, *words = sys.argv[1:]
awaited = []
if files:
    with open(files) as file:
        awaited = file.read().splitlines()

begin = time.monotonic()
pid = os.posix_spawnp(words[0], words, os.environ)
ended = 0
# Each look costs one system call, as only the first file that is still missing is looked for.
while awaited and not ended:
    if os.path.exists(awaited[0]):
        awaited.pop(0)
    else:
        time.sleep(0.002)
        ended, status, usage = os.wait4(pid, os.WNOHANG)
wall = time.monotonic() - begin
done = bool(files) and not ended
if done:
    os.kill(pid, signal.SIGTERM)
if not ended:
    _, status, usage = os.wait4(pid, 0)
if not files:
    wall = time.monotonic() - begin
with open(report, "w") as file:
    json.dump(
        {
            "code": 0 if done else os.waitstatus_to_exitcode(status),
            "wall": wall,
            "cpu": usage.ru_utime + usage.ru_stime,
            "memory": usage.ru_maxrss * 1024,
        },
        file,
    )
