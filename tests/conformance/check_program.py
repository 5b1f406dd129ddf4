#!/usr/bin/env python3
"""The conformance program as its user meets it: options, messages, exit statuses, the three outputs.

    check_program.py thr_conformance runner_cases

runner_cases is the same runner over tests that end in every way (runner/self_test.cpp).
"""
import concurrent.futures
import json
import re
import signal
import subprocess
import sys

PROGRAM, CASES = sys.argv[1:]
VERDICTS = {"Passes": "passed", "Fails": "failed", "IsSkipped": "skipped", "Crashes": "crashed",
            "ExitsEarly": "crashed", "Hangs": "hung"}
# One case waits for its end; on a busy machine the others need some time as well.
LIMIT = "--time-limit=20"
faults: list[str] = []


def check(what: str, holds: bool, seen: object = ""):
    if not holds:
        faults.append(f"{what}\n    {seen!r}")


def run(program: str, *options: str, status: int):
    done = subprocess.run([program, *options], capture_output=True, text=True, timeout=240)
    check(f"{' '.join(options)}: exits with {status}", done.returncode == status, done)
    return done


def wrong(message: str, *options: str):
    """A command line that is refused: nothing on standard output, the message on the other."""
    done = run(PROGRAM, *options, status=2)
    check(f"{' '.join(options)}: says '{message}'", message in done.stderr, done.stderr)
    check(f"{' '.join(options)}: prints nothing", done.stdout == "", done.stdout)


def options_and_messages():
    text = run(PROGRAM, "--help", status=0).stdout
    for option in ("filter", "list", "model", "concurrency", "migrate", "matrix", "jobs", "time-limit",
                   "on-hang", "json", "tap", "verbose", "help"):
        check(f"--help tells of --{option}", "--" + option in text, text)
    check("--help fits a terminal", max(map(len, text.splitlines())) <= 80, text)
    wrong("unrecognized option '--nonsense'", "--nonsense")
    wrong("requires an argument", "--filter")
    wrong("unexpected argument: mutex_lock", "mutex_lock")
    wrong("no such model (mn, hand, husk, bound): green", "--model=mn,green")
    for number in ("0", "-1", "x", "2x", "99999999999999999999", ""):
        wrong("--jobs takes a number from 1 to 1024", f"--jobs={number}")
        wrong("--time-limit takes seconds", f"--time-limit={number}")
    wrong("--concurrency takes numbers from 1 to 1024: 1025", "--concurrency=8,1025")
    wrong("--concurrency takes numbers", "--concurrency=")
    wrong("--model takes names", "--model=")
    wrong("no test matches: no_such_page", "--filter=thr_self,no_such_page")
    wrong("no test matches: THR-JOIN-99", "--filter=-thr_self,-THR-JOIN-99")
    wrong("no test is left", "--filter=thr_self,-*")
    wrong("--json and --tap exclude each other", "--tap", "--json")
    wrong("--matrix chooses the models and levels itself", "--matrix", "--model=bound")


def listing():
    lines = run(PROGRAM, "--list", "--filter=THR-JOIN-0[12]", status=0).stdout.splitlines()
    check("--list: a page, a name, statements", lines != [] and all(
        re.fullmatch(r"thr_join: \w+\.\w+(/\w+)?( [A-Z-]+-\d\d)+", line) for line in lines), lines)
    check("--list shows what matches", all("THR-JOIN-01" in l or "THR-JOIN-02" in l for l in lines), lines)
    fewer = run(PROGRAM, "--list", "--filter=THR-JOIN-0[12],-*Bound", status=0).stdout.splitlines()
    check("a pattern after '-' leaves out", fewer == [l for l in lines if "/Bound " not in l], fewer)


def as_json(*options: str, status: int, program: str = CASES):
    lines = run(program, "--json", *options, status=status).stdout.splitlines()
    objects = [json.loads(line) for line in lines]
    return objects[:-1], objects[-1]


