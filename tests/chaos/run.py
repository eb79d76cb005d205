"""Break a real cluster at random under load, heal it, and judge what happened.

  scripts/chaos [--seed S] [--minutes M] [--nodes N] [--backend loopback|netns|containers]
                [--profile default|fast] [--mode release|debug] [--faults KIND,KIND...]
                [--clients N] [--keep] [--plan]

The faults come from the seed, which is printed (without one: a new one each time). --plan
prints them and does nothing. Exit status: 0 all is well, 1 not, and then the evidence is
kept in a folder that is named; 2 usage.
docs/testing.md, "Chaos", tells what is done and what must hold.
"""

import argparse
import contextlib
import json
import os
import pathlib
import random
import secrets
import shutil
import signal
import sys
import tempfile
import time

import faults

from . import setup, verdict
from .history import History
from .load import Worker
from .nemesis import Nemesis
from .plan import KINDS, plan
from .standstill import Watch

TOP = pathlib.Path(__file__).resolve().parents[2]
REST_SECONDS = 90
# A group that nobody asks anything of is down for some seconds at a time: faults last no
# longer, and are healed. One that is down for so long was forgotten.
GAP_SECONDS = 60
SCALE = {"release": 1, "debug": 4}
ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(Exception):
    """Somebody wants it to end."""


def parse(argv):
    p = argparse.ArgumentParser(prog="scripts/chaos", allow_abbrev=False, add_help=False)
    p.add_argument("--seed", default=None)
    p.add_argument("--minutes", type=float, default=2)
    p.add_argument("--nodes", type=int, default=3)
    p.add_argument("--backend", choices=("loopback", "netns", "containers"),
                   default="netns" if os.geteuid() == 0 else "loopback")
    p.add_argument("--profile", choices=("default", "fast"), default="default")
    p.add_argument("--mode", choices=tuple(SCALE), default="release")
    p.add_argument("--faults", type=lambda t: t.split(","), default=None)
    p.add_argument("--clients", type=int, default=6)
    p.add_argument("--keep", action="store_true")
    p.add_argument("--plan", action="store_true")
    options = p.parse_args(argv)
    if options.faults and not set(options.faults) <= set(KINDS):
        p.error(f"--faults takes some of: {','.join(KINDS)}")
    if not 1 <= options.nodes <= 9 or options.minutes <= 0 or options.clients < 1:
        p.error("--nodes is 1 to 9, --minutes and --clients are more than 0")
    try:
        faults.names(options.backend, options.nodes)
    except faults.FaultError as e:
        p.error(str(e))
    if options.backend == "containers" and options.mode != "release":
        p.error("the image of docker-compose.yml holds the release build: leave --mode away")
    options.seed = options.seed or str(secrets.randbits(32))
    return options


