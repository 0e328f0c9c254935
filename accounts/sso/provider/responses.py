"""What a provider answered."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from accounts.sso.refusal_reasons import Reason, RefusedError


@dataclass(frozen=True)
class ProviderResponse:
    """``retry_after``: in seconds; 0 without that header."""

    status: int
    content: bytes
    retry_after: float = 0

    def json(self) -> dict[str, Any]:
        """The JSON object of the body. Raises RefusedError when it is none."""
        try:
            found = json.loads(self.content)
            refuse_lone_surrogates(found)
        except (ValueError, RecursionError):
            raise RefusedError(Reason.NOT_JSON) from None
        if not isinstance(found, dict):
            raise RefusedError(Reason.NOT_JSON)
        return found


def refuse_lone_surrogates(found: Any) -> None:
    """JSON may hold half of a surrogate pair (\\ud800), which no database and no page can hold. Raises ValueError."""
    json.dumps(found, ensure_ascii=False).encode()
