"""The checker on histories made by hand, and on random ones beside a search without any wit."""

import itertools
import random

import pytest

from chaos.linear import UNKNOWN, Call, check
from chaos.models import NO_GROUP, NO_NODE, TAKEN, Group, Lock, Register


def call(start, end, op, result=UNKNOWN):
    return Call(start, end, tuple(op.split()), result)


def write(start, end, value, result=0):
    return call(start, end, f"write {value}", result)


def read(start, end, result):
    return call(start, end, "read", result)


GOOD = {
    "nothing": (Register(), []),
    "one after another": (Register(), [read(0, 1, ""), write(2, 3, "a"), read(4, 5, "a")]),
    "a read beside a write sees either": (Register(), [
        write(0, 10, "a"), read(1, 2, ""), read(3, 4, "a"), read(11, 12, "a")]),
    "writes beside each other, in either order": (Register(), [
        write(0, 10, "a"), write(0, 10, "b"), read(11, 12, "a")]),
    "a refused write changes nothing": (Register(), [write(0, 1, "a", 87), read(2, 3, "")]),
    "an unanswered write may come late": (Register(), [
        write(0, None, "a", UNKNOWN), read(2, 3, ""), read(4, 5, ""), read(6, 7, "a")]),
    "an unanswered write may never come": (Register(), [
        write(0, None, "a", UNKNOWN), read(2, 3, ""), read(6, 7, "")]),
    "a long call beside many short ones": (Register(), [
        write(0, 100, "z"), *(c for i in range(1, 90, 4)
                              for c in (write(i, i + 1, f"v{i}"), read(i + 2, i + 3, f"v{i}"))),
        read(101, 102, "z")]),
    "lock": (Lock(), [
        call(0, 1, "take A", 0), call(2, 3, "take B", TAKEN), read(4, 5, "A"),
        call(6, 7, "free", 0), read(8, 9, None), call(10, 11, "take B", 0)]),
    "a lock that two want at once goes to one": (Lock(), [
        call(0, 5, "take A", TAKEN), call(0, 6, "take B", 0), read(7, 8, "B")]),
    "a lock kept by a call that nobody answered": (Lock(), [
        call(0, None, "take A"), call(2, 3, "take B", TAKEN), read(4, 5, "A")]),
    "a lock that nobody could take": (Lock(), [
        call(0, 1, "take A", NO_NODE), read(2, 3, None), call(4, 5, "take B", 0)]),
    "a lock freed beside the one who takes it": (Lock(), [
        call(0, 1, "take A", 0), call(2, 6, "free", 0), call(3, 5, "take B", 0),
        call(7, 8, "free", 0), call(9, 10, "free", NO_GROUP)]),
    "group": (Group(), [
        call(0, 1, "online", 997), read(2, 3, ("Pending", "Online", 5, "n1")),
        read(4, 5, ("Online", "Online", 5, "n1")), call(6, 7, "move", 997),
        read(8, 9, ("Pending", "Online", 5, "n1")), read(10, 11, ("Online", "Online", 9, "n2")),
        call(12, 13, "online", 0),
        call(14, 15, "offline", 997), read(16, 17, ("Pending", "Offline", 9, "n2")),
        call(18, 19, "online", 5023), read(20, 21, ("Offline", "Offline", 9, "n2"))]),
    "a group still online beside its offline": (Group(), [
        call(0, 1, "online", 997), call(2, 9, "offline", 997),
        read(3, 4, ("Online", "Online", 5, "n1")), read(5, 6, ("Pending", "Offline", 5, "n1"))]),
    "online again behind the offline beside it": (Group(), [
        call(0, 1, "online", 997), call(2, 9, "online", 997), call(3, 8, "offline", 997),
        read(10, 11, ("Pending", "Online", 5, "n1"))]),
}

