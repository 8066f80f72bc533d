"""The embedded workspace as the assistant's host."""

from __future__ import annotations

from aidecamp.host.drafts import Target
from aidecamp.host.port import Drafts, Figures
from aidecamp.workspace.drafting import WorkspaceDrafts
from aidecamp.workspace.figures import WorkspaceFigures

PAGES = {"campaign": "/campaigns", "plan": "/plans", "audience": "/audiences"}


class WorkspaceHost:
    """One adapter of `host.port.Host`; it joins the caller's transaction."""

    def __init__(self) -> None:
        self.figures: Figures = WorkspaceFigures()
        self.drafts: Drafts = WorkspaceDrafts()

    def url(self, target: Target) -> str:
        return f"{PAGES[target.kind]}/{target.id}"
