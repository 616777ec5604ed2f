"""Results in ClickHouse, looked at without changing them."""

from broadgauge_host.diagnosis import Check, trouble, well

from ..errors import CollectorError
from ..store.clickhouse_client import ClickHouse, read_address
from .stores import RESULTS


def check_shared_results(url: str) -> Check:
    """Whether ClickHouse answers and lets us in."""
    try:
        address = read_address(url)
        clickhouse = ClickHouse.connect(address)
        try:
            ((version,),) = clickhouse.rows("SELECT version()")
        finally:
            clickhouse.close()
    except CollectorError as error:
        return trouble(RESULTS, str(error), "Then start the server again.")
    return well(RESULTS, f"{address.name} answers (version {version})")
