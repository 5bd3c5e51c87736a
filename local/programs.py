"""The two programs of the embedded cloud: AWS's services, and DRS with EC2's launch templates beside them."""

from local.processes import HOST, Process

ACCOUNT, REGION = "123456789012", "us-east-1"
_SIMULATED = ("DRS", "EC2", "STS", "IAM")
"""What functions find at the simulator. ministack has an STS and an IAM too, for the callers of its API."""


def simulator(port: int, servers: int) -> Process:
    """DRS, and what else functions ask AWS about servers."""
    arguments = ("--port", str(port), "--servers", str(servers), "--account", ACCOUNT, "--region", REGION)
    return Process("local.simulator", *arguments, speaks=True)


def ministack(port: int, simulator: str) -> Process:
    """Functions inherit its environment, and so find DRS, EC2, STS and IAM at the simulator."""
    environment = {
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(port),
        "MINISTACK_HOST": HOST,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "AUTH": "true",
        "LOG_LEVEL": "WARNING",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        **{f"AWS_ENDPOINT_URL_{service}": simulator for service in _SIMULATED},
    }
    return Process("ministack", environment=environment)
