"""Break a cluster on purpose, and heal it.

  scripts/faults up [-n N] [--backend loopback|netns|containers] [--profile NAME] [--mode MODE]
  scripts/faults kill NODES [daemon|monitor|all]      as a power cut (all)
  scripts/faults stop NODES                           in order, until they have ended
  scripts/faults freeze NODES [daemon|monitor|all]
  scripts/faults thaw [NODES]
  scripts/faults partition NODES [/ NODES] [--one-way]
  scripts/faults drop NODES SHARE%                    0% ends it
  scripts/faults disk NODES slow MS | full | fail | ok
  scripts/faults clock NODES +SECONDS | -SECONDS | 0
  scripts/faults memory NODES LIMIT                   bytes, or 64M, 1G
  scripts/faults corrupt NODES segment|snapshot       shows when the node starts
  scripts/faults start [NODES] [--no-wait]            until they are members
  scripts/faults heal [KIND...]                       all, or some kinds of faults
  scripts/faults status
  scripts/faults down [--now]                         in order, or by SIGKILL

NODES: n1, or n1,n2, or all. Where the cluster is: --dir DIR (of `up`, or
HOLDFAST_CLUSTER_DIR); --project NAME for containers that docker compose runs. Exit status: 0 done, 1 not done, 2 usage.
docs/testing.md, "Breaking it on purpose", tells what each does.
"""

import argparse
import os
import re
import sys

from . import adopt, make, open_cluster
from .backend import CORRUPTIBLE, KINDS
from .errors import FaultError
from .processes import PARTS


class Usage(Exception):
    """The command line is not one of ours: says what is wrong with it."""


class Parser(argparse.ArgumentParser):
    def error(self, message):
        raise Usage(message)


UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


def number(text, pattern, what):
    if not re.fullmatch(pattern, text):
        raise Usage(f"\"{text}\" is no {what}")
    return float(re.match(r"[+-]?[\d.]+", text)[0])


def nodes_of(cluster, text):
    return cluster.names if text == "all" else [n for n in text.split(",") if n]


def arguments(words, least, most, form):
    if not least <= len(words) <= most:
        raise Usage(f"it is: {form}")
    return words + [None] * (most - len(words))


def do_kill(c, words, _):
    nodes, part = arguments(words, 1, 2, f"kill NODES [{'|'.join(PARTS)}]")
    c.kill(nodes_of(c, nodes), part or "all")


def do_stop(c, words, _):
    nodes, = arguments(words, 1, 1, "stop NODES")
    c.stop(nodes_of(c, nodes))


def do_freeze(c, words, _):
    nodes, part = arguments(words, 1, 2, f"freeze NODES [{'|'.join(PARTS)}]")
    c.freeze(nodes_of(c, nodes), part or "all")


def do_thaw(c, words, _):
    nodes, = arguments(words, 0, 1, "thaw [NODES]")
    c.thaw(nodes and nodes_of(c, nodes))


def do_partition(c, words, options):
    form = "partition NODES [/ NODES] [--one-way]"
    sides = " ".join(words).replace(" ", ",").split("/")
    if not words or len(sides) > 2 or not all(s.strip(",") for s in sides):
        raise Usage(f"it is: {form}")
    sides = [nodes_of(c, s.strip(",")) for s in sides]
    c.partition(*sides, one_way=options.one_way)


def do_drop(c, words, _):
    nodes, share = arguments(words, 2, 2, "drop NODES SHARE%")
    c.drop(nodes_of(c, nodes), number(share, r"\d+(\.\d+)?%", "share of packets like 20%") / 100)


def do_disk(c, words, _):
    nodes, mode, ms = arguments(words, 2, 3, "disk NODES slow MS | full | fail | ok")
    if (mode == "slow") != (ms is not None):
        raise Usage("it is: disk NODES slow MS | full | fail | ok")
    c.disk(nodes_of(c, nodes), mode, int(number(ms or "0", r"\d+", "number of milliseconds")))


