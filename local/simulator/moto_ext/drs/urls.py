"""`moto.drs.urls`: where DRS is."""

from local.simulator.drs_api import DrsApi

url_bases = [r"https?://drs\.(.+)\.amazonaws\.com"]
url_paths = {"{0}/.*$": DrsApi.dispatch}
