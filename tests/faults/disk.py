"""disk.py -- what is on a disk, what was asked to be there, and all between that
a crash may leave.

Of a file, a sync makes what was written before it last. Of the directory, a sync
makes its names last; without one, those changes last that came first, however
many. (Some file systems promise more. POSIX does not.)"""
import os

ZERO_TAIL = 512  # bytes that a file may be too long


class File:
    def __init__(self, data=b""):
        self.data = self.durable = data
        self.pending = []  # (the data after it, a mark) since the last sync
        self.syncing = []  # how many of those each sync that runs will cover


class Disk:
    """'names': {name: file}, 'data': {file: bytes}: on the disk for good."""

    def __init__(self, names, data):
        self.files = {file: File(content) for file, content in data.items()}
        self.names = [dict(names)]  # those on the disk, then after each change
        self.syncing = []

    def do(self, event, mark):
        """'mark' is kept with each write: see oldest()."""
        kind, what = event[0], event[1]
        if kind == "write":
            _, _, at, data = event
            old = self.files[what].data
            self.change(what, old[:at].ljust(at, b"\0") + data + old[at + len(data):], mark)
        elif kind == "cut":
            self.change(what, self.files[what].data[:event[2]].ljust(event[2], b"\0"), mark)
        elif kind == "make":
            self.files[what] = File()
            self.names.append({**self.names[-1], event[2]: what})
        elif kind in ("rename", "unlink"):
            names = dict(self.names[-1])
            file = names.pop(what)
            self.names.append(names if kind == "unlink" else {**names, event[2]: file})
        elif kind == "sync begins":
            self.begin_sync(what)
        elif kind == "sync ends":
            self.end_sync(what)

    def change(self, file, data, mark):
        file = self.files[file]
        file.pending.append((data, mark))
        file.data = data

    def begin_sync(self, what):
        if what is None:
            self.syncing.append(len(self.names) - 1)
        else:
            self.files[what].syncing.append(len(self.files[what].pending))

    def end_sync(self, what):
        """Of several that run at a time, it is the first: the cautious guess."""
        if what is None:
            done = self.syncing.pop(0)
            del self.names[:done]
            self.syncing = [max(0, count - done) for count in self.syncing]
            return
        file = self.files[what]
        done = file.syncing.pop(0)
        if done > 0:
            file.durable = file.pending[done - 1][0]
            del file.pending[:done]
            file.syncing = [max(0, count - done) for count in file.syncing]

    # ---- After a crash -----------------------------------------------------

    def now(self):
        """When only the server ends: {name: (file, data)}."""
        return {name: (file, self.files[file].data) for name, file in self.names[-1].items()}

    def images(self, cuts, other):
        """When the power does. 'cuts': see torn(); 'other': old bytes that may
        turn up where new ones were to be."""
        for names in self.names:
            files = set(names.values())
            changed = [file for file in files if self.files[file].pending]
            for kept in ("durable", "data"):
                base = {file: getattr(self.files[file], kept) for file in files}
                yield {name: (file, base[file]) for name, file in names.items()}
                for file in changed:
                    for data in torn(self.files[file], cuts, other):
                        yield {name: (at, data if at == file else base[at])
                               for name, at in names.items()}

    def oldest(self, file, otherwise):
        """The mark of the first write to it that may be lost."""
        pending = self.files[file].pending
        return pending[0][1] if pending else otherwise


def torn(file, cuts, other):
    """What of unsynced writes may be there: the first of them and the next in
    part, at about 'cuts' places; where it is not, zeros or old bytes may be."""
    old = file.durable
    for new, _ in file.pending:
        at = len(os.path.commonprefix([old, new])) if not new.startswith(old) else len(old)
        tail = len(new) - at
        places = {at + tail * number // (cuts + 1) for number in range(cuts + 1)}
        for place in sorted(places | {len(new) - 1} if tail else ()):
            rest = len(new) - place
            yield new[:place]
            yield new[:place] + bytes(rest)
            yield new[:place] + (other * (rest // len(other) + 1))[:rest] if other else new
            yield new[:at] + bytes(place - at) + new[place:]
        yield new
        yield new + bytes(ZERO_TAIL)
        old = new
    first, last = file.durable, file.data
    if len(last) > len(first):  # several writes, of which only the last is there
        before = len(file.pending[-2][0]) if len(file.pending) > 1 else len(first)
        yield first + bytes(max(0, before - len(first))) + last[max(before, len(first)):]
