"""A personal access token's renewal: a request of its own, which may fail and be sent again as any other.

The SDK renews such a token in the middle of another request. It reads whatever comes then as JSON, so a
gateway's page looks like a damaged token and how long to wait is lost; and of a request whose token was not
renewed nobody can tell that it was never sent.

What is here needs the SDK, so it is imported where a line is opened.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urljoin

from label_studio_sdk.core.api_error import ApiError
from label_studio_sdk.tokens.client_ext import TokensClientExt
from label_studio_sdk.types.token_refresh_response import TokenRefreshResponse

from screentime.labelstudio.patience import ENOUGH_SECONDS
from screentime.labelstudio.refusals import Unreadable, decoded, no_renewal

PATH = "api/token/refresh/"
# Where the SDK itself asks, which it does not say how long to wait for.
RENEWAL_SECONDS = 30.0
# How much longer a token has to last: a request is sent again for so long at most, and some.
SPARE_SECONDS = ENOUGH_SECONDS + 30.0


class Tokens(TokensClientExt):
    """The SDK's keeper of an account's token, whose renewal fails as other requests fail."""

    def renew(self, seconds: float) -> None:
        """See that the requests of the next minute need no renewal; nothing is sent for a legacy token.

        Parameters
        ----------
        seconds : float
            How long to wait for an answer.

        Raises
        ------
        label_studio_sdk.core.api_error.ApiError, httpx.HTTPError, Unreadable, ServerError
            See `refresh`.
        """
        if self._use_legacy_token:
            return
        with self._token_refresh_lock:
            if not self._lasts():
                self._set_access_token(self.refresh(seconds=seconds).access)

    def refresh(
        self, refresh_token: str | None = None, *, seconds: float = RENEWAL_SECONDS
    ) -> TokenRefreshResponse:
        """Ask for a token that is taken for some minutes.

        Parameters
        ----------
        refresh_token : str, optional
            As the SDK has it: another one than the account's.
        seconds : float, optional
            How long to wait for an answer.

        Returns
        -------
        TokenRefreshResponse

        Raises
        ------
        label_studio_sdk.core.api_error.ApiError
            With all that was answered.
        httpx.HTTPError
        Unreadable
            If what comes is no token.
        ServerError
            If nobody there renews tokens.
        """
        answer = self._client_wrapper.httpx_client.httpx_client.post(
            urljoin(self._base_url, PATH), json={"refresh": refresh_token or self._api_key}, timeout=seconds
        )
        if answer.status_code == 404:
            raise no_renewal()
        if answer.status_code != 200:
            raise ApiError(status_code=answer.status_code, body=answer.text, headers=dict(answer.headers))
        said = decoded(answer)
        access = said.get("access") if isinstance(said, dict) else None
        # It goes into a header.
        if not isinstance(access, str) or not re.fullmatch(r"[\x21-\x7e]+", access) or self._end(access) is None:
            raise Unreadable("the renewed token is none.")
        return TokenRefreshResponse(access=access)

    def _lasts(self) -> bool:
        end = self._end(self._access_token) if self._access_token else None
        return end is not None and end - datetime.now(UTC) > timedelta(seconds=SPARE_SECONDS)

    def _end(self, token: str) -> datetime | None:
        """When a token ends; None where it is no token that does."""
        try:
            return datetime.fromtimestamp(self._decode_jwt_payload(token)["exp"], UTC)
        except (KeyError, TypeError, ValueError, OverflowError, OSError, RecursionError):
            return None
