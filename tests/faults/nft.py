"""Rules of nftables in a network namespace that belongs to one node."""

from .processes import run

TABLE = "inet faults"


def apply(enter, unheard, share):
    """From now on exactly this: nothing from the addresses `unheard` is let in, and this
    share of all packets is lost, coming and going. `enter`: words before a command
    that is to run in the namespace. One transaction: there is no moment with half of it."""
    per_mille = round(share * 1000)
    lose = f"numgen random mod 1000 < {per_mille} drop\n" if per_mille else ""
    sources = "".join(f"ip saddr {address} drop\n" for address in unheard)
    rules = f"""
table {TABLE} {{
    chain in {{
        type filter hook input priority 0
        iif lo accept
        {sources}{lose}
    }}
    chain out {{
        type filter hook output priority 0
        oif lo accept
        {lose}
    }}
}}
"""
    # Made if missing, so that there is always one to delete.
    text = f"table {TABLE} {{}}\ndelete table {TABLE}\n" + (rules if sources or lose else "")
    run(*enter, "nft", "-f", "-", text=text)
