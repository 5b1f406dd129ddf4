"""What is measured: the rows of the table that run.py prints."""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Row:
    """One run of one benchmark, with what is shown of it."""

    name: str
    benchmark: str  # as the programs name it
    quick: str  # likewise, or the same; what --quick runs instead
    lwps: int
    # (field, what it is, target). The field is "ns", "cpu" (both per operation) or a counter's name.
    shown: tuple[tuple[str, str, str], ...]


def row(name, benchmark, lwps, *shown, quick=None):
    return Row(name, benchmark, quick or benchmark, lwps, shown)


FAIR = ("least_of_mean", "least thread / mean", ">= 0.5")
COUNT = 100_000

ROWS = (
    row("yield2", "yield/2", 1, ("ns", "ns", "<= 20"), ("cpu", "CPU ns", "")),
    row("yield2", "yield/2", 2, ("ns", "ns", "<= 12"), FAIR),
    row("yield1000", "yield/1000", 1, ("ns", "ns", "<= 18"), ("cpu", "CPU ns", "")),
    row("yield1000", "yield/1000", 2, ("ns", "ns", "<= 15"), FAIR),
    row("sempp", "sempp", 1, ("ns", "ns/round trip", "<= 100"), ("cpu", "CPU ns", "")),
    row("sempp", "sempp", 2, ("ns", "ns/round trip", "<= 150"), ("cpu", "CPU ns", "")),
    row("sempp bound", "sempp_bound", 2, ("ns", "ns/round trip", "<= 900"), ("cpu", "CPU ns", "")),
    row("condpp", "condpp", 1, ("ns", "ns/round trip", "<= 120"), ("cpu", "CPU ns", "")),
    row("condpp", "condpp", 2, ("ns", "ns/round trip", ""), ("cpu", "CPU ns", "")),
    row("create+join", "create", 1, ("ns", "ns", "<= 109"), ("cpu", "CPU ns", "")),
    row("create+join", "create", 2, ("ns", "ns", "<= 150"), ("cpu", "CPU ns", "")),
    row("batch1000", "batch/1000", 1, ("ns", "ns/thread", "<= 97"), ("cpu", "CPU ns", "")),
    row("batch1000", "batch/1000", 2, ("ns", "ns/thread", ""), ("cpu", "CPU ns", "")),
    row("mass100k cold", f"mass/{COUNT}", 1, ("ns", "ns/thread", "<= 900"), ("cpu", "CPU ns", ""),
        ("bytes", "peak bytes/thread", ""), quick="mass/1000"),
    row("mutex1", "mutex1", 1, ("ns", "ns", "<= 12"), ("cpu", "CPU ns", "")),
    row("mutexc64", "mutexc/64", 2, ("ns", "ns/acquisition", "<= 130"),
        ("longest_ms", "longest wait, ms", "<= 2"), ("least_of_mean", "least thread / mean", "> 0"),
        ("most_of_mean", "most / mean", "")),
    row("park100k", f"park/{COUNT}", 1, ("bytes", "bytes/thread", "<= 8700"),
        ("create_ns", "create+park, ns", ""), ("create_cpu_ns", "create+park, CPU ns", ""),
        ("ns", "wake+join, ns", "<= 600"), ("cpu", "wake+join, CPU ns", ""), quick="park/1000"),
    row("idle100", "idle/100", 1, ("cpu_percent", "% CPU", "< 0.1"),
        ("switches_per_s", "switches/s", "<= 2")),
    row("rawblock", "rawblock", 1, ("progress", "others' progress", ">= 1.2")),
)
