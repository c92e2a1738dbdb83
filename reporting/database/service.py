"""What every endpoint works with: the storage and the settings."""
from __future__ import annotations

from dataclasses import dataclass

from checks.outcome import PRESET_OUTCOMES
from reporting.database.access import IdentityProvider, LocalTokens
from reporting.database.storage import Storage

#: Rows of one page at most; a page that would hold more is refused with the way out.
PAGE_LIMIT = 20_000
#: Characters an outcome may have.
OUTCOME_LENGTH = 32
BODY_LIMIT_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Service:
    """One for a server process."""

    storage: Storage
    #: Allowed beside the preset ones, upper case, in the order they are shown.
    additional_outcomes: tuple[str, ...] = ()
    page_limit: int = PAGE_LIMIT
    body_limit_bytes: int = BODY_LIMIT_BYTES
    #: True: writing by v2.0 needs a token as well; reading never does.
    requires_token: bool = False
    #: True: outcomes are not compared with the allowed ones (an import).
    takes_any_outcome: bool = False
    #: True: each new result becomes a message in the outbox.
    announces: bool = False
    #: Knows tokens; None: those in our own database.
    provider: IdentityProvider | None = None

    def allows(self, outcome: str) -> bool:
        """True where a result may have this outcome."""
        return outcome in self.outcomes or (self.takes_any_outcome and len(outcome) <= OUTCOME_LENGTH)

    @property
    def identity_provider(self) -> IdentityProvider:
        """Who knows the tokens."""
        return self.provider or LocalTokens(self.storage)

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Every allowed outcome."""
        return PRESET_OUTCOMES + self.additional_outcomes