def json_output():
    results, summary = as_json(LIMIT, "--on-hang=echo looked at %p", status=1)
    check("JSON: a result for each test", {r["test"]: r["result"] for r in results} ==
          {"Runner." + name: verdict for name, verdict in VERDICTS.items()}, results)
    check("JSON: the summary counts", (summary["passed"], summary["failed"], summary["skipped"]) == (1, 4, 1),
          summary)
    check("JSON: the pages' counts",
          summary["good"] == {"tests": 2, "passed": 2, "failed": 0, "skipped": 1, "not testable": 1} and
          summary["bad"] == {"tests": 4, "passed": 0, "failed": 2, "skipped": 0, "not testable": 0}, summary)
    by_name = {r["test"][len("Runner."):]: r for r in results}
    check("JSON: output survives quoting", '"quoted" \\ and with a tab\t' in by_name["Fails"]["output"],
          by_name["Fails"])
    check("JSON: reasons", by_name["IsSkipped"]["reason"].strip() == "for a # reason" and
          "signal 6" in by_name["Crashes"]["reason"] and "exited with 0" in by_name["ExitsEarly"]["reason"],
          results)
    check("the command for hangs has run", re.search(r"looked at \d+\n", by_name["Hangs"]["output"]),
          by_name["Hangs"])
    check("JSON: types", all(isinstance(r["seconds"], float) and isinstance(r["statements"], list)
                             for r in results), results)


def tap_output():
    lines = run(CASES, "--tap", LIMIT, "--jobs=1", status=1).stdout.splitlines()
    check("TAP: version and plan", lines[:2] == ["TAP version 13", f"1..{len(VERDICTS)}"], lines[:2])
    points = [line for line in lines[2:] if not line.startswith("#")]
    check("TAP: only test lines and comments", len(points) == len(VERDICTS), points)
    for number, line in enumerate(points, 1):
        match = re.fullmatch(r"(not ok|ok) (\d+) - (\w+): Runner\.(\w+) \[\S+\]( # SKIP .+)?", line)
        check(f"TAP: line {number}", match is not None and int(match[2]) == number, line)
        if match:
            verdict = VERDICTS[match[4]]
            check(f"TAP: verdict of {match[4]}", (match[1] == "ok") == (verdict in ("passed", "skipped")) and
                  (match[5] is not None) == (verdict == "skipped"), line)


def text_output():
    text = run(CASES, LIMIT, status=1).stdout
    check("the table", re.search(r"^good +2 +2 +0 +1 +1$", text, re.M) and
          re.search(r"^bad +4 +0 +2 +0 +0$", text, re.M) and re.search(r"^total +6 +2 +2 +1 +1$", text, re.M), text)
    check("each failure once more in the end", len(re.findall(r"^FAILED  bad: Runner", text, re.M)) == 4, text)
    check("the last line", text.splitlines()[-1] == "1 passed, 4 failed, 1 skipped", text)
    check("skipped statements and why", "RUN-03: for a # reason" in text, text)
    text = run(CASES, "--filter=good", "--verbose", status=0).stdout
    check("--verbose shows what passes", "passed: good: Runner.Passes" in text, text)


def interrupted():
    """A signal ends the run and its tests, and the output says so."""
    program = subprocess.Popen([CASES, "--tap", "--filter=RUN-01,*Hangs", "--jobs=1"], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    # The plan is printed before the first test starts, so that the signal finds the program at work.
    head = [program.stdout.readline() for _ in range(2)]
    program.send_signal(signal.SIGINT)
    rest, errors = program.communicate(timeout=240)
    check("interrupted: exits with 1", program.returncode == 1, program.returncode)
    check("interrupted: TAP bails out", rest.endswith("Bail out! stopped by a signal\n"), (head, rest, errors))


def real_tests():
    """The program itself: a page in each output."""
    results, summary = as_json("--filter=thr_main,errno", "--model=bound", status=0, program=PROGRAM)
    check("a page of the real program", len(results) > 4 and summary["failed"] == 0 and
          summary["passed"] + summary["skipped"] == len(results), summary)
    check("variant", {r["variant"] for r in results} == {"bound"}, results)


options_and_messages()
listing()
with concurrent.futures.ThreadPoolExecutor() as at_once:
    for output in [at_once.submit(look) for look in (json_output, tap_output, text_output)]:
        output.result()
interrupted()
real_tests()
for fault in faults:
    print("FAILED", fault)
print(f"{len(faults)} faults")
sys.exit(1 if faults else 0)