def do_clock(c, words, _):
    nodes, seconds = arguments(words, 2, 2, "clock NODES +SECONDS | -SECONDS | 0")
    c.clock(nodes_of(c, nodes), number(seconds, r"[+-]\d+(\.\d+)?|0", "jump like +3600 or -1.5"))


def do_memory(c, words, _):
    nodes, limit = arguments(words, 2, 2, "memory NODES LIMIT")
    size = number(limit, r"\d+[KMG]?", "size like 64M")
    c.memory(nodes_of(c, nodes), int(size) * UNITS[limit.strip("0123456789")])


def do_corrupt(c, words, _):
    nodes, kind = arguments(words, 2, 2, f"corrupt NODES {'|'.join(CORRUPTIBLE)}")
    c.corrupt(nodes_of(c, nodes), kind)


def do_start(c, words, options):
    nodes, = arguments(words, 0, 1, "start [NODES] [--no-wait]")
    c.start(nodes and nodes_of(c, nodes), wait=not options.no_wait)


def do_heal(c, words, _):
    for word in words:
        if word not in KINDS:
            raise Usage(f"\"{word}\" is no kind of fault; one of: {', '.join(KINDS)}")
    c.heal(words or None)


def do_status(c, words, _):
    arguments(words, 0, 0, "status")
    for kind, node, text in c.faults():
        print(f"{kind:<10} {node:<8} {text}".rstrip())


def do_down(c, words, options):
    arguments(words, 0, 0, "down [--now]")
    c.down(now=options.now)


VERBS = {name[3:]: f for name, f in list(globals().items()) if name.startswith("do_")}


def parse(argv):
    p = Parser(prog="scripts/faults", add_help=False, allow_abbrev=False)
    p.add_argument("--dir", default=os.environ.get("HOLDFAST_CLUSTER_DIR"))
    p.add_argument("--project")
    p.add_argument("--backend", default="loopback")
    p.add_argument("--profile", default="default")
    p.add_argument("--mode", default=os.environ.get("MODE", "release"))
    p.add_argument("-n", dest="count", type=int, default=3)
    p.add_argument("--one-way", action="store_true")
    p.add_argument("--now", action="store_true")
    p.add_argument("--no-wait", action="store_true")
    options, words = p.parse_known_args(argv)
    for word in words:  # -5 is a jump of the clock.
        if word.startswith("-") and not re.fullmatch(r"-[\d.]+", word):
            raise Usage(f"there is no option {word}")
    if not words or words[0] not in [*VERBS, "up"]:
        raise Usage(f"\"{words[0]}\" is no verb" if words else "a verb is missing")
    options.dir = options.dir or (f"/tmp/holdfast-faults-{options.project}" if options.project
                                  else "/tmp/holdfast-cluster")
    return options, words


def up(options):
    more = {"project": options.project} if options.backend == "containers" else {}
    make(options.backend, options.dir, options.count, options.profile, options.mode, **more)


def main(argv=None):
    argv = sys.argv[1:] if argv is None else argv
    if not argv or {"-h", "--help", "help"} & set(argv):
        print(__doc__.strip(), file=sys.stdout if argv else sys.stderr)
        return 0 if argv else 2
    try:
        options, (verb, *words) = parse(argv)
        if verb == "up":
            arguments(words, 0, 0, "up [-n N] [--backend NAME] [--profile NAME] [--mode MODE]")
            up(options)
        else:
            there = adopt(options.project, options.dir) if options.project else \
                open_cluster(options.dir)
            VERBS[verb](there, words, options)
        return 0
    except Usage as e:
        print(f"scripts/faults: {e}; scripts/faults --help shows all", file=sys.stderr)
        return 2
    except (FaultError, OSError) as e:
        print(f"scripts/faults: {e}", file=sys.stderr)
        return 1
