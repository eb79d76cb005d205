"""What can go wrong with breaking things."""


class FaultError(Exception):
    """Not done: says what, why, and what to do about it."""


class Impossible(FaultError):
    """This machine, user or backend cannot do it at all; the message says why."""