BAD = {
    "stale read": (Register(), [write(0, 1, "a"), write(2, 3, "b"), read(4, 5, "a")]),
    "stale read of the first value": (Register(), [write(0, 1, "a"), read(2, 3, "")]),
    "reads that go back beside a write": (Register(), [
        write(0, 10, "a"), read(1, 2, "a"), read(3, 4, "")]),
    "lost write": (Register(), [write(0, 1, "a"), write(0, 1, "b"), read(2, 3, "a"),
                                read(4, 5, "b")]),
    "a lock refused for want of a node though it is held": (Lock(), [
        call(0, 1, "take A", 0), call(2, 3, "take B", NO_NODE)]),
    "a value that nobody wrote": (Register(), [write(0, 1, "a"), read(2, 3, "c")]),
    "a refused write that is seen": (Register(), [write(0, 1, "a", 5023), read(2, 3, "a")]),
    "seen before it was asked for": (Register(), [read(0, 1, "a"), write(2, 3, "a")]),
    "an unanswered write seen before it was asked for": (Register(), [
        read(0, 1, "a"), write(2, None, "a", UNKNOWN)]),
    "an unanswered write done twice": (Register(), [
        write(0, None, "a", UNKNOWN), read(2, 3, "a"), write(4, 5, "b"), read(6, 7, "a"),
        write(8, 9, "c"), read(10, 11, "a")]),
    "two who see writes in different orders": (Register(), [
        write(0, 9, "a"), write(0, 9, "b"), read(1, 2, "a"), read(3, 4, "b"), read(5, 6, "a")]),
    "double lock": (Lock(), [call(0, 5, "take A", 0), call(1, 6, "take B", 0)]),
    "double lock after an unanswered free of long ago": (Lock(), [
        call(0, None, "free"), call(1, 2, "take A", 0), call(3, 4, "take B", 0),
        call(5, 6, "take C", 0)]),
    "a call told that it lost to itself": (Lock(), [call(0, 5, "take A", TAKEN),
                                                     read(6, 7, "A")]),
    "a lock freed twice": (Lock(), [call(0, 1, "take A", 0), call(2, 5, "free", 0),
                                    call(3, 6, "free", 0)]),
    "a lock gone without a free": (Lock(), [call(0, 1, "take A", 0), read(2, 3, None)]),
    "online after its offline was accepted": (Group(), [
        call(0, 1, "online", 997), call(2, 3, "offline", 997),
        read(4, 5, ("Online", "Offline", 5, "n1"))]),
    "what is wanted is lost": (Group(), [
        call(0, 1, "online", 997), read(2, 3, ("Offline", "Offline", 5, "n1"))]),
    "a refused offline counts": (Group(), [
        call(0, 1, "online", 997), call(2, 3, "offline", 5023),
        read(4, 5, ("Pending", "Offline", 5, "n1"))]),
    "a move changes what is wanted": (Group(), [
        call(0, 1, "move", 997), read(2, 3, ("Pending", "Online", 5, "n1"))]),
    "a token that falls": (Group(), [read(0, 1, ("Offline", "Offline", 5, "n1")),
                                     read(2, 3, ("Offline", "Offline", 4, "n2"))]),
    "one token, two owners": (Group(), [read(0, 1, ("Offline", "Offline", 5, "n1")),
                                        read(2, 3, ("Offline", "Offline", 5, "n2"))]),
    "done at once though it was to stop": (Group(), [
        call(0, 1, "offline", 997), call(2, 3, "online", 0)]),
}


@pytest.mark.parametrize("name", GOOD)
def test_what_is_possible_passes(name):
    model, calls = GOOD[name]
    assert check(model, calls).ok


@pytest.mark.parametrize("name", BAD)
def test_what_is_impossible_is_found(name):
    model, calls = BAD[name]
    got = check(model, calls)
    assert got.decided and not got.ok and got.stuck


def by_trying_all(model, calls):
    """Every order of every choice of the unanswered calls."""
    known = [c for c in calls if c.end is not None]
    lost = [c for c in calls if c.end is None]
    for count in range(len(lost) + 1):
        for chosen in itertools.combinations(lost, count):
            for order in itertools.permutations([*known, *chosen]):
                if any(b.end is not None and b.end < a.start
                       for i, a in enumerate(order) for b in order[i + 1:]):
                    continue
                states = {model.initial}
                for c in order:
                    states = {after for s in states for after in model.step(s, c.op, c.result)}
                if states:
                    return True
    return False


def random_history(rng, kind):
    calls = []
    for i in range(rng.randint(1, 5)):
        start = rng.randint(0, 12)
        end = None if rng.random() < 0.2 else start + rng.randint(1, 6)
        if kind is Register:
            value = f"v{rng.randint(0, 3)}"
            op = rng.choice((("write", f"v{i}"), ("read",)))
            result = 0 if op[0] == "write" else value
        elif kind is Group:
            op = rng.choice((("online",), ("offline",), ("move",), ("read",)))
            result = rng.choice((0, 997, 997, 5023)) if op[0] != "read" else \
                rng.choice((("Online", "Online", 5, "n1"), ("Pending", "Online", 5, "n1"),
                            ("Offline", "Offline", 5, "n1"), ("Online", "Online", 6, "n2")))
        else:
            op = rng.choice((("take", f"c{i}"), ("free",), ("read",)))
            result = {"take": rng.choice((0, TAKEN)), "free": rng.choice((0, NO_GROUP)),
                      "read": rng.choice((None, f"c{rng.randint(0, 3)}"))}[op[0]]
        calls.append(Call(start, end, op, UNKNOWN if end is None else result))
    return calls


@pytest.mark.parametrize("kind", (Register, Lock, Group))
def test_it_agrees_with_a_search_without_memory(kind):
    rng = random.Random(7)
    found = {True: 0, False: 0}
    for _ in range(400):
        calls = random_history(rng, kind)
        expected = by_trying_all(kind(), calls)
        assert check(kind(), calls).ok == expected, calls
        found[expected] += 1
    assert min(found.values()) > 50, found  # Both kinds came up.


def test_a_long_busy_history_takes_no_time():
    """1500 calls, ten at a time, a few unanswered, made by a register that is one."""
    rng = random.Random(1)
    calls, now, value = [], 0, ""
    for i in range(1500):
        now += rng.randint(1, 10)
        start, end = now - rng.randint(0, 40), now + rng.randint(0, 40)
        if rng.random() < 0.5:
            value = f"v{i}"
            lost = rng.random() < 0.005
            calls.append(Call(start, None if lost else end, ("write", value),
                              UNKNOWN if lost else 0))
        else:
            calls.append(Call(start, end, ("read",), value))
    assert check(Register(), calls).ok
    old = next(c for c in calls if c.op[0] == "write" and c.result == 0)
    assert not check(Register(), [*calls, Call(now + 100, now + 101, ("read",), old.op[1])]).ok


def test_a_search_that_would_take_too_long_is_given_up_and_says_so():
    calls = [write(0, 1000, f"w{i}") for i in range(40)] + [read(2000, 2001, "none of them")]
    got = check(Register(), calls, steps_max=2000)
    assert not got.ok and not got.decided
