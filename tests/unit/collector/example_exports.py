"""Exports as the systems write them, with made-up devices: headings in their order, and people in
the columns where those systems put them."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from broadgauge_collector.imports.formats import all_formats
from broadgauge_collector.imports.model import Record, Refused, Taken
from broadgauge_collector.imports.reading import read

NAME, USER, E_MAIL = "Jordan Avery", "javery31", "javery31@students.example.org"
WORDS = f"{NAME} dropped it on the bus"
PEOPLE = (NAME, USER, E_MAIL, "Jordan", "Avery", WORDS)

Cells = tuple[str, ...]


class Example(Struct, frozen=True):
    """A format's export: its heading, and the cells of the nth row."""

    header: Cells
    row: Callable[[int], Cells]
    keys: Cells
    """Headings of what names the row's thing."""

    def rows(self, count: int) -> list[Cells]:
        return [self.row(n) for n in range(count)]

    def cells(self, n: int = 0, **changed: str) -> dict[str, str]:
        return {**dict(zip(self.header, self.row(n), strict=True)), **changed}


def as_csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    target = io.StringIO()
    csv.writer(target).writerows([header, *rows])
    return target.getvalue().encode()


def outcomes(key: str, data: bytes) -> list[Taken | Refused]:
    """What becomes of a file's rows."""
    return list(read(all_formats()[key], io.BytesIO(data)))


def records(key: str, data: bytes) -> list[Record]:
    """The records of a file of which every row is taken."""
    found = outcomes(key, data)
    assert not [row for row in found if isinstance(row, Refused)]
    return [row.record for row in found if isinstance(row, Taken)]


def of_row(key: str, n: int = 0, also: dict[str, str] | None = None) -> Taken | Refused:
    """What becomes of the nth row of a format's example, some of its cells changed."""
    cells = EXAMPLES[key].cells(n)
    cells.update(also or {})
    (found,) = outcomes(key, as_csv(tuple(cells), [tuple(cells.values())]))
    return found


def record(key: str, n: int = 0, also: dict[str, str] | None = None) -> Record:
    """The record of that row."""
    found = of_row(key, n, also)
    assert isinstance(found, Taken), found
    return found.record


def refusal(key: str, n: int = 0, also: dict[str, str] | None = None) -> str:
    """Why that row is refused."""
    found = of_row(key, n, also)
    assert isinstance(found, Refused), found
    return found.reason


def mac(n: int, last: int = 0) -> str:
    return f"0024d7{n:04x}{last:02x}"


def _google_admin(n: int) -> Cells:
    return (
        f"dd1d659a-0ea4-4e94-905e-{n:012x}", f"5CD{n:07}", "HP Chromebook 11 G9 EE",
        "2026-10-30T14:05:00.000Z", "2023-08-01T15:00:00.000Z", "141.0.7390.122",
        "/Students/Washington MS", ("ACTIVE", "DEPROVISIONED", "DISABLED")[n % 3], f"WMS-{n:04}",
        E_MAIL, f"{NAME}'s house", WORDS, mac(n, 1), mac(n), "2026-10-30T14:05:00.000Z",
        "2031-06", "", "16371.72.0", "Google_Drawcia.13606", "2026-06-12T16:00:00.000Z",
        "RETIRING_DEVICE", "2026-10-30T14:05:00.000Z", E_MAIL, "-51", "40", "12", "123456", "99999",
        "", "10.20.4.17", "203.0.113.9", "2026-10-30T14:05:00.000Z", "Verified", "1.2",
        "2023-05-17", "", "",
    )  # fmt: skip


