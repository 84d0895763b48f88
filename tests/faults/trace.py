"""trace.py -- what a server asked of the system while it ran, from strace.

A list of events in the order in which they ended; of a sync also the begin, for
it covers only what was written before, and of a reply only that. Files are
numbers, as inodes are: a name may come to stand for another one.

    ("make", file, name)     a name that was not there, and an empty file
    ("write", file, at, bytes)
    ("cut", file, size)
    ("rename", old, new)     names
    ("unlink", name)
    ("sync begins", file)    file: None if it is the directory
    ("sync ends", file)
    ("reply", bytes)         to a client: a write to what is no file
"""
import os
import re

CALLS = ("openat,read,write,pwrite64,writev,lseek,fsync,fdatasync,ftruncate,truncate,rename,renameat,"
         "renameat2,unlink,unlinkat,close,accept,accept4,clone,clone3,fork,vfork")
LINE = re.compile(r"(\d+) +(?:<\.\.\. (\w+) resumed>|(\w+)\()(.*)$")
STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


def command(output):
    """To put in front of a server's. It stays the child of whoever starts it."""
    return ["strace", "-D", "-f", "-q", "-xx", "-s", "10000000", "-o", output,
            "-e", "trace=" + CALLS, "-e", "signal=none"]


def has_ended(output):
    with open(output, encoding="ascii") as trace:
        return "+++ exited" in trace.read()[-200:] or "+++ killed" in trace.read()[-200:]


def strings(text):
    return [bytes.fromhex(found.replace("\\x", "")) for found in STRING.findall(text)]


class Opened:
    """What a descriptor stands for: a file, the directory, or a peer."""

    def __init__(self, file=None, appends=False, is_directory=False):
        self.file, self.appends, self.is_directory, self.at = file, appends, is_directory, 0


class Trace:
    """'names': {name: file} of those that are there before; 'sizes' of them.
    Names are relative to 'directory'."""

    def __init__(self, output, directory, names, sizes):
        self.directory, self.names, self.sizes = directory, dict(names), dict(sizes)
        self.events, self.tables, self.parents, self.begun = [], {}, {}, {}
        with open(output, encoding="ascii") as lines:
            lines = [LINE.match(line) for line in lines]
        lines = [line for line in lines if line]
        self.find_parents(lines)
        for line in lines:
            self.take(*line.groups())

    # ---- Threads and processes ---------------------------------------------

    def find_parents(self, lines):
        """Who made whom, and whether they share descriptors: the new one may
        appear before the call that made it has returned."""
        begun = {}
        for line in lines:
            process, resumed, name, rest = line.groups()
            if (resumed or name).startswith(("clone", "fork", "vfork")):
                rest = begun.pop(process, "") + rest
                result = re.search(r"\) += (\d+)", rest)
                if result:
                    self.parents[result[1]] = process, "CLONE_FILES" in rest
                else:
                    begun[process] = rest

    def table(self, process):
        """{descriptor: Opened} of that process."""
        if process not in self.tables:
            parent, is_shared = self.parents.get(process, (None, False))
            table = self.table(parent) if parent else {}
            self.tables[process] = table if is_shared else dict(table)
        return self.tables[process]

    # ---- One call ----------------------------------------------------------

    def take(self, process, resumed, name, rest):
        if rest.endswith("<unfinished ...>"):
            self.begun[process] = rest[:-len("<unfinished ...>")]
            self.begin(process, name, rest)
            return
        if resumed:
            rest = self.begun.pop(process, "") + rest
        else:
            self.begin(process, name, rest)
        found = re.search(r"\) += (-?\d+)", rest)
        if found and int(found[1]) >= 0:
            self.end(process, resumed or name, rest[:found.start()], int(found[1]))

    def opened(self, process, arguments):
        return self.table(process).get(int(re.match(r"-?\d*", arguments)[0] or -1))

    def begin(self, process, name, arguments):
        """What counts from the moment when it is asked for."""
        if name in ("fsync", "fdatasync"):
            opened = self.opened(process, arguments)
            if opened and (opened.is_directory or opened.file is not None):
                self.events.append(("sync begins", opened.file))
        elif name in ("write", "writev"):
            opened = self.opened(process, arguments)
            if opened is None:
                self.events.append(("reply", b"".join(strings(arguments))))

    def end(self, process, name, arguments, result):
        opened = self.opened(process, arguments)
        if name == "openat":
            self.open(self.table(process), arguments, result)
        elif name in ("accept", "accept4"):
            self.table(process).pop(result, None)
        elif name == "close":
            self.table(process).pop(int(arguments), None)
        elif name == "truncate":
            file = self.names.get(self.name(strings(arguments)[0]))
            if file is not None:
                self.cut(file, int(arguments.split(",")[1]))
        elif name.startswith(("rename", "unlink")):
            self.change_names(name, [self.name(path) for path in strings(arguments)])
        elif opened and (opened.is_directory or opened.file is not None):
            self.use(opened, name, arguments, result)

    def use(self, opened, name, arguments, result):
        if name in ("fsync", "fdatasync"):
            self.events.append(("sync ends", opened.file))
        elif name == "ftruncate":
            self.cut(opened.file, int(arguments.split(",")[1]))
        elif name == "lseek":
            opened.at = result
        elif name == "read":
            opened.at += result
        elif name in ("write", "writev"):
            at = self.sizes[opened.file] if opened.appends else opened.at
            self.write(opened.file, at, b"".join(strings(arguments))[:result])
            opened.at = at + result
        elif name == "pwrite64":
            self.write(opened.file, int(arguments.split(",")[-1]), strings(arguments)[0][:result])

    def write(self, file, at, data):
        self.sizes[file] = max(self.sizes[file], at + len(data))
        self.events.append(("write", file, at, data))

    def cut(self, file, size):
        self.sizes[file] = size
        self.events.append(("cut", file, size))

    # ---- Names -------------------------------------------------------------

    def name(self, path):
        """Relative to the directory; None if it is elsewhere."""
        path = os.path.relpath(os.path.join(self.directory, os.fsdecode(path)), self.directory)
        return None if path.startswith("..") else path

    def open(self, table, arguments, descriptor):
        name = self.name(strings(arguments)[0])
        if name is None:
            table[descriptor] = Opened()  # no client either
        elif os.path.isdir(os.path.join(self.directory, name)):
            table[descriptor] = Opened(is_directory=True)
        else:
            if name not in self.names:
                self.names[name] = file = len(self.sizes)
                self.sizes[file] = 0
                self.events.append(("make", file, name))
            file = self.names[name]
            if "O_TRUNC" in arguments and self.sizes[file] > 0:
                self.cut(file, 0)
            table[descriptor] = Opened(file, "O_APPEND" in arguments)

    def change_names(self, kind, names):
        if None in names:
            return
        if kind.startswith("rename"):
            self.names[names[1]] = self.names.pop(names[0])
            self.events.append(("rename", *names))
        else:
            del self.names[names[0]]
            self.events.append(("unlink", names[0]))
