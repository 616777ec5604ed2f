"""The systemd units, as text. docs/design/dd-008-services.md says why each option is there."""

from collections.abc import Iterator

from .model import STATE, Plan

UNIT = """\
# Written by `{installer}`. Change it with: systemctl edit {name}
[Unit]
Description={title}
Wants=network-online.target
After=network-online.target nss-lookup.target
# A machine may be without a network for weeks: it never gives up starting.
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=main
ExecStart={command}
{needs}
Restart=on-failure
RestartSec=30
WatchdogSec=60
TimeoutStopSec=20
KillMode=mixed
# A part that outgrows the memory is a failure of that part, not the end of the service.
OOMPolicy=continue
StateDirectory={name}
StateDirectoryMode=0700

{rights}{hardening}
[Install]
WantedBy=multi-user.target
"""

NO_RIGHTS = """\
# It needs no right that any user has not.
CapabilityBoundingSet=
AmbientCapabilities=
PrivateUsers=yes
"""

LOW_PORTS = """\
# It listens on a port below 1024, and needs no other right that any user has not.
CapabilityBoundingSet=CAP_NET_BIND_SERVICE
AmbientCapabilities=CAP_NET_BIND_SERVICE
"""

HARDENING = """\
DynamicUser=yes
NoNewPrivileges=yes
RestrictSUIDSGID=yes
UMask=0077
# It reads facts in /sys and /proc, and writes in its state directory alone.
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateMounts=yes
PrivateDevices=yes
DevicePolicy=closed
ProtectProc=invisible
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
RemoveIPC=yes
KeyringMode=private
# It speaks IP, asks the kernel about interfaces (netlink) and tells systemd how it is (unix).
RestrictAddressFamilies=AF_INET AF_INET6 AF_NETLINK AF_UNIX
# It is Python as installed: no code made at run time, no odd system calls.
MemoryDenyWriteExecute=yes
LockPersonality=yes
RestrictNamespaces=yes
RestrictRealtime=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
"""


def unit(plan: Plan, installer: str) -> str:
    """The unit file of a service; `installer` is the command that writes it."""
    return UNIT.format(
        installer=installer,
        name=plan.name,
        title=plan.title,
        command=" ".join(_word(word, plan) for word in plan.command),
        needs="\n".join(_needs(plan)),
        rights=LOW_PORTS if plan.low_port else NO_RIGHTS,
        hardening=HARDENING,
    )


def credential(name: str) -> str:
    """Where a service finds one of its credentials, as a word of its command."""
    return "${CREDENTIALS_DIRECTORY}/" + name


def quoted(word: str) -> str:
    """A word of a command line as systemd reads it. See systemd.service(5), COMMAND LINES."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"' if any(c.isspace() or c in "\"';" for c in word) else escaped


def _word(word: str, plan: Plan) -> str:
    if word == STATE:
        return f"%S/{plan.name}"  # where systemd keeps state
    if word in {credential(name) for name, _ in plan.credentials}:
        return word
    return quoted(word.replace("$", "$$"))


def _needs(plan: Plan) -> Iterator[str]:
    if plan.reloads:
        yield "ExecReload=/bin/kill -HUP $MAINPID"
    for name, value in plan.environment:
        yield f"Environment={quoted(f'{name}={value}')}"
    if plan.environment_file:
        yield f"EnvironmentFile=-{plan.environment_file}"
    for name, file in plan.credentials:
        yield f"LoadCredential={name}:{file}"
    if plan.open_files:
        yield f"LimitNOFILE={plan.open_files}"
