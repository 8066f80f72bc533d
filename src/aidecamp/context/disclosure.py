"""What goes where, in plain words for the person who is about to send it."""

from __future__ import annotations

ANY = "Your question, earlier messages, names of campaigns and audiences, and summed-up results"
CAMPAIGN = "Your question, earlier messages, the campaign's content, and summed-up results"
OWN_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})


def sentence(provider: str, host: str, context_type: str) -> str:
    """`host` is where the data goes; what runs on this very machine is told apart."""
    data = CAMPAIGN if context_type == "campaign" else ANY
    where = "stay on this server, with" if host in OWN_MACHINE else f"go to {host}, by"
    return f"{data} {where} {provider}. No contact's name, address or history is added."
