#!/usr/bin/env python3
"""Runs the benchmarks with libthread and with its peers, in turn, and compares the medians.

    run.py [--quick] [--polite] [--rounds N] [--rows WORD...] [--json FILE] [--svg FILE] PROGRAM...

One process per measurement, one at a time, ours and the peers' in the same minute, at the highest
common priority that we may give them. Each is told how many LWPs to use (LIBTHREAD_CONCURRENCY,
BENCH_LWPS, the processors that it may run on). Measurements
during which other processes took more than 15 % of a processor are dropped if at least three
undisturbed ones remain. The exit status says whether everything ran, never how fast.
"""
import argparse
import contextlib
import json
import os
import pathlib
import resource
import subprocess
import sys
import time

import chart
import tables
from rows import OURS, ROWS, SIDES

TIME_LIMIT = 120
TIME_LIMIT_ONCE = 180


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
             "repetitions", "repetition_index", "iterations", "time_unit", "total")
    fields = {key: value for key, value in run.items() if key not in known}
    fields["ns"] = fields.pop("real_time")
    fields["cpu"] = fields.get("cpu_ns", fields.pop("cpu_time"))
    return fields


def prepare(processors, polite):
    """In the child, before the program: against whatever else the machine does."""
    os.sched_setaffinity(0, processors)
    if polite:
        return
    with contextlib.suppress(OSError):  # then by the medians alone
        os.setsid()  # the kernel weighs sessions before processes
        with open("/proc/self/autogroup", "w", encoding="ascii") as group:
            group.write("-20")
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, -20)


def measure(program, side, row, options):
    benchmark = row.quick if options.quick else side.smaller.get(row.name, row.benchmark)
    environment = dict(os.environ, BENCH_MS=str(options.ms), BENCH_LWPS=str(row.lwps))
    command = [program, f"--benchmark_filter=^{benchmark}(/[a-z]|$)", "--benchmark_format=json",
               f"--benchmark_min_time={options.ms / 1000}"]
    processors = os.sched_getaffinity(0)
    if side.name == OURS:
        environment["LIBTHREAD_CONCURRENCY"] = str(row.lwps)
        # One LWP stays one, unless it blocks in the kernel.
        environment["LIBTHREAD_GROWTH"] = "blocked" if row.lwps == 1 else "auto"
    else:
        processors = set(sorted(processors)[:row.lwps])
    busy, own, start = busy_seconds(), own_seconds(), time.monotonic()
    limit = TIME_LIMIT_ONCE if row.once else TIME_LIMIT
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=limit, check=False,
        preexec_fn=lambda: prepare(processors, options.polite or options.quick))
    passed = time.monotonic() - start
    if done.returncode != 0:
        raise RuntimeError(f"exit status {done.returncode}: {done.stderr.strip()[-300:]}")
    foreign = (busy_seconds() - busy) - (own_seconds() - own)
    return {"foreign": max(0.0, foreign) / passed, **fields_of(json.loads(done.stdout))}


def takes_part(side, row):
    return row.name not in side.lacks and (side.parallel or row.lwps == 1)


def steps_of(rows, programs, quick):
    """Quickly: each workload once, ours with each number of LWPs."""
    seen = set()
    for row in rows:
        for side in programs:
            key = (row.quick, side, row.lwps if side.name == OURS else 0)
            if takes_part(side, row) and not (quick and key in seen):
                seen.add(key)
                yield row, side


def run_all(rows, programs, options):
    results = tables.Results()
    steps = list(steps_of(rows, programs, options.quick))
    total = sum(1 if row.once else options.rounds for row, _ in steps)
    step = 0
    for turn in range(options.rounds):
        for row, side in steps:
            if row.once and turn != 0:
                continue
            step += 1
            print(f"[{step}/{total}] {row.name}, {row.lwps} LWP: {side.name}", file=sys.stderr, flush=True)
            try:
                results.add(row, side.name, measure(programs[side], side, row, options))
            except (RuntimeError, ValueError, subprocess.TimeoutExpired) as error:
                print(f"  failed: {error}", file=sys.stderr, flush=True)
                results.fail(row, side.name)
    return results


def processor():
    with open("/proc/cpuinfo", encoding="ascii") as info:
        names = [line.split(":", 1)[1].strip() for line in info if line.startswith("model name")]
    return names[0] if names else "unknown"


def save(results, rows, sides, path):
    content = [{"row": row.name, "lwps": row.lwps,
                "figures": [{"field": figure.field, "meaning": figure.meaning, "target": figure.target,
                             "more_is_better": figure.more_is_better,
                             "medians": results.medians(row, figure.field)} for figure in row.figures],
                "runs": results.runs(row)} for row in rows]
    path.write_text(json.dumps({"machine": os.uname().release, "cpus": os.cpu_count(), "processor": processor(),
                                "day": time.strftime("%Y-%m-%d"), "sides": sides,
                                "foreign": results.foreign_share(), "rows": content},
                               indent=1) + "\n", encoding="utf-8")


def sides_of(paths):
    """The programs by side, in the order of SIDES."""
    by_name = {pathlib.Path(path).name: path for path in paths}
    programs = {side: by_name.pop(side.program) for side in SIDES if side.program in by_name}
    if by_name:
        raise SystemExit(f"run.py: not a program of a side in rows.py: {', '.join(by_name.values())}")
    if not any(side.name == OURS for side in programs):
        raise SystemExit("run.py: thread_bench is missing")
    return programs


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="see whether all works; figures mean little")
    parser.add_argument("--polite", action="store_true", help="at the priority that we have")
    parser.add_argument("--rounds", type=int, help="measurements per row and side (5)")
    parser.add_argument("--rows", nargs="+", metavar="WORD", help="only rows with one of these in the name")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE")
    parser.add_argument("--table", type=pathlib.Path, metavar="FILE", help="the table for a document")
    parser.add_argument("--svg", type=pathlib.Path, metavar="FILE", help="a chart of the ratios")
    parser.add_argument("programs", nargs="+", metavar="PROGRAM", help="thread_bench, nptl_bench, ...")
    options = parser.parse_args(arguments)
    options.rounds = options.rounds or (1 if options.quick else 5)
    options.ms = 20 if options.quick else 250
    return options


def main(arguments):
    options = parse(arguments)
    rows = [row for row in ROWS
            if not options.rows or any(word in row.name for word in options.rows)]
    programs = sides_of(options.programs)
    results = run_all(rows, programs, options)
    lines = tables.lines(results, rows, [side.name for side in programs])
    print(tables.aligned(lines))
    if options.table:
        options.table.write_text(tables.compact(lines) + "\n", encoding="utf-8")
    if options.json:
        save(results, rows, [side.name for side in programs], options.json)
    if options.svg:
        options.svg.write_text(chart.draw(results, rows), encoding="utf-8")
    for failure in results.failed:
        print(f"failed: {failure}")
    return 1 if any(failure.endswith(OURS) for failure in results.failed) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
