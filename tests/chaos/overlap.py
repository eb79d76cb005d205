"""Who ran when, from the journals of the services (service.c).

Sure of it within one machine, whose nodes share CLOCK_BOOTTIME. A life lasts from its first
line to its last; what it may have done in the 10 ms between its last beat and its end is
not seen. Two lives of a group at once are an *overlap*, on one node as on two.

A frozen process does nothing. Without fencing nobody can keep one that was frozen past its
lease from going on for a moment when it is thawed, before its monitor, thawed as well, ends
it. So a silence of a life that covers a freeze of its node does not count as running, and an
overlap in the piece of life behind it is told apart: how long it went on since
it woke. That has bounds; any other overlap is a fault.
"""

import collections
import pathlib

MS = 1_000_000
LATE = 100 * MS  # So long after it woke an overlap has another reason.

Life = collections.namedtuple("Life", "group node token pid times stopped")
# On `node` no process did anything from `start` (all are stopped) to `end` (the first goes on).
Freeze = collections.namedtuple("Freeze", "node start end")
# `woke`: whether the life begins anew here, behind a freeze.
Piece = collections.namedtuple("Piece", "start end life woke")
Overlap = collections.namedtuple("Overlap", "group ns frozen first second start")
Gap = collections.namedtuple("Gap", "group ns start before after")


def parse(text, name="journal"):
    """A journal; None if its process died before it could say anything."""
    lines = text.splitlines()
    if text and not text.endswith("\n"):
        lines.pop()  # Of a machine that died while it was written.
    if not lines:
        return None
    word, at, group, node, token, pid = lines[0].split()
    if word != "start":
        raise ValueError(f"{name}: it does not begin with a start")
    times = [int(at)]
    stopped = False
    for line in lines[1:]:
        word, at = line.split()
        if word not in ("beat", "stop") or stopped or int(at) < times[-1]:
            raise ValueError(f"{name}: \"{line}\" cannot follow")
        stopped = word == "stop"
        times.append(int(at))
    return Life(group, node, int(token), int(pid), times, stopped)


def read(folder):
    """All lives, as journals of the folder tell them."""
    found = (parse(p.read_text(), str(p)) for p in sorted(pathlib.Path(folder).iterdir()))
    return [life for life in found if life]


def pieces(life, freezes):
    """The life without what it slept through. Until it was frozen it counts as running, and
    from its first word behind it."""
    mine = [f for f in freezes if f.node == life.node]
    start, woke = life.times[0], False
    for before, after in zip(life.times, life.times[1:]) if mine else ():
        slept = [f.start for f in mine if before <= f.start < f.end <= after]
        if slept:
            yield Piece(start, min(slept), life, woke)
            start, woke = after, True
    yield Piece(start, life.times[-1], life, woke)


def by_group(lives):
    groups = collections.defaultdict(list)
    for life in lives:
        groups[life.group].append(life)
    return groups


def overlaps(lives, freezes=()):
    found = []
    for group, some in by_group(lives).items():
        every = sorted(p for life in some for p in pieces(life, freezes))
        for i, a in enumerate(every):
            for b in every[i + 1:]:
                if a.life is b.life:
                    continue
                start, end = max(a.start, b.start), min(a.end, b.end)
                if start > end:
                    continue
                # The one that woke is the one that should be gone.
                woke = [p for p in (a, b) if p.woke and p.life.token <= min(
                    a.life.token, b.life.token)]
                # Since it woke, or since the other one began: while it was alone nobody
                # was harmed, and an overlap long after it woke is no matter of waking.
                late = woke and start - woke[0].start > LATE
                found.append(Overlap(group, end - start, bool(woke) and not late,
                                     a.life, b.life, start))
    return found


def token_faults(lives):
    """A later life has no lower token, and one token belongs to one node."""
    for group, some in sorted(by_group(lives).items()):
        owners = {}
        highest = None
        for life in sorted(some, key=lambda l: l.times[0]):
            if highest is not None and life.token < highest.token:
                yield (f"{group}: a life on {life.node} began with token {life.token} after one "
                       f"on {highest.node} with {highest.token}")
            if owners.setdefault(life.token, life.node) != life.node:
                yield (f"{group}: token {life.token} was {owners[life.token]}'s and "
                       f"{life.node}'s")
            if highest is None or life.token >= highest.token:
                highest = life


def gaps(lives, freezes=()):
    """When nothing of a group ran, between lives (and in freezes): longest first."""
    found = []
    for group, some in by_group(lives).items():
        last = None
        for piece in sorted(p for life in some for p in pieces(life, freezes)):
            if last and piece.start > last.end:
                found.append(Gap(group, piece.start - last.end, last.end, last.life, piece.life))
            if last is None or piece.end > last.end:
                last = piece
    return sorted(found, key=lambda g: -g.ns)


def running(lives, since):
    """The lives that had not ended then."""
    return [life for life in lives if life.times[-1] >= since and not life.stopped]
