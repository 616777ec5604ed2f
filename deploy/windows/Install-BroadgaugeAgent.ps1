<#
.SYNOPSIS
    Installs or upgrades the broadgauge agent as a Windows service, and joins it.

.DESCRIPTION
    For an Intune Win32 app or a group policy startup script: silent, and safe to run again.
    Beside this script lie the folder "wheels" and the file "agent.txt"
    (docs/how-to/agent-as-a-service.md says how to make them). Nothing is fetched from a network.

    Exit codes: 0 installed; 3010 installed, restart the machine; 1603 not installed, see the log in
    %ProgramData%\broadgauge-agent\install.log.

.EXAMPLE
    powershell.exe -NoProfile -ExecutionPolicy Bypass -File Install-BroadgaugeAgent.ps1
        -Url https://broadgauge.district.org:8484 -TokenFile token.txt -Location "Room 12"
#>
[CmdletBinding()]
param(
    # The server to join. Without it, the service is installed and waits to be joined.
    [string] $Url = "",
    # File with the join token. Preferred: other programs can see a script's arguments.
    [string] $TokenFile = "",
    # The join token itself.
    [string] $Token = "",
    # Room, wing or wiring closet the machine is in.
    [string] $Location = "",
    # Python 3.11 or newer, installed for all users. Without it, the newest one is looked for.
    [string] $Python = "",
    [string] $Prefix = (Join-Path $env:ProgramFiles "broadgauge-agent")
)

Set-StrictMode -Version Latest
$ErrorActionPreference = "Stop"

$Succeeded = 0
$Failed = 1603
$RestartNeeded = 3010
$State = Join-Path $env:ProgramData "broadgauge-agent"
$Service = "broadgauge-agent"

function Write-Log([string] $Words) {
    $line = "{0:u} {1}" -f (Get-Date).ToUniversalTime(), $Words
    Add-Content -Path (Join-Path $State "install.log") -Value $line -Encoding UTF8
}

function Invoke-Program([string] $Program, [string[]] $Arguments) {
    # What a program says on stderr is no failure; its exit code is.
    $ErrorActionPreference = "Continue"
    $said = & $Program @Arguments 2>&1 | Out-String
    if ($LASTEXITCODE -ne 0) {
        throw "$Program ended with ${LASTEXITCODE}: $said"
    }
}

function Find-Python {
    if ($Python) { return $Python }
    foreach ($version in "3.14", "3.13", "3.12", "3.11") {
        $key = "HKLM:\SOFTWARE\Python\PythonCore\$version\InstallPath"
        if (Test-Path $key) {
            $folder = (Get-Item $key).GetValue("")
            $found = Join-Path $folder "python.exe"
            if (Test-Path $found) { return $found }
        }
    }
    throw "No Python 3.11 or newer is installed for all users. Deploy one first, or name it: -Python"
}

function Stop-Agent {
    if (Get-Service -Name $Service -ErrorAction SilentlyContinue) {
        Stop-Service -Name $Service -Force
    }
}

function Install-Package {
    $venvPython = Join-Path $Prefix "Scripts\python.exe"
    Invoke-Program (Find-Python) @("-m", "venv", $Prefix)
    $pip = @("-m", "pip", "--disable-pip-version-check", "--quiet", "install", "--no-index")
    $wheels = Join-Path $PSScriptRoot "wheels"
    $lock = Join-Path $PSScriptRoot "agent.txt"
    Invoke-Program $venvPython ($pip + @("--find-links", $wheels, "--require-hashes", "-r", $lock))
    $own = Get-ChildItem -Path $wheels -Filter "broadgauge_*.whl" | ForEach-Object { $_.FullName }
    Invoke-Program $venvPython ($pip + @("--no-deps", "--force-reinstall") + $own)
}

function Get-JoinToken {
    if ($TokenFile) { return (Get-Content -Path $TokenFile -TotalCount 1).Trim() }
    return $Token
}

function Join-Server([string] $Agent) {
    if (-not $Url -or (Test-Path (Join-Path $State "identity.json"))) { return }
    $arguments = @("--state", $State, "join", $Url)
    if ($Location) { $arguments += @("--location", $Location) }
    # By the environment: other programs can see a process's arguments.
    $env:BROADGAUGE_TOKEN = Get-JoinToken
    try {
        Invoke-Program $Agent $arguments
    }
    finally {
        Remove-Item Env:\BROADGAUGE_TOKEN
    }
}

try {
    New-Item -ItemType Directory -Path $State -Force | Out-Null
    Stop-Agent
    Install-Package
    $agent = Join-Path $Prefix "Scripts\broadgauge-agent.exe"
    Invoke-Program $agent @("service", "install")
    Join-Server $agent
    Write-Log "installed"
    if (Get-Service -Name $Service | Where-Object { $_.Status -ne "Running" }) {
        exit $RestartNeeded
    }
    exit $Succeeded
}
catch {
    Write-Log "not installed: $_"
    exit $Failed
}
