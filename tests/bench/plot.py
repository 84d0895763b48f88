"""plot.py -- the pictures: bars for pieces that are tables, lines for curves.

They are written as text, so that they have the fonts and colours of the other
pictures of the documents, by day and by night."""
import math
from xml.sax.saxutils import escape

WIDTH, MARGIN, PANEL_HEIGHT, PANELS = 720, 40, 190, 2
COLOURS = (("#0969da", "#58a6ff"), ("#bc4c00", "#f0883e"), ("#1a7f37", "#3fb950"),
           ("#8250df", "#bc8cff"), ("#59636e", "#9198a1"))
HEAD = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %(width)d %(height)d" width="%(width)d" \
height="%(height)d" role="img" aria-labelledby="title" font-family="system-ui, -apple-system, \
'Segoe UI', 'DejaVu Sans', sans-serif" font-size="14">
  <title id="title">%(title)s</title>
  <style>
    .panel { fill: #ffffff; stroke: #d0d7de; }
    .text { fill: #1f2328; }
    .soft { fill: #59636e; }
    .small { font-size: 12px; }
    .mid { text-anchor: middle; }
    .end { text-anchor: end; }
    .grid { stroke: #d0d7de; }
    .line { fill: none; stroke-width: 2; }
%(day)s
    @media (prefers-color-scheme: dark) {
      .panel { fill: #0d1117; stroke: #3d444d; }
      .text { fill: #e6edf3; }
      .soft { fill: #9198a1; }
      .grid { stroke: #3d444d; }
%(night)s
    }
  </style>
  <rect class="panel" x="0.5" y="0.5" width="%(right)d" height="%(bottom)d" rx="8"/>
"""


def colours(which, indent):
    return "\n".join("%s.fill%d { fill: %s; } .stroke%d { stroke: %s; }" % (
        indent, number, pair[which], number, pair[which]) for number, pair in enumerate(COLOURS))


class Drawing:
    def __init__(self, title, height):
        self.lines = [HEAD % {
            "width": WIDTH, "height": height, "right": WIDTH - 1, "bottom": height - 1,
            "title": escape(title), "day": colours(0, "    "), "night": colours(1, "      ")}]

    def text(self, x, y, text, style="text", extra=""):
        self.lines.append('  <text class="%s" x="%.1f" y="%.1f"%s>%s</text>\n' % (
            style, x, y, extra, escape(text)))

    def line(self, x1, y1, x2, y2):
        self.lines.append('  <line class="grid" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>\n' % (
            x1, y1, x2, y2))

    def bar(self, x, y, width, height, number):
        self.lines.append('  <rect class="fill%d" x="%.1f" y="%.1f" width="%.1f" height="%.1f" '
                          'rx="2"/>\n' % (number, x, y, max(width, 1), height))

    def curve(self, points, number):
        self.lines.append('  <polyline class="line stroke%d" points="%s"/>\n' % (
            number, " ".join("%.1f,%.1f" % point for point in points)))
        for x, y in points:
            self.lines.append('  <circle class="fill%d" cx="%.1f" cy="%.1f" r="3"/>\n' % (
                number, x, y))

    def legend(self, names, y):
        x = MARGIN
        for number, name in enumerate(names):
            self.bar(x, y - 10, 12, 12, colour(number))
            self.text(x + 18, y, name, "text small")
            x += 40 + 7 * len(name)

    def end(self):
        return "".join(self.lines) + "</svg>\n"


def colour(number):
    return min(number, len(COLOURS) - 1)


def ceiling(value):
    """The next of 1, 2, 2.5, 5, 10 ... from here on: the end of an axis."""
    if value <= 0:
        return 1
    power = 10 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 2.5, 5, 10) if step * power >= value * 0.999)


def short(number):
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            return "%.3g%s" % (number / size, letter)
    return "%.3g" % number


# ---- Bars --------------------------------------------------------------------


def bars(results, name, unit):
    """A row for each measure, of all servers, and each row to a scale of its
    own: one server's bar is to be compared with the next one's."""
    rows = [(measure, [results.summary(measure, name, server) for server in results.servers])
            for measure in results.measures(name)]
    height_of_row = 16 * len(results.servers) + 14
    drawing = Drawing(results.facts["title"], 84 + height_of_row * len(rows))
    drawing.text(MARGIN, 34, results.facts["title"] + unit, "text", ' font-weight="600"')
    drawing.legend(results.servers, 58)
    y = 76
    for measure, values in rows:
        most = max(value.value for value in values if value)
        drawing.text(MARGIN, y + height_of_row / 2 - 3, results.title(measure), "text small")
        for number, value in enumerate(values):
            if value:
                width = 360 * value.value / most
                drawing.bar(240, y + 16 * number, width, 12, colour(number))
                drawing.text(246 + width, y + 16 * number + 10, short(value.value), "soft small")
        y += height_of_row
    return drawing.end()


# ---- Curves ------------------------------------------------------------------


def panel(drawing, results, name, kind, at):
    """One curve a server; the numbers on the axis are as they were measured."""
    width = (WIDTH - MARGIN * (PANELS + 1)) / PANELS
    left = MARGIN + at % PANELS * (width + MARGIN)
    top = 84 + at // PANELS * (PANEL_HEIGHT + 70)
    measured = [m for m in results.measures(name) if m.partition("@")[0] == kind]
    numbers = sorted({int(m.partition("@")[2]) for m in measured})
    curves = [[(n, results.summary("%s@%d" % (kind, n), name, server)) for n in numbers]
              for server in results.servers]
    most = ceiling(max(value.value for curve in curves for _, value in curve if value))
    low, high = math.log10(numbers[0]), math.log10(numbers[-1])

    def x_of(number):
        return left + 34 + (width - 44) * (math.log10(number) - low) / ((high - low) or 1)
    drawing.text(left, top - 8, results.titles[measured[0]], "text small", ' font-weight="600"')
    for part in range(5):
        y = top + PANEL_HEIGHT * (1 - part / 4)
        drawing.line(left + 34, y, left + width, y)
        drawing.text(left + 28, y + 4, short(most * part / 4), "soft small end")
    for number in numbers:
        drawing.text(x_of(number), top + PANEL_HEIGHT + 18, short(number), "soft small mid")
    for number, curve in enumerate(curves):
        drawing.curve([(x_of(n), top + PANEL_HEIGHT * (1 - value.value / most))
                       for n, value in curve if value], colour(number))


def lines(results, name, unit):
    kinds = list(dict.fromkeys(m.partition("@")[0] for m in results.measures(name)))
    rows = (len(kinds) + PANELS - 1) // PANELS
    drawing = Drawing(results.facts["title"], 72 + rows * (PANEL_HEIGHT + 70))
    drawing.text(MARGIN, 30, results.facts["title"] + unit, "text", ' font-weight="600"')
    drawing.legend(results.servers, 52)
    for at, kind in enumerate(kinds):
        panel(drawing, results, name, kind, at)
    return drawing.end()


def picture(results, figures):
    """The first of the piece's figures, drawn; figures: measures.FIGURES."""
    name = results.tables[0]
    if not results.measures(name):
        return ""
    unit = ": " + figures[name].title + (", " + figures[name].unit if figures[name].unit else "")
    return (lines if results.facts["axis"] else bars)(results, name, unit)
