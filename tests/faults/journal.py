"""journal.py -- what a server may hold, by what it has answered.

Each key has the set of values that it may have. A change that was acknowledged
leads from each of them to the next. One that was sent and never answered may
have happened or not, and leaves both. One that was refused changes nothing."""
from server import Broken


def short(value):
    if value is None or len(value) <= 20:
        return repr(value)
    return "%r... (%d bytes)" % (value[:10], len(value))


class Journal:
    def __init__(self):
        self.allowed = {}
        self.pairs = set()  # keys that a transaction sets to the same value
        self.acknowledged = self.doubtful = self.refused = 0

    def run(self, client, commands, changes):
        """Sends 'commands'; the last reply. 'changes' is a function from the old
        value to the new one for each key. Broken: there is no reply."""
        try:
            reply = client.ask(*commands)[-1]
        except Broken:
            self.doubt(changes)
            raise
        if reply[:1] == b"-":
            self.refused += 1
        else:
            self.acknowledge(changes)
        return reply

    def acknowledge(self, changes):
        self.acknowledged += 1
        for key, change in changes.items():
            self.allowed[key] = {change(value) for value in self.values(key)}

    def doubt(self, changes):
        self.doubtful += 1
        for key, change in changes.items():
            self.allowed[key] = {change(value) for value in self.values(key)} | self.values(key)

    def values(self, key):
        return self.allowed.get(key, {None})

    def judge(self, found):
        """What is not as it may be, in words."""
        wrong = ["%s is %s, not %s"
                 % (key.decode(), short(found.get(key)),
                    " or ".join(sorted(short(value) for value in self.values(key))))
                 for key in sorted(set(self.allowed) | set(found))
                 if found.get(key) not in self.values(key)]
        return wrong + ["%s and %s: half a transaction" % (a.decode(), b.decode())
                        for a, b in self.pairs if found.get(a) != found.get(b)]

    # ---- What can be sent: (commands, changes) -------------------------------

    def set(self, key, value):
        return [[b"SET", key, value]], {key: lambda old: value}

    def increment(self, key):
        return [[b"INCR", key]], {key: lambda old: b"%d" % (int(old or 0) + 1)}

    def add(self, key, value):
        return [[b"APPEND", key, value]], {key: lambda old: (old or b"") + value}

    def delete(self, key):
        return [[b"DEL", key]], {key: lambda old: None}

    def both(self, a, b, value):
        self.pairs.add((a, b))
        return ([[b"MULTI"], [b"SET", a, value], [b"SET", b, value], [b"EXEC"]],
                {a: lambda old: value, b: lambda old: value})