class Chaos:
    def __init__(self, options):
        self.options = options
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-chaos-"))
        self.journals = self.dir / "journals"
        self.journals.mkdir()
        self.journals.chmod(0o1777)  # Services of containers are another user's.
        self.wrong = []
        self.figures = {}
        self.workers = []

    # ------------------------------------------------------------------- doing

    def wait(self, seconds):
        """A sleep that ends when a client could not go on."""
        end = time.monotonic() + seconds
        while True:
            for w in self.workers:
                if w.fault:
                    raise w.fault
            left = end - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(left, 0.2))

    def load(self, cluster, history):
        for i in range(self.options.clients):
            worker = Worker(i + 1, self.options.seed, cluster.names, cluster.socket,
                            setup.objects(), history)
            self.workers.append(worker)
            worker.start()

    def unload(self):
        for w in self.workers:
            w.stopping.set()
        for w in self.workers:
            w.join(60)
        for w in self.workers:
            if w.fault or w.is_alive():
                self.wrong.append(f"client {w.number} did not end well: {w.fault!r}")

    def run(self):
        o = self.options
        programs = self.dir / "programs"  # By itself: it is all that containers get to see.
        programs.mkdir()
        built = TOP / "build" / o.mode / "tests"
        service = shutil.copy(built / "chaos-service", programs)
        # A name for docker compose that no other run has.
        more = {"project": self.dir.name} if o.backend == "containers" else {}
        with contextlib.ExitStack() as stack:
            watch = stack.enter_context(contextlib.closing(
                Watch(built / "chaos-standstill", self.dir / "standstills")))
            cluster = stack.enter_context(
                faults.make(o.backend, self.dir / "cluster", o.nodes, o.profile, o.mode,
                            shared=[programs, self.journals], **more))
            history = stack.enter_context(contextlib.closing(History(self.dir / "history.jsonl")))
            setup.make(cluster, random.Random(o.seed), f"exec {service} {self.journals}", history)
            episodes = plan(o.seed, cluster.names, o.minutes * 60, o.faults)
            nemesis = stack.enter_context(contextlib.closing(
                Nemesis(cluster, episodes, self.dir / "events.jsonl", setup.STEADY[-1])))
            began = time.monotonic()
            try:
                self.load(cluster, history)
                played = nemesis.run(self.wait, o.minutes * 60)
            finally:
                self.unload()
            self.figures.update(seconds=time.monotonic() - began, episodes=played,
                                faults=nemesis.done, skipped=nemesis.skipped)
            self.judge(cluster, nemesis, history, watch)
        self.wrong += verdict.logs(self.dir / "cluster")  # Also what the end has brought about.

    # ------------------------------------------------------------------ judging

    def judge(self, cluster, nemesis, history, watch):
        scale = SCALE[self.options.mode]
        began = time.monotonic()
        unrest = verdict.rest(cluster, REST_SECONDS * scale)
        self.figures["rest"] = time.monotonic() - began
        self.wrong += unrest
        self.wrong += verdict.digests(cluster, 30 * scale)
        if not unrest:
            self.wrong += verdict.running(cluster, self.journals, 10 * scale)
        stood = watch.standstills()
        journals = verdict.Journals(self.journals, nemesis.freezes, stood, scale)
        self.wrong += journals.wrong()
        steady = [g for g in journals.gaps if g.group in setup.STEADY]
        self.wrong += [f"group {g.group} did not run for {g.ns / 1e9:.0f} s before "
                       f"{verdict.who(g.after)}" for g in steady
                       if g.ns > GAP_SECONDS * scale * 1e9]
        self.figures.update(lives=len(journals.lives), thaws=journals.thaws,
                            freezes=len(nemesis.freezes), gap=self.gap(steady, nemesis),
                            unexpected=journals.unexpected, stood=stood, unwatched=watch.why)
        began = time.monotonic()
        steps = []
        self.wrong += verdict.linearizable(history.calls, lambda k, n, j: steps.append(j.steps))
        self.figures.update(checking=time.monotonic() - began, steps=sum(steps),
                            objects=len(steps), calls=len(history.calls),
                            lost=sum(c["end"] is None for c in history.calls))

    @staticmethod
    def gap(steady, nemesis):
        """The longest of the groups that only faults take down, and what was going on."""
        if not steady:
            return "none"
        g = steady[0]
        around = [e["kind"] for e in nemesis.events if e["what"] == "fault"
                  and g.start - 5_000 * verdict.MS <= e["at"] <= g.start + g.ns]
        return (f"{g.ns / verdict.MS:.0f} ms ({g.group}: {g.before.node} -> {g.after.node}"
                f"{', ' + ' '.join(around) if around else ''})")

    # ------------------------------------------------------------------ telling

    def machine(self):
        f = self.figures
        if f["unwatched"]:
            return f"not watched: {f['unwatched']}"
        longest = max((s.end - s.start for s in f["stood"]), default=0)
        return f"CPUs stood still {len(f['stood'])} times, for at most {longest / verdict.MS:.1f} ms"

    def tell(self):
        f = self.figures
        if "calls" in f:
            kinds = ", ".join(f"{k} {n}" for k, n in sorted(f["faults"].items()))
            print(f"load       {f['calls']} calls in {f['seconds']:.0f} s, {f['lost']} of them "
                  f"without an answer")
            print(f"faults     {sum(f['faults'].values())} in {f['episodes']} episodes: {kinds}")
            for kind, why in f["skipped"]:
                print(f"           not made: {kind}: {why[:150]}")
            thaws = f["thaws"]
            print(f"services   {f['lives']} lives, longest gap {f['gap']}")
            print(f"overlap    {len(f['unexpected'])}; after {f['freezes']} freezes {len(thaws)}" +
                  (f", median {thaws[len(thaws) // 2].ns / verdict.MS:.1f} ms, longest "
                   f"{thaws[-1].ns / verdict.MS:.1f} ms" if thaws else ""))
            for t in thaws:
                if t.stood:
                    print(f"           {t}")
            print(f"machine    {self.machine()}")
            print(f"rest       after {f['rest']:.1f} s")
            print(f"checker    {f['objects']} objects, {f['steps']} steps in {f['checking']:.2f} s")
        for line in self.wrong:
            print(f"WRONG      {line[:2000]}")

    def keep(self):
        """Everything but sockets, where the next run does not remove it."""
        o = self.options
        where = pathlib.Path(os.environ.get("HOLDFAST_TEST_KEEP", TOP / "build" / "chaos"))
        folder = where / f"seed-{o.seed}-{o.backend}-{o.nodes}-{int(time.time())}"
        shutil.copytree(self.dir, folder, symlinks=True,
                        ignore=lambda d, names: [n for n in names
                                                 if pathlib.Path(d, n).is_socket()])
        (folder / "verdict.json").write_text(json.dumps(
            {"options": vars(o), "wrong": self.wrong, "figures": self.figures}, default=str,
            indent=1))
        print(f"evidence   {folder}")


def interrupt(number, frame):
    """The first begins the end; more of them would stop that half-way."""
    del frame
    for other in ENDS:
        signal.signal(other, signal.SIG_IGN)
    raise Interrupted(f"signal {number}")


def main(argv=None):
    argv = sys.argv[1:] if argv is None else argv
    if {"-h", "--help"} & set(argv):
        print(__doc__.strip())
        return 0
    options = parse(argv)
    again = f"--seed {options.seed} --minutes {options.minutes:g} --nodes {options.nodes} " \
            f"--backend {options.backend} --profile {options.profile}"
    print(f"chaos      {again}", flush=True)
    if options.plan:
        names = faults.names(options.backend, options.nodes)
        for e in plan(options.seed, names, options.minutes * 60, options.faults):
            print(*(f"{f.at:6.2f} {f.kind} {','.join(f.target)} {f.options or ''}"
                    for f in e.faults), f"{e.seconds:6.2f} heal", f"{e.peace:6.2f} peace", sep="\n")
        return 0
    for number in ENDS:
        if signal.getsignal(number) != signal.SIG_IGN:  # As nohup has it.
            signal.signal(number, interrupt)
    chaos = Chaos(options)
    try:
        try:
            chaos.run()
        except (faults.FaultError, Interrupted, RuntimeError) as e:
            chaos.wrong.append(f"the run did not get to its end: {e!r}")
        chaos.tell()
        if chaos.wrong or options.keep:
            chaos.keep()
    finally:
        shutil.rmtree(chaos.dir, ignore_errors=True)
    print("verdict    " + ("WRONG: scripts/chaos " + again if chaos.wrong else "all is well"))
    return 1 if chaos.wrong else 0