def _gam(n: int) -> Cells:
    days = [("2026-10-05", "18000000"), ("2026-10-09", "18000000"), ("2026-10-18", "18000000")]
    return (
        f"dd1d659a-0ea4-4e94-905e-{n:012x}", f"WMS-{n:04}", f"{NAME}'s desk", E_MAIL,
        "2026-10-30T14:05:00.000Z", WORDS, f"5CD{n:07}", "ACTIVE", "Dell Chromebook 3110",
        "/Students/Washington MS", mac(n), mac(n, 1), "2031-06-01T00:00:00.000Z", "True",
        "False", "2029-06-01T00:00:00.000Z", "4063973376", "Intel(R) Celeron(R) N4500 @ 1.10GHz",
        "32010928128", "20010928128", *(cell for day in days for cell in day), E_MAIL,
        "USER_TYPE_MANAGED",
    )  # fmt: skip


def _intune(n: int) -> Cells:
    return (
        f"0f6c2b1e-1a2b-4c3d-8e9f-{n:012x}", f"{USER}-laptop", "2024-08-12T13:45:10Z",
        "2026-10-29T08:11:00Z", "Windows", "10.0.26100.2033", "Latitude 3340", "Dell Inc.",
        f"7H{n:05}", "255808987136", "120808987136", E_MAIL, NAME, "company", mac(n).upper(),
        "17179869184", "laptop",
    )  # fmt: skip


def _snipe_assets(n: int) -> Cells:
    return (
        str(1000 + n), "Unified District", f"{NAME}'s laptop", f"LHS-{n:04}", "Laptops",
        "Byte, Bolt & Co", "Lenovo", "École Lincoln", "PO-77120", "ThinkPad L13",
        WORDS, "21B3-0012US", WORDS, "8/15/23", "$1,049.00", "User", USER, "Jordan", "Avery",
        E_MAIL, "Lincoln HS", "8/15/29", f"PF{n:06}",
        ("Ready to Deploy", "Deployed", "Out for Repair", "Archived", "Lost/Stolen")[n % 5],
        "36", "2026-08-15", "No",
    )  # fmt: skip


def _maintenances(n: int) -> Cells:
    return (
        str(500 + n), WORDS, "Unified District", f"{NAME}'s laptop", f"LHS-{n:04}",
        f"PF{n:06}", "Deployed", "ThinkPad L13", "Byte, Bolt & Co", "École Lincoln",
        ("Repair", "Hardware Support", "Upgrade", "PAT test")[n % 4], "9/14/25", "9/21/25", WORDS,
        ("Yes", "No")[n % 2], "128.50", NAME, "2025-09-14 08:00:00", "2025-09-21 15:00:00",
    )  # fmt: skip


def _iiq_assets(n: int) -> Cells:
    return (
        f"a0b1c2d3-1111-4222-8333-{n:012x}", f"JES-{n:04}", f"NXK{n:06}", "Chromebooks",
        "Chromebook Spin 511", "Acer", ("In Service", "Storage", "Retired")[n % 3],
        "Jefferson Élémentaire", NAME, E_MAIL, "07/01/2024", "2027-07-01", "$329.99", "ESSER III",
        WORDS,
    )  # fmt: skip


def _iiq_tickets(n: int) -> Cells:
    return (
        f"b0b1c2d3-1111-4222-8333-{n:012x}", str(20_000 + n), WORDS, "Closed",
        ("Cracked Screen", "Not Charging", "Lost Device")[n % 3], "Jefferson Élémentaire",
        "2026-02-03T14:00:00", "2026-02-10T09:30:00", f"a0b1c2d3-1111-4222-8333-{n:012x}",
        f"JES-{n:04}", NAME, E_MAIL,
    )  # fmt: skip


def _iiq_parts(n: int) -> Cells:
    return (
        f"b0b1c2d3-1111-4222-8333-{n:012x}", f"c0b1c2d3-1111-4222-8333-{n:012x}", "2",
        "2026-02-09", f"a0b1c2d3-1111-4222-8333-{n:012x}", "44.95", "False", "True", NAME,
    )  # fmt: skip


