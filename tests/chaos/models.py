"""What registers, locks and groups may answer, one call after another.

step(state, op, result) returns the states that the call may lead to: none if it cannot have
had that result in that state. A result UNKNOWN fits whatever the call does. An answer is
the number that the API gave: 0 done, 997 accepted and going on, or the code of a refusal;
a refused call changes nothing.

only_looks(op, result): whatever the state, such a call leaves it as it is, or only notes what
it has seen.

prepare(calls) does away with unanswered calls that the search need not guess about.
"""

from .linear import UNKNOWN

DONE = (0, 997, 5024)  # Done, accepted, stored.
TAKEN = 5010
NO_GROUP = 5013
NO_NODE = 5005  # All are down at that moment, and a group needs an owner.
RUNNING = ("Online", "PartialOnline")
UNSEEN = "somebody"  # No client's name for itself.


def is_refusal(result):
    return result is not UNKNOWN and result not in DONE


def settle(calls, verb):
    """Calls `verb` leave a mark of their own that reads show. An unanswered one was done, and
    before the end of the first read that has seen it; without one it stays unanswered."""
    seen = {}
    for c in calls:
        if c.op[0] == "read" and c.end is not None:
            seen[c.result] = min(c.end, seen.get(c.result, c.end))
    for c in calls:
        if c.end is None and c.op[0] == verb and c.op[1] in seen:
            # Seen before it began: left for the search to fail on.
            yield c._replace(end=max(seen[c.op[1]], c.start), result=0)
        elif c.end is not None or c.op[0] != "read":
            yield c


class Register:
    """A property: ("write", value), ("read",). Every value is written once."""

    def __init__(self, initial=""):
        self.initial = initial

    @staticmethod
    def step(state, op, result):
        if op[0] == "read":
            return [state] if result in (UNKNOWN, state) else []
        return [op[1]] if result is UNKNOWN or result in DONE else [state]

    @staticmethod
    def only_looks(op, result):
        return op[0] == "read" or is_refusal(result)

    @staticmethod
    def prepare(calls):
        # A value that nobody has read is as good as never written.
        return [c for c in settle(calls, "write") if c.end is not None]


class Lock:
    """A group's name: ("take", who) creates it, ("free",) deletes it, ("read",) tells who has
    created it, None if there is none. The state is that."""

    initial = None

    @staticmethod
    def step(state, op, result):
        verb = op[0]
        if verb == "read":
            return [state] if result is UNKNOWN or result == state else []
        if verb == "take":
            if state is None and result == NO_NODE:
                return [state]
            possible, after = (0, op[1]) if state is None else (TAKEN, state)
        else:
            possible, after = (0, None) if state is not None else (NO_GROUP, None)
        return [after] if result is UNKNOWN or result == possible else []

    only_looks = staticmethod(Register.only_looks)

    @staticmethod
    def prepare(calls):
        # Who took it without an answer and was never seen to have it might be anybody: then
        # such calls are alike, and one of them stands for all (linear.py).
        return [c._replace(op=("take", UNSEEN)) if c.end is None and c.op[0] == "take" else c
                for c in settle(calls, "take")]


class Group:
    """A group that is asked to go online, offline and elsewhere: ("online",), ("offline",),
    ("move",), ("read",) with [state, persistent state, token, owner].

    Operations end when they end, so of the states only this is promised: what is wanted is
    what the last accepted call says; a group that is wanted offline is never seen running;
    the token never falls, and one token belongs to one owner. Moves leave what is wanted as
    it is, whatever becomes of them.

    The state is (wanted, token, owner), the last two as last seen.
    """

    initial = ("Offline", 0, None)

    @staticmethod
    def step(state, op, result):
        wanted, token, owner = state
        verb = op[0]
        if verb == "read":
            return [state] if result is UNKNOWN else Group.seen(state, result)
        if verb == "move" or result is not UNKNOWN and result not in DONE:
            return [state]
        if verb == "online" and result == 0 and wanted != "Online":
            return []  # Done at once is only what runs, and that is wanted online.
        return [("Online" if verb == "online" else "Offline", token, owner)]

    @staticmethod
    def seen(state, result):
        wanted, token, owner = state
        if not isinstance(result, tuple):
            return []  # It is there from the first call to the last.
        now, persistent, new_token, new_owner = result
        if persistent != wanted or (wanted == "Offline" and now in RUNNING):
            return []
        if new_token < token or (new_token == token and owner not in (None, new_owner)):
            return []
        return [(wanted, new_token, new_owner)]

    @staticmethod
    def only_looks(op, result):
        return op[0] in ("read", "move") or is_refusal(result)

    @staticmethod
    def prepare(calls):
        return [c for c in calls if c.end is not None or c.op[0] in ("online", "offline")]


MODELS = {"register": Register, "lock": Lock, "group": Group}
