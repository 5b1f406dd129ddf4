"""A bar chart, as SVG: how many times better than the best peer, row by row, on a logarithmic scale."""
import math
from html import escape

LEFT, BAR, GAP, RIGHT = 170, 18, 8, 190
WIDTH = 900
DECADES = 3  # from 1/10 on


def position(ratio):
    low, high = 0.1, 10 ** (DECADES - 1)
    clamped = min(max(ratio, low), high)
    return LEFT + (WIDTH - LEFT - RIGHT) * math.log10(clamped / low) / DECADES


def text(x, y, content, anchor="start", extra=""):
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}"{extra}>{escape(content)}</text>'


def scale(height):
    for decade in range(DECADES + 1):
        ratio = 10 ** (decade - 1)
        x = position(ratio)
        colour = "#333" if ratio == 1 else "#ccc"
        yield f'<line x1="{x:.0f}" y1="34" x2="{x:.0f}" y2="{height - 6}" stroke="{colour}"/>'
        yield text(x, 28, f"{ratio:g} x", "middle")


def bar(y, label, best, ratio):
    start, end = position(1), position(ratio)
    colour = "#2a7f62" if ratio >= 1 else "#b5533c"
    yield text(LEFT - 8, y + BAR - 4, label, "end")
    yield (f'<rect x="{min(start, end):.1f}" y="{y}" width="{max(abs(end - start), 1):.1f}" height="{BAR}" '
           f'fill="{colour}"/>')
    yield text(max(start, end) + 6, y + BAR - 4, f"{ratio:.2f} x {best}")


def draw(results, rows):
    bars = []
    for row in rows:
        for figure in row.figures:
            advantage = results.advantage(row, figure) if figure.compared else None
            if advantage:
                extra = f", {figure.field}" if figure.field in ("bytes", "cpu_ns") else ""
                bars.append((f"{row.name}, {row.lwps} LWP{extra}", *advantage))
    height = 46 + len(bars) * (BAR + GAP)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
             'font-family="sans-serif" font-size="12">',
             f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
             text(LEFT - 8, 28, "times better than the best peer", "end", ' font-size="10"'), *scale(height)]
    for i, (label, best, ratio) in enumerate(bars):
        parts.extend(bar(40 + i * (BAR + GAP), label, best, ratio))
    return "\n".join([*parts, "</svg>"]) + "\n"
