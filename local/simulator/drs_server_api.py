"""DRS's operations on source servers and their launch settings."""

from local.simulator.drs_request import DrsRequest
from local.simulator.errors import not_found, servers_conflict, validation_failed
from local.simulator.machines import Place
from local.simulator.render import RestJson
from local.simulator.source_servers import SourceServer

EXTENSIBLE_A_PAGE = 300


class ServerApi(DrsRequest):
    """The requests about source servers."""

    def describe_source_servers(self) -> RestJson:
        """Servers by id, by the account that replicates them, or all; ids that nobody has are passed over."""
        filters = self.asked.get("filters", {})
        if "hardwareId" in filters:
            raise validation_failed([("filters.hardwareId", "is not simulated")])
        ids, accounts = filters.get("sourceServerIDs"), filters.get("stagingAccountIDs")
        servers = self.estate.servers.values()
        return self.paged(
            [
                each.description
                for each in servers
                if (not ids or each.id in ids) and (not accounts or each.staging_account in accounts)
            ]
        )

    def get_launch_configuration(self) -> RestJson:
        """The launch settings of one server; under a lag not those written last."""
        server = self.estate.server(self.asked["sourceServerID"])
        return RestJson(server.history.seen(self.view("drs", server.id)))

    def update_launch_configuration(self) -> RestJson:
        """Patch the launch settings and answer all of them, with the template's id."""
        patch = self.asked
        server = self.estate.server(patch["sourceServerID"])
        if server.id in self.estate.jobs.busy():
            raise servers_conflict("source servers that a job holds", [server.id])
        return RestJson(self.estate.change_settings(server, patch, self.now))

    def list_extensible_source_servers(self) -> RestJson:
        """The servers of a staging account that are not extended to this one yet."""
        account = self.asked["stagingAccountID"]
        known = self._extended()
        items = [
            {
                "arn": each.description["arn"],
                "hostname": each.description["sourceProperties"]["identificationHints"]["hostname"],
                "tags": each.description["tags"],
            }
            for each in self.world.estate(Place(account, self.region)).servers.values()
            if not each.is_extended and each.description["arn"] not in known
        ]
        return self.paged(items, EXTENSIBLE_A_PAGE)

    def create_extended_source_server(self) -> RestJson:
        """Let a staging account's server be recovered here: settings and template are this account's own."""
        arn, tags = self.asked["sourceServerArn"], self.asked.get("tags", {})
        if arn in self._extended():
            raise validation_failed([("sourceServerArn", "is extended to this account already")])
        return RestJson({"sourceServer": self.estate.extend(self._staging(arn), self.now, tags).description})

    def _staging(self, arn: str) -> SourceServer:
        _, _, _, region, account, resource = arn.split(":", 5)
        found = self.world.estate(Place(account, region)).servers.get(resource.rpartition("/")[2])
        if not found or region != self.region:
            raise not_found("SourceServer", arn)
        return found

    def _extended(self) -> set[str]:
        """The staging servers of those that are extended to this account."""
        areas = (each.description["stagingArea"] for each in self.estate.servers.values())
        return {area["stagingSourceServerArn"] for area in areas if "stagingSourceServerArn" in area}
