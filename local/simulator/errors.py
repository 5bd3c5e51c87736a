"""Every error the simulated services answer with, as AWS names it.

    AwsError                            moto renders it through botocore's model
      DRS  validation_failed()    400   ValidationException, with its fieldList
           not_found()            404   ResourceNotFoundException
           servers_conflict()     409   ConflictException
           quota_exceeded()       402   ServiceQuotaExceededException
           UNINITIALIZED          400   UninitializedAccountException
      EC2  template_not_found()   400   InvalidLaunchTemplateId.NotFound
           version_not_found()    400   InvalidLaunchTemplateId.VersionNotFound
           AwsError(...)          400   the rest of EC2's refusals, one place each

DRS.md section 6 says what each means to a client.
"""

from collections.abc import Iterable

from moto.core.exceptions import ServiceException


class AwsError(ServiceException):  # type: ignore[misc]  # moto ships no types
    """A refusal: `code`, `message`, the HTTP status, and what else the error's shape holds (`members`)."""

    def __init__(self, code: str, message: str, status: int = 400, **members: object) -> None:
        super().__init__(code, message)
        self.status = status
        self.members = members


def validation_failed(problems: Iterable[tuple[str, str]], reason: str = "fieldValidationFailed") -> AwsError:
    """A request that its shape forbids; `problems` are (field, what is wrong with it)."""
    fields = [{"name": name, "message": text} for name, text in problems]
    message = "; ".join(f"{field['name']}: {field['message']}" for field in fields)
    return AwsError("ValidationException", message, 400, reason=reason, fieldList=fields)


def not_found(kind: str, resource_id: str) -> AwsError:
    """A source server or job that this account does not have in this Region."""
    message = f"{kind} {resource_id} not found"
    return AwsError("ResourceNotFoundException", message, 404, resourceId=resource_id, resourceType=kind)


def servers_conflict(why: str, server_ids: list[str]) -> AwsError:
    """The state of some source servers forbids the call, all of it."""
    message = f"{why}: {', '.join(server_ids)}"
    return AwsError("ConflictException", message, 409, resourceId=server_ids[0], resourceType="SourceServer")


def quota_exceeded(message: str, quota: str, resource: str = "Job") -> AwsError:
    """One of the quotas of DRS.md section 5; none of them can be raised."""
    return AwsError(
        "ServiceQuotaExceededException", message, 402, serviceCode="drs", quotaCode=quota, resourceType=resource
    )


def template_not_found(named: str) -> AwsError:
    """No such template here: deleted, or another account's, or another Region's."""
    message = f"The specified launch template, with template ID {named}, does not exist."
    return AwsError("InvalidLaunchTemplateId.NotFound", message)


def version_not_found(template_id: str, version: str) -> AwsError:
    """The template exists, the version does not."""
    message = f"Could not find the specified version {version} for the launch template with ID {template_id}."
    return AwsError("InvalidLaunchTemplateId.VersionNotFound", message)


UNINITIALIZED = AwsError("UninitializedAccountException", "The account is not initialised in this Region.")
"""What DRS says to everything but InitializeService where nobody has called that yet."""