def _network_gear(n: int) -> Cells:
    kind, model = (
        ("Access Point", "AP-635"), ("Switch", "CX 6200F"), ("Firewall", "PA-450"),
        ("Router", "ISR 4331"),
    )[n % 4]  # fmt: skip
    return (
        f"{NAME}-closet", kind, "Aruba", model, f"Q9H74A{n:02}", f"CNP{n:06}", f"NET-{n:04}",
        mac(n), "Peña HS", "In use", "10.13.1000", "Wi-Fi 6E", "2031-04-30", "2032-04-30",
        "2024-05-20", "1,195.00", "USD", "PO-88", "E-Rate Category 2", "2029-05-20", NAME,
    )  # fmt: skip


def _devices(n: int) -> Cells:
    return (
        f"D-{n:05}", f"C02{n:07}", f"RHS-{n:04}", "Laptop", "Apple", "MacBook Air 13", "MLY33LL/A",
        "Peña HS", NAME, E_MAIL, ("Active", "In Repair", "Stolen", "Spare")[n % 4],
        mac(n), "8 GB", "256 GB", "100 GB", "83%", "212", "macOS", "15.1", "2030-09", "13.6", "yes",
        "802.11ax", "2023-06-01", "2023-08-20", "$899.00", "PO-4411", "General fund", "36",
        "2028-08-20", "2026-10-30 07:55", "14.5", WORDS,
    )  # fmt: skip


def _tickets(n: int) -> Cells:
    return (
        f"INC-{n:05}", "9/3/2025", "9/10/2025", f"RHS-{n:04}", f"C02{n:07}", NAME, "Closed",
        "Peña HS", ("Liquid spill", "Battery", "Theft")[n % 3], "No", "149.00", "99.00",
        "50.00", WORDS,
    )  # fmt: skip


def _rooms(n: int) -> Cells:
    return (
        "Washington MS", f"Room {100 + n}", f"2026-09-{1 + n % 28:02}", USER, str(24 + n % 8),
        str(6 + n % 30), str(1 + n % 3), ("15", "20", "20 A")[n % 3], "1", str(30 + n % 6),
        str(2 + n % 4), "1", NAME, WORDS,
    )  # fmt: skip


def _words(text: str) -> Cells:
    return tuple(text.split(","))


