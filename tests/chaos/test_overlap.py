"""Journals made by hand, and the service that writes real ones."""

import os
import pathlib
import signal
import subprocess
import time

import pytest

from chaos.overlap import (MS, Freeze, Life, gaps, overlaps, parse, pieces, read, running,
                           token_faults)

MODE = os.environ.get("HOLDFAST_TEST_MODE", "debug")
SERVICE = pathlib.Path(__file__).resolve().parents[2] / "build" / MODE / "tests" / "chaos-service"


def life(node, token, *spans, group="g", stopped=False):
    """Beats each 10 ms in spans of ms."""
    times = [t * MS for a, b in spans for t in range(a, b + 1, 10)]
    return Life(group, node, token, 1, times, stopped)


def test_one_after_another_is_no_overlap():
    lives = [life("n1", 5, (0, 100)), life("n2", 7, (110, 300)), life("n2", 7, (310, 400))]
    assert not overlaps(lives) and not list(token_faults(lives))


def test_two_nodes_at_once_are_found_with_their_time():
    a, b = life("n1", 5, (0, 100)), life("n2", 7, (70, 300))
    found, = overlaps([b, a])
    assert (found.ns, found.frozen, found.first, found.second) == (30 * MS, False, a, b)


def test_at_once_on_one_node_counts_as_well():
    assert overlaps([life("n1", 5, (0, 100)), life("n1", 5, (100, 200))])


def test_a_life_within_another_and_three_at_once():
    lives = [life("n1", 5, (0, 1000)), life("n2", 6, (100, 200)), life("n3", 7, (150, 400))]
    assert sorted(o.ns // MS for o in overlaps(lives)) == [50, 100, 250]


def test_other_groups_have_nothing_to_do_with_it():
    assert not overlaps([life("n1", 5, (0, 100)), life("n2", 7, (0, 100), group="h")])


def test_a_silence_without_a_freeze_is_running():
    lives = [life("n1", 5, (0, 100), (2000, 2100)), life("n2", 7, (500, 600))]
    assert [o.frozen for o in overlaps(lives)] == [False]
    elsewhere = [Freeze("n2", 100 * MS, 2000 * MS)]
    assert [o.frozen for o in overlaps(lives, elsewhere)] == [False]
    earlier = [Freeze("n1", -900 * MS, -500 * MS)]
    assert [o.frozen for o in overlaps(lives, earlier)] == [False]


FROZEN = [Freeze("n1", 105 * MS, 1995 * MS)]


def test_frozen_means_not_running():
    lives = [life("n1", 5, (0, 100), (2000, 2100)), life("n2", 7, (500, 600))]
    assert not overlaps(lives, FROZEN)
    assert [p.woke for p in pieces(lives[0], FROZEN)] == [False, True]


def test_overlap_after_thawing_is_told_apart():
    lives = [life("n1", 5, (0, 100), (2000, 2030)), life("n2", 7, (500, 9000))]
    found, = overlaps(lives, FROZEN)
    assert found.frozen and found.ns == 30 * MS


def test_a_successor_that_starts_just_after_the_thaw():
    lives = [life("n1", 5, (0, 100), (2000, 2050)), life("n2", 7, (2030, 9000))]
    found, = overlaps(lives, FROZEN)
    assert found.frozen and found.ns == 20 * MS


def test_overlap_long_after_thawing_is_none_of_it():
    lives = [life("n1", 5, (0, 100), (2000, 4000)), life("n2", 7, (3000, 5000))]
    found, = overlaps(lives, FROZEN)
    assert not found.frozen


def test_overlap_of_the_rightful_owner_is_not_excused_by_its_freeze():
    """The one that slept has the newer token: the other one should not have run."""
    lives = [life("n1", 9, (0, 100), (2000, 2030)), life("n2", 7, (500, 2500))]
    found, = overlaps(lives, FROZEN)
    assert not found.frozen


def test_tokens_that_fall_or_have_two_nodes():
    assert list(token_faults([life("n1", 7, (0, 100)), life("n2", 5, (200, 300))]))
    assert list(token_faults([life("n1", 7, (0, 100)), life("n2", 7, (200, 300))]))
    assert not list(token_faults([life("n1", 7, (0, 100)), life("n1", 7, (200, 300))]))


def test_gaps_say_who_and_how_long():
    a, b, c = life("n1", 5, (0, 100)), life("n2", 7, (400, 500)), life("n3", 9, (520, 600))
    found = gaps([c, a, b])
    assert [(g.ns // MS, g.before.node, g.after.node) for g in found] == \
        [(300, "n1", "n2"), (20, "n2", "n3")]


def test_no_gap_behind_a_short_life_beside_a_long_one():
    assert not gaps([life("n1", 5, (0, 1000)), life("n2", 7, (100, 200)),
                     life("n3", 8, (1000, 1100))])


def test_journals():
    got = parse("start 5 g n1 42 7\nbeat 15\nbeat 25\nstop 27\n")
    assert got == Life("g", "n1", 42, 7, [5, 15, 25, 27], True)
    assert parse("start 5 g n1 42 7\nbeat 15\nbea").times == [5, 15]  # Killed in the midst.
    assert parse("") is None
    for bad in ("beat 5\n", "start 5 g n1 42 7\nstop 9\nbeat 10\n",
                "start 5 g n1 42 7\nbeat 15\nbeat 14\n"):
        with pytest.raises(ValueError):
            parse(bad)


def run_service(folder, token, seconds, number):
    env = dict(os.environ, HOLDFAST_GROUP="g", HOLDFAST_NODE="n1", HOLDFAST_TOKEN=str(token))
    with subprocess.Popen([SERVICE, folder], env=env) as service:
        end = time.monotonic() + 20
        while not any(p.stat().st_size > 40 for p in folder.glob(f"g.{token}.n1.*")):
            assert time.monotonic() < end and service.poll() is None
            time.sleep(0.01)
        time.sleep(seconds)
        service.send_signal(number)
        return service.wait(20)


def test_the_service_tells_its_life(tmp_path):
    assert run_service(tmp_path, 5, 0.3, signal.SIGTERM) == 0
    assert run_service(tmp_path, 6, 0.1, signal.SIGKILL) == -signal.SIGKILL
    first, second = sorted(read(tmp_path), key=lambda l: l.token)
    assert (first.group, first.node, first.token, first.stopped) == ("g", "n1", 5, True)
    assert not second.stopped and running([first, second], second.times[-1]) == [second]
    assert second.times[0] > first.times[-1] and not overlaps([first, second])
    assert 10 < len(first.times) < 2000
    now = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    assert 0 < now - second.times[-1] < 20_000 * MS


def test_the_service_refuses_surroundings_that_are_not_a_resources(tmp_path):
    env = {k: v for k, v in os.environ.items() if not k.startswith("HOLDFAST_")}
    done = subprocess.run([SERVICE, tmp_path], env=env, capture_output=True, text=True,
                          check=False)
    assert done.returncode == 2 and "HOLDFAST_GROUP" in done.stderr and not list(tmp_path.iterdir())
