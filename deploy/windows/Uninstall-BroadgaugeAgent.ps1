<#
.SYNOPSIS
    Removes the broadgauge agent. Its identity and unsent results stay, unless -Purge is given.

.DESCRIPTION
    Exit codes: 0 removed, or not there; 1603 not removed.
#>
[CmdletBinding()]
param(
    [string] $Prefix = (Join-Path $env:ProgramFiles "broadgauge-agent"),
    # Forget who this agent is, and what it did not send.
    [switch] $Purge
)

Set-StrictMode -Version Latest
$ErrorActionPreference = "Stop"

$Succeeded = 0
$Failed = 1603
$State = Join-Path $env:ProgramData "broadgauge-agent"

try {
    $agent = Join-Path $Prefix "Scripts\broadgauge-agent.exe"
    if (Get-Service -Name "broadgauge-agent" -ErrorAction SilentlyContinue) {
        & $agent service remove
        if ($LASTEXITCODE -ne 0) { throw "the service was not removed" }
    }
    if (Test-Path $Prefix) { Remove-Item -Path $Prefix -Recurse -Force }
    if ($Purge -and (Test-Path $State)) { Remove-Item -Path $State -Recurse -Force }
    exit $Succeeded
}
catch {
    Write-Error "$_" -ErrorAction Continue
    exit $Failed
}