EXAMPLES: dict[str, Example] = {
    "google-admin": Example(
        _words(
            "deviceId,serialNumber,model,lastPolicySync,enrollmentTime,osVersion,orgUnitPath,"
            "provisionStatus,annotatedAssetId,annotatedUser,annotatedLocation,annotatedNotes,"
            "ethernetMacAddress,macAddress,lastReport,autoUpdateExpiration,meid,platformVersion,"
            "firmwareVersion,lastDeprovision,deprovisionReason,mostRecentActivity,mostRecentUser,"
            "wifiSignalStrength,volumeLevelPercent,cpuUtilizationPercent,memoryUsageByte,"
            "diskSpaceUsageByte,kioskApp,lanIpAddress,wanIpAddress,lastIpAddressUpdate,bootMode,"
            "tpmFirmwareVersion,manufacturingDate,eids,iccids"
        ),
        _google_admin,
        ("deviceId", "serialNumber", "annotatedAssetId"),
    ),
    "gam": Example(
        _words(
            "deviceId,annotatedAssetId,annotatedLocation,annotatedUser,lastSync,notes,serialNumber,"
            "status,model,orgUnitPath,macAddress,ethernetMacAddress,autoUpdateThrough,"
            "extendedSupportEligible,extendedSupportEnabled,extendedSupportStart,systemRamTotal,"
            "cpuInfo.0.model,diskVolumeReports.volumeInfo.0.storageTotal,"
            "diskVolumeReports.volumeInfo.0.storageFree,activeTimeRanges.0.date,"
            "activeTimeRanges.0.activeTime,activeTimeRanges.1.date,activeTimeRanges.1.activeTime,"
            "activeTimeRanges.2.date,activeTimeRanges.2.activeTime,recentUsers.0.email,"
            "recentUsers.0.type"
        ),
        _gam,
        ("deviceId", "serialNumber", "annotatedAssetId"),
    ),
    "intune": Example(
        _words(
            "id,deviceName,enrolledDateTime,lastSyncDateTime,operatingSystem,osVersion,model,"
            "manufacturer,serialNumber,totalStorageSpaceInBytes,freeStorageSpaceInBytes,"
            "userPrincipalName,userDisplayName,managedDeviceOwnerType,wiFiMacAddress,"
            "physicalMemoryInBytes,chassisType"
        ),
        _intune,
        ("id", "serialNumber"),
    ),
    "snipe-it-assets": Example(
        _words(
            "ID,Company,Name,Asset Tag,Category,Supplier,Manufacturer,Location,Order Number,Model,"
            "Model Notes,Model Number,Asset Notes,Purchase Date,Purchase Cost,Checkout Type,"
            "Checked Out To: Username,Checked Out To: First Name,Checked Out To: Last Name,"
            "Checked Out To: Email,Checked Out To: Location,Asset EOL Date,Serial,Status,"
            "warranty_months,Warranty Expires,BYOD"
        ),
        _snipe_assets,
        ("ID", "Serial", "Asset Tag"),
    ),
    "snipe-it-maintenances": Example(
        _words(
            "id,title,company,asset_name,asset_tag,serial,status_label,model,supplier,location,"
            "asset_maintenance_type,start_date,completion_date,notes,is_warranty,cost,created_by,"
            "created_at,updated_at"
        ),
        _maintenances,
        ("id",),
    ),
    "incident-iq-assets": Example(
        _words(
            "AssetId,AssetTag,SerialNumber,AssetTypeName,ModelName,ManufacturerName,StatusName,"
            "LocationName,OwnerName,OwnerEmail,PurchaseDate,WarrantyExpirationDate,PurchasePrice,"
            "FundingSource,Notes"
        ),
        _iiq_assets,
        ("AssetId", "SerialNumber", "AssetTag"),
    ),
    "incident-iq-tickets": Example(
        _words(
            "TicketId,TicketNumber,Subject,StatusName,CategoryName,LocationName,CreatedDate,"
            "ClosedDate,AssetId,AssetTag,RequestorName,RequestorEmail"
        ),
        _iiq_tickets,
        ("TicketId", "TicketNumber"),
    ),
    "incident-iq-parts": Example(
        _words("TicketId,PartId,Quantity,UsedDate,AssetId,Cost,WarrantyClaim,StudentDamage,UsedBy"),
        _iiq_parts,
        ("TicketId", "PartId", "AssetId", "UsedDate"),
    ),
    "network-gear": Example(
        _words(
            "Name,Type,Manufacturer,Model,Model Number,Serial,Asset Tag,MAC Address,School,Status,"
            "Firmware,Wi-Fi Standard,Support End,End of Life,Purchase Date,Purchase Cost,Currency,"
            "PO Number,Funding Source,Warranty End,Installed By"
        ),
        _network_gear,
        ("Serial", "Asset Tag", "MAC Address"),
    ),
    "devices": Example(
        _words(
            "Device ID,Serial Number,Asset Tag,Type,Manufacturer,Model,Model Number,School,User,"
            "Email,Status,MAC Address,Memory,Storage,Free Storage,Battery Health,Battery Cycles,OS,"
            "OS Version,Support End,Screen (Inches),Has Keyboard,Wi-Fi Standard,Manufactured,"
            "Purchase Date,Purchase Cost,PO Number,Funding Source,Warranty Months,EOL Date,"
            "Last Seen,Hours a Week,Notes"
        ),
        _devices,
        ("Device ID", "Serial Number", "Asset Tag"),
    ),
    "tickets": Example(
        _words(
            "Incident #,Incident Date,Completed Date,Asset Tag,Serial,User,Status,Building,"
            "Category,Under Warranty,Cost,Parts Cost,Labor Cost,Description"
        ),
        _tickets,
        ("Incident #",),
    ),
    "rooms": Example(
        _words(
            "School,Room,Surveyed On,Surveyed By,Seats,Outlets,Circuits,Amperes per Circuit,"
            "Charging Carts,Cart Slots,Network Drops,Access Points,Teacher,Notes"
        ),
        _rooms,
        ("School", "Room"),
    ),
}
