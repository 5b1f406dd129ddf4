#!/usr/bin/env python3
"""Loads servers with wrk, in turn, and compares them: requests a second and the 99th percentile.

    server.py NAME=PROGRAM... [--seconds S] [--rounds N] [--connections C...] [--most-tasks N]

Each PROGRAM prints "...: port N" and serves until it is ended. `NAME,VAR=VALUE,...=PROGRAM` sets its
environment. The medians of N rounds are printed. The exit status says whether every request was
answered rightly, and with how many kernel tasks at most; never how fast.
"""
import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys

UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}
FAULTS = re.compile(r"Socket errors:.*|Non-2xx or 3xx responses:.*")


class Server:
    """A server program, and how it is started."""

    def __init__(self, text):
        head, self.program = text.rsplit("=", 1)
        self.name, *settings = head.split(",")
        self.environment = dict(os.environ, **dict(s.split("=", 1) for s in settings))
        self.process = None
        self.port = None

    def __enter__(self):
        self.process = subprocess.Popen([self.program], stdout=subprocess.PIPE, text=True,
                                        env=self.environment)
        line = self.process.stdout.readline()
        found = re.search(r"port (\d+)", line)
        if not found:
            self.__exit__()
            raise RuntimeError(f"{self.name} does not say its port: {line!r}")
        self.port = int(found.group(1))
        return self

    def __exit__(self, *_unused):
        self.process.kill()
        self.process.wait()

    def kernel_tasks(self):
        return len(os.listdir(f"/proc/{self.process.pid}/task"))

    def peak_mb(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return int(re.search(r"VmHWM:\s+(\d+)", status.read()).group(1)) / 1024


def load(server, connections, seconds):
    """One run of wrk: its figures, and the server's."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "60s",
               f"http://127.0.0.1:{server.port}/"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as client:
        tasks = 0
        while True:  # the most seen meanwhile
            tasks = max(tasks, server.kernel_tasks())
            try:
                text, _ = client.communicate(timeout=0.2)
                break
            except subprocess.TimeoutExpired:
                continue
    fault = FAULTS.search(text)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s|m)", text)
    if client.returncode != 0 or fault or not rate or not p99 or float(rate.group(1)) == 0:
        raise RuntimeError(f"{server.name}: {fault.group(0) if fault else text}")
    return {"requests/s": float(rate.group(1)), "p99 ms": float(p99.group(1)) * UNITS[p99.group(2)],
            "tasks": tasks, "peak MB": server.peak_mb()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("servers", nargs="+", type=Server, metavar="NAME=PROGRAM")
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, nargs="+", default=[64, 1000])
    parser.add_argument("--most-tasks", type=int, default=100_000)
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        print("wrk is not installed")
        return 77
    print(f"{'connections':>11}  {'server':<24}{'requests/s':>11}{'p99 ms':>9}{'tasks':>7}{'peak MB':>9}")
    for connections in options.connections:
        runs = {server.name: [] for server in options.servers}
        for _ in range(options.rounds):
            for server in options.servers:
                with server:
                    runs[server.name].append(load(server, connections, options.seconds))
        for name, figures in runs.items():
            middle = {key: statistics.median(run[key] for run in figures) for key in figures[0]}
            print(f"{connections:>11}  {name:<24}{middle['requests/s']:>11.0f}{middle['p99 ms']:>9.2f}"
                  f"{middle['tasks']:>7.0f}{middle['peak MB']:>9.1f}", flush=True)
            if middle["tasks"] > options.most_tasks:
                print(f"{name}: more than {options.most_tasks} kernel tasks")
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
