"""What botocore raises, in plain words."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore import exceptions as aws

from local.command_line.refusals import refusal

_UNSIGNED = (
    aws.NoCredentialsError,
    aws.PartialCredentialsError,
    aws.CredentialRetrievalError,
    aws.SSOError,
    aws.TokenRetrievalError,
)
_UNREACHED = (aws.EndpointConnectionError, aws.ConnectTimeoutError, aws.ProxyConnectionError, aws.SSLError)


@contextmanager
def in_plain_words(whom: str) -> Iterator[None]:
    """Whatever botocore raises, as a refusal.

    Raises:
        Refusal: always instead of an error of botocore's.
    """
    try:
        yield
    except _UNSIGNED as error:
        raise refusal("NO_CREDENTIALS", f"{whom} was not asked: {error}") from error
    except _UNREACHED as error:
        raise refusal("NO_CONNECTION", f"{whom} cannot be reached: {error}", retryable=True) from error
    except aws.HTTPClientError as error:
        message = f"{whom} did not answer, and may have done it all the same: {error}"
        raise refusal("NO_ANSWER", message, retryable=True) from error
    except aws.ClientError as error:
        told = error.response.get("Error", {})
        raise refusal(str(told.get("Code", "AWS")), f"{whom}: {told.get('Message') or error}") from error
    except aws.BotoCoreError as error:
        raise refusal("AWS", f"{whom} was not asked: {error}") from error
