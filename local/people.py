"""People of the embedded cloud, who sign in at its Cognito."""

import secrets
from functools import cache
from typing import Any


class People:
    """Users of a pool, made when they are first asked for: one for each set of groups."""

    def __init__(self, cognito: Any, pool: str, client: str) -> None:  # noqa: ANN401  boto3 makes its clients when asked
        self._cognito, self._pool, self._client = cognito, pool, client
        self.tokens = cache(self._tokens)

    def _tokens(self, *groups: str) -> dict[str, str]:
        """Cognito's ``IdToken``, ``AccessToken`` and ``RefreshToken`` of somebody in exactly these groups."""
        name = f"{'-and-'.join(groups) or 'nobody'}@example.com"
        password = secrets.token_urlsafe() + "aA1!"
        user = {"UserPoolId": self._pool, "Username": name}
        told = [{"Name": "email", "Value": name}, {"Name": "email_verified", "Value": "true"}]
        made = {"TemporaryPassword": password, "UserAttributes": told, "MessageAction": "SUPPRESS"}
        self._cognito.admin_create_user(**user, **made)
        self._cognito.admin_set_user_password(**user, Password=password, Permanent=True)
        for group in groups:
            self._cognito.admin_add_user_to_group(**user, GroupName=group)
        signed_in = self._cognito.initiate_auth(
            ClientId=self._client,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": password},
        )
        return dict(signed_in["AuthenticationResult"])
