"""What one call to a model has said so far: text for the journal, suggestions and faults for the close."""

from __future__ import annotations

from dataclasses import dataclass, field

from aidecamp.chat import events
from aidecamp.chat.journal import Feed
from aidecamp.providers.messages import Event, Finished
from aidecamp.suggestions.extraction import Extractor, Piece, Text
from aidecamp.suggestions.proposals import Malformed, Proposal


@dataclass(eq=False, slots=True)
class Answer:
    """Fed event by event. `shows_text` is off for the repair call, whose prose nobody asked for."""

    feed: Feed
    extractor: Extractor
    shows_text: bool = True
    parts: list[str] = field(default_factory=list)
    proposals: list[Proposal] = field(default_factory=list)
    faults: list[Malformed] = field(default_factory=list)
    finished: Finished | None = None

    @property
    def text(self) -> str:
        return "".join(self.parts)

    def take(self, event: Event) -> None:
        if isinstance(event, Finished):
            self.finished = event
        self._pieces(self.extractor.feed(event))

    def close(self) -> None:
        """After the last event: held text, then what was proposed, if the answer reached its own end."""
        self._pieces(self.extractor.close())

    def say(self, text: str) -> None:
        """A sentence of ours in the answer, where the model's own could not be used."""
        if text:
            self.parts.append(text)
            self.feed.append("delta", events.delta(text))

    def _pieces(self, pieces: list[Piece]) -> None:
        for piece in pieces:
            if isinstance(piece, Text):
                if self.shows_text:
                    self.say(piece.text)
            elif isinstance(piece, Proposal):
                self.proposals.append(piece)
            else:
                self.faults.append(piece)
