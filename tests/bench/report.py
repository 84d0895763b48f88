"""report.py -- samples into tables and pictures.

A piece's samples stand in PIECE.csv, with what they were taken on as comments.
From all such files of a folder come summary.csv, benchmarks.md and pictures.
The ratio is that of two measurements which followed each other in one round,
then the median over the rounds: machines drift, and both drift together."""
import csv
import os
import re
import shutil
import statistics
from collections import namedtuple

import measures
import plot

OURS = "redis-lite"
HEADER = ("measure", "title", "figure", "server", "round", "value")
Summary = namedtuple("Summary", "value low high")


class Results:
    """The samples of one piece: {(measure, figure): {server: {round: value}}}."""

    def __init__(self, name, facts, rows):
        self.name, self.facts = name, facts
        self.tables = facts["tables"].split()
        self.titles, self.servers, self.samples = {}, [], {}
        for measure, title, figure, server, number, value in rows:
            self.titles.setdefault(measure, title)
            if server not in self.servers:
                self.servers.append(server)
            self.samples.setdefault((measure, figure), {}).setdefault(
                server, {})[int(number)] = float(value)

    def summary(self, measure, figure, server):
        return summarize(self.samples.get((measure, figure), {}).get(server, {}).values())

    def ratio(self, measure, figure, server):
        """Ours to this server's."""
        ours = self.samples.get((measure, figure), {}).get(OURS, {})
        other = self.samples.get((measure, figure), {}).get(server, {})
        return summarize([ours[n] / other[n] for n in ours if other.get(n)])

    def measures(self, figure):
        """Those that have it, in order; of curves, one after the other."""
        kinds = list(dict.fromkeys(measure.partition("@")[0] for measure in self.titles))
        return sorted((measure for measure in self.titles if (measure, figure) in self.samples),
                      key=lambda measure: kinds.index(measure.partition("@")[0]))

    def title(self, measure):
        _, at, number = measure.partition("@")
        if not at:
            return self.titles[measure]
        axis = self.facts["axis"].rstrip("s" if number == "1" else "")
        return "%s, %s %s" % (self.titles[measure], grouped(int(number)), axis)


def summarize(values):
    values = list(values)
    return Summary(statistics.median(values), min(values), max(values)) if values else None


def grouped(number):
    return "{:,}".format(number)


# ---- Files -------------------------------------------------------------------


def save(folder, piece, samples, facts):
    facts = dict(facts, title=piece.title, about=piece.about, tables=" ".join(piece.tables),
                 axis=piece.axis)
    with open(os.path.join(folder, piece.name + ".csv"), "w", encoding="utf-8", newline="") as file:
        for name, text in facts.items():
            file.write("# %s: %s\n" % (name, text) if text else "")
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(HEADER)
        rows.writerows(row[:5] + ("%.6g" % row[5],) for row in samples)


def load(folder, name):
    with open(os.path.join(folder, name + ".csv"), encoding="utf-8") as file:
        lines = file.read().splitlines()
    facts = dict(line[2:].split(": ", 1) for line in lines if line.startswith("# "))
    facts.setdefault("axis", "")
    rows = list(csv.reader(line for line in lines if not line.startswith("# ")))
    return Results(name, facts, rows[1:])


def load_all(folder):
    return {piece.__name__: load(folder, piece.__name__) for piece in measures.ALL
            if os.path.exists(os.path.join(folder, piece.__name__ + ".csv"))}


# ---- Tables ------------------------------------------------------------------


def shown(summary, digits):
    """12.1 with how far the rounds lay from it: half their range, in percent."""
    if summary is None:
        return "-"
    text = grouped(round(summary.value)) if digits == 0 else "%.*f" % (digits, summary.value)
    spread = (summary.high - summary.low) / 2 / summary.value * 100 if summary.value else 0
    return "%s ±%.0f %%" % (text, spread) if summary.high > summary.low else text


def shown_ratio(ratio):
    if ratio is None:
        return "-"
    range_ = " (%.2f-%.2f)" % ratio[1:] if ratio.high > ratio.low else ""
    return "**%.2f**%s" % (ratio.value, range_)


def aligned(rows):
    """A table of Markdown that can be read as it is."""
    rows = [rows[0], ["---"] * len(rows[0])] + rows[1:]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join("| " + " | ".join(
        cell.ljust(width, "-" if cell == "---" else " ") for cell, width in zip(row, widths)) + " |"
        for row in rows)


def comparison(results, name):
    """One figure of all servers, and how ours is to each of the others."""
    figure, others = measures.FIGURES[name], [s for s in results.servers if s != OURS]
    rows = [[""] + [OURS] + [cell for other in others for cell in (other, "ratio")]]
    for measure in results.measures(name):
        row = [results.title(measure), shown(results.summary(measure, name, OURS), figure.digits)]
        for other in others:
            row += [shown(results.summary(measure, name, other), figure.digits),
                    shown_ratio(results.ratio(measure, name, other))]
        rows.append(row)
    unit = ", " + figure.unit if figure.unit else ""
    better = {1: "; more is better", -1: "; less is better", 0: ""}[figure.better]
    return "%s%s%s:\n\n%s" % (figure.title, unit, better, aligned(rows))


