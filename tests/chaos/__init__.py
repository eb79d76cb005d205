"""Clusters of real processes, broken at random under load, and then judged.

plan.py      which faults when, from a seed         nemesis.py   makes them
load.py      clients, and what they were told       history.py   the record of it
linear.py    is a history linearizable?             models.py    of which objects?
service.c    what the groups run                    overlap.py   who ran when, from its journals
verdict.py   all checks at the end                  run.py       scripts/chaos
"""
