#!/usr/bin/env python3
"""The USDT probes in libthread.so, what `lwpinspect probes` says of them, and docs/LWPINSPECT.md agree.

probes_test.py LIBRARY LWPINSPECT ORACLE DOCUMENT
"""
import json
import re
import struct
import subprocess
import sys

SKIPPED = 77


def sections(data):
    """(name, offset, size) of each section of an x86-64 ELF file."""
    table, = struct.unpack_from("<Q", data, 40)
    size, count, names = struct.unpack_from("<HHH", data, 58)
    headers = [struct.unpack_from("<IIQQQQIIQQ", data, table + size * i) for i in range(count)]
    strings = headers[names][4]
    for header in headers:
        begin = strings + header[0]
        yield data[begin:data.index(b"\0", begin)].decode(), header[4], header[5]


def probes_of(path):
    """{name: [argument strings]} of the provider lwpt, by the notes of <sys/sdt.h>."""
    with open(path, "rb") as file:
        data = file.read()
    found = {}
    for name, offset, size in sections(data):
        if name != ".note.stapsdt":
            continue
        at = offset
        while at < offset + size:
            owner_size, size_of_note, kind = struct.unpack_from("<III", data, at)
            owner = data[at + 12:at + 12 + owner_size].rstrip(b"\0")
            start = at + 12 + (owner_size + 3) // 4 * 4
            assert (owner, kind) == (b"stapsdt", 3), (owner, kind)
            semaphore = struct.unpack_from("<Q", data, start + 16)[0]
            provider, probe, arguments = data[start + 24:start + size_of_note].split(b"\0")[:3]
            if provider == b"lwpt":
                assert semaphore == 0, "a probe costs its nop and no more"
                found.setdefault(probe.decode(), []).append(arguments.decode())
            at = start + (size_of_note + 3) // 4 * 4
    return found


def documented(path):
    """{name: [arguments]} of the table of probes."""
    with open(path, encoding="utf-8") as file:
        rows = re.findall(r"^\| `(\w+__\w+)` \| ([\w ]+) \|", file.read(), re.M)
    return {name: arguments.split() for name, arguments in rows}


def told(tool, pid):
    output = subprocess.run([tool, "--json", "-q", "probes", pid], check=True, capture_output=True, text=True).stdout
    lines = [json.loads(line) for line in output.splitlines()]
    return {line["name"]: line["arguments"].split() for line in lines if line["type"] == "probe"}


def check(condition, what):
    if not condition:
        print("FAILED: %s" % what)
        sys.exit(1)


def main(library, tool, oracle, document):
    sites = probes_of(library)
    if not sites:
        print("the library has no probes")
        return SKIPPED
    documents = documented(document)
    with subprocess.Popen([oracle], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as target:
        for line in target.stdout:
            if line.strip() == "ready":
                break
        says = told(tool, str(target.pid))
        lines = subprocess.run([tool, "probes", str(target.pid), "--bpftrace", "--perf-lines"], check=True,
                               capture_output=True, text=True).stdout
        target.stdin.close()
    check(set(sites) == set(documents) == set(says),
          "names: %s, %s, %s" % (sorted(sites), sorted(documents), sorted(says)))
    for name, arguments in documents.items():
        check(says[name] == arguments, "%s: documented %s, told %s" % (name, arguments, says[name]))
        for site in sites[name]:
            sizes = [re.fullmatch(r"-?([1248])@\S+", argument) for argument in site.split()]
            check(all(sizes) and len(sizes) == len(arguments), "%s has arguments %s" % (name, site))
    used = set(re.findall(r":lwpt:(\w+)", lines))
    check(used and used <= set(sites), "bpftrace lines name %s" % sorted(used - set(sites)))
    for line in lines.splitlines():
        # Each line is one that a shell takes: quotes closed.
        check(subprocess.run(["sh", "-n"], input=line, text=True, check=False).returncode == 0, line)
    check(library.rsplit("/", 1)[1].split(".so")[0] in lines, "the library's file in the lines")
    print("probes: ok, %d at %d places" % (len(sites), sum(map(len, sites.values()))))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