def times(results):
    names = ["per_second", "busy", "p50_us", "p99_us", "p999_us"]
    rows = [["", "server", "per second", "busy", "p50 µs", "p99 µs", "p99.9 µs"]]
    for measure in results.measures("p50_us"):
        for server in results.servers:
            values = [results.summary(measure, name, server) for name in names]
            if values[0] is None:
                continue
            cells = ["-" if value is None else grouped(round(value.value)) for value in values]
            cells[1] = "%.0f %%" % (values[1].value * 100)
            rows.append([results.title(measure), server, *cells])
    return "Each server's throughput, how busy it was (of one core), and the time of a pipeline " \
        "from sending it to its last reply:\n\n%s" % aligned(rows)


def losses(results):
    """Lines on where ours is the worse one, in the figures that are compared."""
    for name in filter(measures.FIGURES.get, results.tables):
        for measure in results.measures(name):
            for other in results.servers:
                ratio = results.ratio(measure, name, other)
                if other == OURS or ratio is None:
                    continue
                if (ratio.value - 1) * measures.FIGURES[name].better < 0:
                    yield [results.facts["title"], results.title(measure),
                           measures.FIGURES[name].title, other, shown_ratio(ratio)]


def tables(results):
    return "\n\n".join(times(results) if name == "times" else comparison(results, name)
                       for name in results.tables)


def piece_text(folder, name):
    results = load(folder, name)
    return "\n%s. %s\n\n%s" % (results.facts["title"], results.facts["about"], tables(results))


# ---- All together ------------------------------------------------------------

ABOUT_RUN = ("title", "about", "tables", "axis", "date", "command")


def machine(everything):
    """What the runs have in common, and when each piece was run and how."""
    common = None
    for results in everything.values():
        facts = {name: text for name, text in results.facts.items() if name not in ABOUT_RUN}
        common = facts if common is None else {
            name: text for name, text in common.items() if facts.get(name) == text}
    rows = [["machine", ""]] + [list(item) for item in common.items()]
    text = [aligned(rows)]
    for results in everything.values():
        others = ["%s: %s" % item for item in results.facts.items()
                  if item[0] not in ABOUT_RUN and item[0] not in common]
        text.append("- %s: %s, `%s`%s" % (results.facts["title"], results.facts["date"],
                                          results.facts["command"],
                                          "".join("; " + other for other in others)))
    return text[0] + "\n\n" + "\n".join(text[1:])


def all_losses(everything):
    rows = [row for results in everything.values() for row in losses(results)]
    if not rows:
        return "Nowhere, in this run."
    return aligned([["piece", "measure", "figure", "against", "ratio"]] + rows)


def sections(folder, pictures=""):
    """{name: Markdown}: of each piece, of the machine, of what is lost.
    pictures: where they are, from the document's point of view."""
    everything = load_all(folder)
    found = {}
    for name, results in everything.items():
        picture = "" if not os.path.exists(os.path.join(folder, name + ".svg")) else \
            "![%s](%s%s.svg)\n\n" % (results.facts["title"], pictures, name)
        found[name] = "%s\n\n%s%s" % (results.facts["about"], picture, tables(results))
    if everything:
        found["machine"], found["losses"] = machine(everything), all_losses(everything)
    return found


def write_summary(folder, everything):
    with open(os.path.join(folder, "summary.csv"), "w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["piece", "measure", "figure", "server", "median", "low", "high",
                       "ours to it"])
        for results in everything.values():
            for measure, figure in results.samples:
                for server in results.samples[measure, figure]:
                    ratio = results.ratio(measure, figure, server)
                    rows.writerow([results.name, measure, figure, server] + [
                        "%.6g" % value for value in results.summary(measure, figure, server)] + [
                        "%.3f" % ratio.value if ratio else ""])


def write(folder):
    """summary.csv, the pictures, benchmarks.md."""
    everything = load_all(folder)
    write_summary(folder, everything)
    for name, results in everything.items():
        drawn = plot.picture(results, measures.FIGURES)
        if drawn:
            with open(os.path.join(folder, name + ".svg"), "w", encoding="utf-8") as file:
                file.write(drawn)
    found = sections(folder)
    with open(os.path.join(folder, "benchmarks.md"), "w", encoding="utf-8") as file:
        for name, text in found.items():
            title = {"machine": "The machine", "losses": "Where we lose"}.get(name) or \
                everything[name].facts["title"]
            file.write("## %s\n\n%s\n\n" % (title, text))


PLACE = re.compile(r"(<!-- bench: (\w+) -->\n).*?(<!-- bench end -->)", re.S)


def filled(text, found):
    """The document with each place filled that there are results for."""
    return PLACE.sub(lambda place: place[0] if place[2] not in found else
                     place[1] + found[place[2]] + "\n" + place[3], text)


def into_document(folder, document):
    """Put all that there is into its places, and the pictures beside it."""
    with open(document, encoding="utf-8") as file:
        text = file.read()
    text = filled(text, sections(folder, "bench-"))
    for name in load_all(folder):
        if os.path.exists(os.path.join(folder, name + ".svg")):
            shutil.copy(os.path.join(folder, name + ".svg"),
                        os.path.join(os.path.dirname(document), "bench-%s.svg" % name))
    with open(document, "w", encoding="utf-8") as file:
        file.write(text)
