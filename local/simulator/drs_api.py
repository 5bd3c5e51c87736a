"""AWS Elastic Disaster Recovery, API version 2020-02-26: the operations that launch configurations need."""

from local.simulator.drs_general_api import GeneralApi
from local.simulator.drs_job_api import JobApi
from local.simulator.drs_server_api import ServerApi


class DrsApi(ServerApi, JobApi, GeneralApi):
    """One request to DRS."""
