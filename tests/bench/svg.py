"""Draws what tests/bench/overload measured, as SVG for docs: legible on light and on dark pages."""

import math

STYLE = """<style>
text { font: 13px system-ui, sans-serif; fill: #333 } .title { font-weight: 600 } .grid { stroke: #ccc } .axis { stroke: #333 }
.wait { stroke: #0b62c4; fill: none; stroke-width: 2 } .give-up { stroke: #b3500c; fill: none; stroke-width: 2; stroke-dasharray: 6 3 }
.ideal { stroke: #777; fill: none; stroke-dasharray: 2 3 }
@media (prefers-color-scheme: dark) { text { fill: #ddd } .grid { stroke: #444 } .axis { stroke: #ddd } .wait { stroke: #6cb0ff }
 .give-up { stroke: #ffab70 } .ideal { stroke: #999 } }
</style>"""
WIDTH, HEIGHT, LEFT, TOP, WIDE, HIGH, GAP = 820, 330, 60, 40, 300, 220, 400


def _panel(out, x0, title, unit, top, ticks, scale, lines):
    """One diagram: load from 0 to 5 to the right, `scale` from a value to 0…1 upwards. lines: (class, points)."""
    def at(x, y):
        return f"{x0 + x / 5 * WIDE:.1f},{TOP + HIGH - scale(y) * HIGH:.1f}"
    out.append(f'<text class="title" x="{x0}" y="{TOP - 18}">{title}</text>')
    for tick in ticks:
        x, y = at(0, tick).split(",")
        out.append(f'<line class="grid" x1="{x}" y1="{y}" x2="{x0 + WIDE}" y2="{y}"/>'
                   f'<text x="{x0 - 8}" y="{float(y) + 4}" text-anchor="end">{tick:g}{unit}</text>')
    for load in range(6):
        out.append(f'<text x="{x0 + load / 5 * WIDE}" y="{TOP + HIGH + 18}" text-anchor="middle">{load}×</text>')
    out.append(f'<path class="axis" fill="none" d="M{x0},{TOP} V{TOP + HIGH} H{x0 + WIDE}"/>')
    for kind, points in lines:
        out.append(f'<polyline class="{kind}" points="{" ".join(at(x, min(y, top)) for x, y in points)}"/>')


def overload_picture(capacity, waiting, giving_up, deadline_ms):
    """`waiting` and `giving_up`: the rows of overload.sweep."""
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="goodput and latency '
           'under overload">', STYLE]
    _panel(out, LEFT, f"good answers, of capacity ({capacity:.0f}/s)", "×", 1.2, (0, 0.25, 0.5, 0.75, 1), lambda y: y / 1.2, [
        ("ideal", [(0, 0), (1, 1), (5, 1)]),
        ("wait", [(r["load"], r["good"] / capacity) for r in waiting]),
        ("give-up", [(r["load"], r["good"] / capacity) for r in giving_up])])
    low, high = 1, 10000
    _panel(out, LEFT + GAP, "p99 of what was answered, milliseconds", "", high, (1, 10, 100, 1000, 10000),
           lambda y: math.log(max(y, low) / low) / math.log(high / low), [
               ("wait", [(r["load"], r["p99"]) for r in waiting]), ("give-up", [(r["load"], r["p99"]) for r in giving_up])])
    y = TOP + HIGH + 45
    for x, kind, text in ((LEFT, "wait", "callers wait for ever"), (LEFT + 220, "give-up", f"callers give up after {deadline_ms} ms"),
                          (LEFT + 470, "ideal", "ideal")):
        out.append(f'<path class="{kind}" d="M{x},{y} h30"/><text x="{x + 38}" y="{y + 4}">{text}</text>')
    return "\n".join(out) + "\n</svg>\n"
