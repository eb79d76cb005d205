"""Is what concurrent clients were told possible for one object that does one thing at a time?

The search is Wing & Gong's ("Testing and verifying concurrent objects", 1993): put the calls
into an order, one after another, such that no call comes before one that had ended when it
began, and the model gives every answer that was given. The memory of what was tried, a set
of calls done and the state they led to, is Lowe's ("Testing for linearizability", 2017).

A call without an answer (a client gave up) may have been done at any time after it began, or
never: it may stand anywhere behind its beginning, and may be left out.

The histories of different objects are judged one by one: linearizability is local.
"""

import collections

UNKNOWN = object()  # The result of a call that nobody has got an answer to.
STEPS_MAX = 5_000_000

# Times in ns of one clock; `end` is None where there was no answer.
Call = collections.namedtuple("Call", "start end op result note", defaults=(None,))
# `decided` False: given up after so many steps. `stuck`: the calls of which one had to come
# next, behind the longest order found, and none could; `state` what that order led to.
Judgement = collections.namedtuple("Judgement", "ok decided steps length stuck state")


def behind(base, done, i):
    """The answered calls done once call `i` is, too."""
    done |= 1 << (i - base)
    while done & 1:
        done >>= 1
        base += 1
    return base, done


class Search:
    """A position is (base, done, extra, state): all answered calls before `base` are done,
    bit i of `done` stands for base + i, bit i of `extra` for the unanswered call i."""

    def __init__(self, model, calls):
        self.model = model
        calls = sorted(model.prepare(calls), key=lambda c: c.start)
        self.known = [c for c in calls if c.end is not None]
        self.lost = [c for c in calls if c.end is None]

    def candidates(self, base, done):
        """The answered calls that can come next, and when the first of them has ended."""
        found = []
        first_end = None
        for i in range(base, len(self.known)):
            if done >> (i - base) & 1:
                continue
            call = self.known[i]
            if first_end is not None and call.start > first_end:
                break
            found.append(i)
            first_end = call.end if first_end is None else min(first_end, call.end)
        # Seen in order of start: an early long call lets in what a later short one keeps out.
        return [i for i in found if self.known[i].start <= first_end], first_end

    def followers(self, position):
        base, done, extra, state = position
        candidates, first_end = self.candidates(base, done)
        changing = []
        for i in candidates:
            for after in self.model.step(state, self.known[i].op, self.known[i].result):
                if after == state and self.model.only_looks(self.known[i].op,
                                                            self.known[i].result):
                    # It fits here and changes nothing, here or later: any order in which it
                    # stands later stays one when it is brought here. So there is nothing else
                    # to try. (A call that would change something later is another matter:
                    # "online" again, or "online" after the "offline" beside it.)
                    yield (*behind(base, done, i), extra, state)
                    return
                changing.append((i, after))
        for i, after in changing:
            yield (*behind(base, done, i), extra, after)
        # Later, since most histories need none of them.
        tried = set()
        for i, call in enumerate(self.lost):
            if call.start > first_end:
                break
            # Of those that ask for the same only the first one that is left: any of them may
            # stand wherever a later one may, and the sets of what was done stay few.
            if not extra >> i & 1 and call.op not in tried:
                tried.add(call.op)
                for after in self.model.step(state, call.op, UNKNOWN):
                    if after != state:  # Otherwise it is as good as never done.
                        yield (base, done, extra | 1 << i, after)

    def run(self, steps_max):
        start = (0, 0, 0, self.model.initial)
        seen = {start}
        best = start
        best_length = 0
        stack = [self.followers(start)]
        steps = 0
        if not self.known:
            return Judgement(True, True, 0, 0, [], self.model.initial)
        while stack:
            position = next(stack[-1], None)
            if position is None:
                stack.pop()
                continue
            steps += 1
            if position in seen:
                continue
            seen.add(position)
            length = position[0] + position[1].bit_count()
            if length > best_length:
                best, best_length = position, length
            if position[0] == len(self.known):
                return Judgement(True, True, steps, length, [], position[3])
            if steps > steps_max:
                return Judgement(False, False, steps, best_length, self.stuck(best), best[3])
            stack.append(self.followers(position))
        return Judgement(False, True, steps, best_length, self.stuck(best), best[3])

    def stuck(self, position):
        return [self.known[i] for i in self.candidates(position[0], position[1])[0]]


def check(model, calls, steps_max=STEPS_MAX):
    return Search(model, calls).run(steps_max)
