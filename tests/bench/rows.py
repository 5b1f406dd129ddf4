"""What is measured, and with whom: the rows of the table that run.py prints."""
import dataclasses

OURS = "libthread"


@dataclasses.dataclass(frozen=True, eq=False)
class Side:
    """One threads library, and the program with the workloads for it."""

    name: str
    program: str
    # More than one LWP at a time.
    parallel: bool = True
    # Rows that it has not, or at which it does not get to an end.
    lacks: frozenset[str] = frozenset()
    # Rows at which it gets a smaller workload instead; the figures are per operation.
    smaller: dict[str, str] = dataclasses.field(default_factory=dict)


# Bound threads; and a chain of bare system calls, at whose end a library only gets if it adds LWPs.
OURS_ONLY = frozenset({"sempp bound", "notice"})
NO_RWLOCK = frozenset({"rwc64"})
# A map or two for each stack, or a search through all threads: they end at the kernel's limit of 65,530 maps,
# or not at all.
NOT_A_MILLION = frozenset({"park1M"})

SIDES = (
    Side(OURS, "thread_bench"),
    Side("NPTL", "nptl_bench", lacks=NOT_A_MILLION, smaller={"fib30": "fib/20", "fib25": "fib/20"}),
    Side("Boost.Fiber", "boost_bench", lacks=OURS_ONLY | NO_RWLOCK | NOT_A_MILLION | {"echo500"},
         smaller={"fib30": "fib/20", "fib25": "fib/20"}),
    Side("Go", "go_bench", lacks=OURS_ONLY),
    Side("State Threads", "st_bench", parallel=False, lacks=OURS_ONLY | NO_RWLOCK | NOT_A_MILLION,
         smaller={"fib30": "fib/20", "fib25": "fib/20"}),
    # Its scheduler looks at every thread at every switch.
    Side("GNU Pth", "pth_bench", parallel=False,
         lacks=OURS_ONLY | NO_RWLOCK | NOT_A_MILLION |
         {"mass100k cold", "park100k", "fib30", "fib25", "sleep1000", "echo500"}),
)


@dataclasses.dataclass(frozen=True)
class Figure:
    """One figure of a row: "ns" and "cpu" are per operation, others are the programs' counters."""

    field: str
    meaning: str
    target: str = ""
    more_is_better: bool = False
    # Compared with the best peer's; otherwise only shown.
    compared: bool = True


@dataclasses.dataclass(frozen=True)
class Row:
    name: str
    benchmark: str  # as the programs name it
    quick: str  # what --quick runs instead, or the same
    lwps: int
    figures: tuple[Figure, ...]
    # Takes so long that one measurement has to do.
    once: bool = False


def row(name, benchmark, lwps, *figures, quick=None, once=False):
    return Row(name, benchmark, quick or benchmark, lwps, figures, once)


def ns(target="", meaning="ns"):
    return Figure("ns", meaning, target)


def shown(field, meaning, target="", more_is_better=False):
    return Figure(field, meaning, target, more_is_better, compared=False)


CPU = shown("cpu", "CPU ns")
FAIR = shown("least_of_mean", "least thread / mean", ">= 0.5", more_is_better=True)
COUNT = 100_000
MILLION = 1_000_000


def contest(name, benchmark, lwps, target="", longest=""):
    """A lock that 64 threads want: nobody may win it by keeping others from it."""
    return row(name, benchmark, lwps, ns(target, "ns/acquisition"),
               shown("longest_ms", "longest wait, ms", longest),
               shown("least_of_mean", "least thread / mean", "> 0", more_is_better=True),
               shown("most_of_mean", "most / mean"))


def parking(name, count, once=False):
    return row(name, f"park/{count}", 1, Figure("bytes", "bytes/thread", "<= 8700"),
               shown("create_ns", "create+park, ns"), shown("create_cpu_ns", "create+park, CPU ns"),
               ns("<= 600", "wake+join, ns"), shown("cpu", "wake+join, CPU ns"),
               shown("maps", "maps", "< 1000"), shown("kept", "kept bytes/thread"),
               quick="park/1000", once=once)


# More LWPs than the others have, on whatever processors there are.
SCALING = tuple(
    one for lwps in (1, 2, 4, 8) for one in (
        *([row("yield1000", "yield/1000", lwps, ns(), FAIR)] if lwps > 2 else []),
        row("fib25", "fib/25", lwps, ns("", "ns/thread"), quick="fib/12"),
        *([contest("mutexc64", "mutexc/64", lwps)] if lwps != 2 else []),
    ))

ROWS = (
    row("yield2", "yield/2", 1, ns("<= 20"), CPU),
    row("yield2", "yield/2", 2, ns("<= 12"), FAIR),
    row("yield1000", "yield/1000", 1, ns("<= 18"), CPU),
    row("yield1000", "yield/1000", 2, ns("<= 15"), FAIR),
    row("sempp", "sempp", 1, ns("<= 100", "ns/round trip"), CPU),
    row("sempp", "sempp", 2, ns("<= 150", "ns/round trip"), CPU),
    row("sempp bound", "sempp_bound", 2, ns("<= 900", "ns/round trip"), CPU),
    row("condpp", "condpp", 1, ns("<= 120", "ns/round trip"), CPU),
    row("condpp", "condpp", 2, ns("", "ns/round trip"), CPU),
    row("create+join", "create", 1, ns("<= 109"), CPU),
    row("create+join", "create", 2, ns("<= 150"), CPU),
    row("batch1000", "batch/1000", 1, ns("<= 97", "ns/thread"), CPU),
    row("batch1000", "batch/1000", 2, ns("", "ns/thread"), CPU),
    row("mass100k cold", f"mass/{COUNT}", 1, ns("<= 900", "ns/thread"), CPU,
        shown("bytes", "peak bytes/thread"), quick="mass/1000"),
    row("fib30", "fib/30", 1, ns("<= 109", "ns/thread"), shown("peak_mb", "peak MB"), quick="fib/12"),
    row("fib30", "fib/30", 2, ns("<= 55", "ns/thread"), shown("peak_mb", "peak MB"), quick="fib/12"),
    row("mutex1", "mutex1", 1, ns("<= 12"), CPU),
    contest("mutexc64", "mutexc/64", 2, "<= 130", "<= 2"),
    contest("semac64", "semac/64", 2),
    contest("rwc64", "rwc/64", 2),
    row("mutexy8", "mutexy/8", 1, ns("<= 150", "ns/acquisition"), FAIR),
    parking("park100k", COUNT),
    parking("park1M", MILLION, once=True),
    row("sleep1000", "sleep/1000", 1,
        Figure("wakeups_per_s", "wake-ups/s", ">= 860000", more_is_better=True),
        Figure("cpu_ns", "CPU ns each", "<= 222")),
    row("echo500", "echo/500", 1,
        Figure("trips_per_s", "round trips/s", ">= 280000", more_is_better=True), CPU, quick="echo/20"),
    row("echo500", "echo/500", 2,
        Figure("trips_per_s", "round trips/s", ">= 400000", more_is_better=True), CPU, quick="echo/20"),
    row("idle100", "idle/100", 1, shown("cpu_percent", "% CPU", "< 0.1"),
        shown("switches_per_s", "switches/s", "<= 2")),
    row("rawblock", "rawblock", 1,
        Figure("progress", "others' progress", ">= 1.2", more_is_better=True)),
    row("notice", "notice", 1, shown("ns", "median until noticed, ns", "<= 1e7"),
        shown("p99_ms", "longest of 60, ms", "<= 20")),
    *SCALING,
)
