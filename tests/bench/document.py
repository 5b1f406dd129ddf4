#!/usr/bin/env python3
"""Puts the results of measure.sh into docs/PERFORMANCE.md, between its marks.

    document.py DOCUMENT RESULTS.json TABLE.md PARTS.json
"""
import json
import pathlib
import re
import sys


def replace(text, name, content):
    """What stands between the marks of that name."""
    marked = re.compile(rf"(<!-- {name}: begin -->\n).*?(<!-- {name}: end -->)", re.DOTALL)
    text, count = marked.subn(lambda match: match[1] + content.rstrip("\n") + "\n" + match[2], text)
    if count != 1:
        raise SystemExit(f"document.py: {count} places for {name}")
    return text


def conditions(results):
    share = 100 * results["foreign"]
    calm = ("nothing else ran" if share < 2 else
            f"other processes took {share:.0f} % of a processor in the median measurement, so that the figures "
            "of two LWPs are worse than they would be on a machine of one's own")
    return (f"Measured on {results['day']}: {results['cpus']} processors ({results['processor']}, virtual), Linux "
            f"{results['machine']}; {calm}.\n")


def parts(report):
    lines = ["| part | ns |", "| --- | --- |"]
    lines += [f"| {run['name']} | {run['real_time']:.1f} |" for run in report["benchmarks"]
              if not run.get("error_occurred")]
    return "\n".join(lines)


def main(document, results, table, parts_report):
    path = pathlib.Path(document)
    text = path.read_text(encoding="utf-8")
    text = replace(text, "conditions", conditions(json.loads(pathlib.Path(results).read_text(encoding="utf-8"))))
    text = replace(text, "table", pathlib.Path(table).read_text(encoding="utf-8"))
    text = replace(text, "parts", parts(json.loads(pathlib.Path(parts_report).read_text(encoding="utf-8"))))
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 5:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
