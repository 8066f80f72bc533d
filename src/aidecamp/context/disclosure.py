"""What goes where, in one plain sentence for the person who is about to send it."""

from __future__ import annotations

KINDS = {
    "campaign": "your question, earlier messages, the campaign's content and summed-up results",
    "content": "your question, earlier messages, names of campaigns and audiences and summed-up results",
    "analytics": "your question, earlier messages, names of campaigns and audiences and summed-up results",
    "strategy": "your question, earlier messages, names of campaigns and audiences and summed-up results",
}


def sentence(provider: str, host: str, context_type: str, *, is_local: bool = False) -> str:
    """`host` is the address that the data goes to; a local one never leaves this machine or network."""
    data = KINDS.get(context_type, KINDS["content"])
    where = f"stays with {provider} at {host}" if is_local else f"goes to {provider} at {host}"
    return f"{data[0].upper()}{data[1:]} {where}. No contact's name, address or history is added to it."
