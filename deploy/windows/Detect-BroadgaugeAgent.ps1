<#
.SYNOPSIS
    Intune's detection script: exit code 0 and a word on stdout if this version is installed.
#>
$ErrorActionPreference = "Stop"
$Version = "0.1.0"

$agent = Join-Path $env:ProgramFiles "broadgauge-agent\Scripts\broadgauge-agent.exe"
$service = Get-Service -Name "broadgauge-agent" -ErrorAction SilentlyContinue
if ($service -and (Test-Path $agent)) {
    $said = & $agent --version | Out-String
    if ($said -match [regex]::Escape($Version)) {
        Write-Output "broadgauge-agent $Version"
        exit 0
    }
}
exit 1
