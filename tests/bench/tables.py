"""The measurements of run.py, and the table that it prints."""
import statistics

from rows import OURS

FOREIGN_SHARE = 0.15
ENOUGH = 3


class Results:
    """Measurements by row and side."""

    def __init__(self):
        self._measured = {}
        self.failed = []

    def add(self, row, side, fields):
        self._measured.setdefault((row, side), []).append(fields)

    def fail(self, row, side):
        self.failed.append(f"{row.name}, {row.lwps} LWP: {side}")

    def runs(self, row):
        """All of them, by side."""
        return {side: runs for (of, side), runs in self._measured.items() if of == row}

    def values(self, row, side, field):
        """Of the undisturbed runs, if there are enough."""
        runs = self._measured.get((row, side), [])
        calm = [run for run in runs if run["foreign"] <= FOREIGN_SHARE]
        return [run[field] for run in (calm if len(calm) >= ENOUGH else runs) if field in run]

    def medians(self, row, field):
        """By side, in the order in which they were first measured."""
        values = {side: self.values(row, side, field) for side in self.runs(row)}
        return {side: statistics.median(some) for side, some in values.items() if some}

    def calm_runs(self, row, side):
        runs = self._measured.get((row, side), [])
        return sum(run["foreign"] <= FOREIGN_SHARE for run in runs), len(runs)

    def foreign_share(self):
        """How much of a processor others took, in the median measurement."""
        shares = [run["foreign"] for runs in self._measured.values() for run in runs]
        return statistics.median(shares) if shares else 0.0

    def advantage(self, row, figure):
        """The best peer's name and how many times better than it we are, or None."""
        medians = self.medians(row, figure.field)
        ours = medians.pop(OURS, None)
        if not ours or not medians:
            return None
        choose = max if figure.more_is_better else min
        best = choose(medians, key=medians.get)
        if medians[best] == 0:
            return None
        return best, (ours / medians[best] if figure.more_is_better else medians[best] / ours)


def number(value):
    if value != 0 and abs(value) < 0.01:
        return f"{value:.1e}"
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}" if abs(value) < 100 else f"{value:.0f}"


def cell(results, row, side, field):
    values = results.values(row, side, field)
    if not values:
        return "-"
    text = number(statistics.median(values))
    if len(values) > 1 and side == OURS:
        text += f" ({number(min(values))}-{number(max(values))})"
    limits = results.values(row, side, "limit")
    return f"{text} [of {number(min(limits))}]" if limits else text


def lines_of(results, row, sides):
    calm, all_runs = results.calm_runs(row, OURS)
    for figure in row.figures:
        advantage = results.advantage(row, figure) if figure.compared else None
        against = f"{advantage[1]:.2f} x {advantage[0]}" if advantage else ""
        yield (row.name, str(row.lwps), figure.meaning, figure.target,
               *(cell(results, row, side, figure.field) for side in sides), against, f"{calm}/{all_runs}")


def lines(results, rows, sides):
    """The table, title first. "against" says how many times better than the best peer we are."""
    title = ("row", "LWPs", "figure", "target", *sides, "against the best peer", "calm runs")
    return [title, *(line for row in rows for line in lines_of(results, row, sides))]


def markdown(table, widths):
    shown = [*table[:1], tuple("-" * max(width, 3) for width in widths), *table[1:]]
    return "\n".join("| " + " | ".join(text.ljust(width) for text, width in zip(line, widths)) + " |"
                     for line in shown)


def aligned(table):
    return markdown(table, [max(len(line[i]) for line in table) for i in range(len(table[0]))])


def compact(table):
    """For a document: without padding, and without the last column."""
    return markdown([line[:-1] for line in table], [0] * (len(table[0]) - 1))
