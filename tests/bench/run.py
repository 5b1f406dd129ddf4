#!/usr/bin/env python3
"""Runs the benchmarks with libthread and with glibc's threads, in turn, and compares the medians.

    run.py [--quick] [--rounds N] [--rows WORD...] [--json FILE] thread_bench nptl_bench

One process per measurement, one at a time, ours and the peer's in the same minute. Where a row has
one LWP, libthread is told so (LIBTHREAD_CONCURRENCY) and the peer gets one processor. Measurements
during which other processes took more than 15 % of a processor are dropped if at least three
undisturbed ones remain. The exit status says whether everything ran, never how fast.
"""
import argparse
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import time

from rows import ROWS

OURS, PEER = "ours", "NPTL"
FOREIGN_SHARE = 0.15
ENOUGH = 3
TIME_LIMIT = 120


def busy_seconds():
    """Of all processors since the machine was started."""
    with open("/proc/stat", encoding="ascii") as stat:
        ticks = [int(word) for word in stat.readline().split()[1:]]
    user, nice, system, _idle, _iowait, irq, softirq = ticks[:7]
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def own_seconds():
    total = 0.0
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        usage = resource.getrusage(who)
        total += usage.ru_utime + usage.ru_stime
    return total


def fields_of(report):
    """The figures of one run of a program, by name."""
    (run,) = report["benchmarks"]
    if run.get("error_occurred"):
        raise RuntimeError(run["error_message"])
    known = ("name", "run_name", "run_type", "family_index", "per_family_instance_index", "threads",
             "repetitions", "repetition_index", "iterations", "time_unit")
    fields = {key: value for key, value in run.items() if key not in known}
    fields["ns"] = fields.pop("real_time")
    fields["cpu"] = fields.get("cpu_ns", fields.pop("cpu_time"))
    return fields


def measure(program, side, benchmark, lwps, options):
    environment = dict(os.environ, BENCH_MS=str(options.ms))
    command = [program, f"--benchmark_filter=^{benchmark}(/[a-z]|$)", "--benchmark_format=json",
               f"--benchmark_min_time={options.ms / 1000}"]
    processors = os.sched_getaffinity(0)
    if side == OURS:
        environment["LIBTHREAD_CONCURRENCY"] = str(lwps)
        # One LWP stays one, unless it blocks in the kernel.
        environment["LIBTHREAD_GROWTH"] = "blocked" if lwps == 1 else "auto"
    else:
        processors = set(sorted(processors)[:lwps])
    busy, own, start = busy_seconds(), own_seconds(), time.monotonic()
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=TIME_LIMIT, check=False,
        preexec_fn=lambda: os.sched_setaffinity(0, processors))
    passed = time.monotonic() - start
    if done.returncode != 0:
        raise RuntimeError(f"exit status {done.returncode}: {done.stderr.strip()[-300:]}")
    foreign = (busy_seconds() - busy) - (own_seconds() - own)
    return {"foreign": max(0.0, foreign) / passed, **fields_of(json.loads(done.stdout))}


class Results:
    """Measurements by row and side."""

    def __init__(self):
        self.measured = {}
        self.failed = []

    def add(self, row, side, fields):
        self.measured.setdefault((row, side), []).append(fields)

    def used(self, row, side):
        runs = self.measured.get((row, side), [])
        calm = [run for run in runs if run["foreign"] <= FOREIGN_SHARE]
        return calm if len(calm) >= ENOUGH else runs

    def values(self, row, side, field):
        return [run[field] for run in self.used(row, side) if field in run]

    def calm_runs(self, row, side):
        runs = self.measured.get((row, side), [])
        return sum(run["foreign"] <= FOREIGN_SHARE for run in runs), len(runs)


def number(value):
    if value != 0 and abs(value) < 0.01:
        return f"{value:.1e}"
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}" if abs(value) < 100 else f"{value:.0f}"


def cell(results, row, side, field):
    values = results.values(row, side, field)
    if not values:
        return "failed"
    text = number(statistics.median(values))
    if len(values) > 1:
        text += f" ({number(min(values))}-{number(max(values))})"
    limits = results.values(row, side, "limit")
    return f"{text} [of {number(min(limits))}]" if limits else text


def ratio(results, row, field):
    ours, peer = (results.values(row, side, field) for side in (OURS, PEER))
    if not ours or not peer or statistics.median(ours) == 0:
        return ""
    return f"{statistics.median(peer) / statistics.median(ours):.2f}"


def table(results, rows):
    lines = [("row", "LWPs", "figure", OURS, PEER, "NPTL/ours", "target", "calm runs")]
    for row in rows:
        calm = "{}/{} ".format(*results.calm_runs(row, OURS)) + "{}/{}".format(*results.calm_runs(row, PEER))
        for field, meaning, target in row.shown:
            lines.append((row.name, str(row.lwps), meaning, cell(results, row, OURS, field),
                          cell(results, row, PEER, field), ratio(results, row, field), target, calm))
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    lines.insert(1, tuple("-" * width for width in widths))
    return "\n".join("| " + " | ".join(text.ljust(width) for text, width in zip(line, widths)) + " |"
                     for line in lines)


def save(results, rows, path):
    content = []
    for row in rows:
        entry = {"row": row.name, "lwps": row.lwps, "targets": {f: t for f, _, t in row.shown if t}}
        for side in (OURS, PEER):
            entry[side] = {field: statistics.median(results.values(row, side, field))
                           for field, _, _ in row.shown if results.values(row, side, field)}
            entry[side + "_runs"] = results.measured.get((row, side), [])
        content.append(entry)
    path.write_text(json.dumps({"machine": os.uname().release, "cpus": os.cpu_count(), "rows": content},
                               indent=1) + "\n", encoding="utf-8")


def run_all(rows, programs, options):
    results = Results()
    total = options.rounds * len(rows) * len(programs)
    step = 0
    for _ in range(options.rounds):
        for row in rows:
            for side, program in programs.items():
                step += 1
                benchmark = row.quick if options.quick else row.benchmark
                print(f"[{step}/{total}] {row.name}, {row.lwps} LWP: {side}", file=sys.stderr, flush=True)
                try:
                    results.add(row, side, measure(program, side, benchmark, row.lwps, options))
                except (RuntimeError, ValueError, subprocess.TimeoutExpired) as error:
                    print(f"  failed: {error}", file=sys.stderr, flush=True)
                    results.failed.append(f"{row.name}, {row.lwps} LWP: {side}")
    return results


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="see whether all works; figures mean little")
    parser.add_argument("--rounds", type=int, help="measurements per row and side (5)")
    parser.add_argument("--rows", nargs="+", metavar="WORD", help="only rows with one of these in the name")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE")
    parser.add_argument("programs", nargs=2, metavar="thread_bench nptl_bench")
    options = parser.parse_args(arguments)
    options.rounds = options.rounds or (1 if options.quick else 5)
    options.ms = 20 if options.quick else 250
    return options


def main(arguments):
    options = parse(arguments)
    rows = [row for row in ROWS
            if not options.rows or any(word in row.name for word in options.rows)]
    programs = dict(zip((OURS, PEER), options.programs))
    results = run_all(rows, programs, options)
    print(table(results, rows))
    if options.json:
        save(results, rows, options.json)
    for failure in results.failed:
        print(f"failed: {failure}")
    return 1 if results.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
