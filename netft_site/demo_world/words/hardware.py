"""Power and hardware faults: supplies, fans, line cards, stack members, UPS."""

from __future__ import annotations

from netft_site.demo_world.scenario import Device, Fault

FAULTS = (
    Fault(
        category="hardware",
        root_cause="power_supply_failure",
        titles=(
            "Power supply {digit} failed[ on {host}||]",
            "PSU alarm [red|major] at {site}",
            "[{host}|Box|Switch] runs on one power supply",
        ),
        symptoms=(
            "PEM {digit} reports no output.",
            "The feed of rack {n} was worked on at {time}.",
            "The LED of the supply is off, its fan does not turn.",
        ),
        devices=(
            Device(
                "Cisco NX-OS",
                "switch",
                (
                    """\
{ts} {host} %PLATFORM-2-PS_FAIL: Power supply {digit} failed or shutdown \
(Serial number {serial})
{host}# show environment power
{digit}  NXA-PAC-1100W-PE2   0 W   0 W   Shutdown""",
                ),
            ),
            Device(
                "Juniper Junos",
                "router",
                (
                    """\
{ts} {host} alarmd[{big}]: Alarm set: PS color=RED, class=CHASSIS, reason=PEM \
{digit} Not OK
{user}@{host}> show chassis environment pem
PEM {digit} status: State Absent  Temperature -- DC output 0 W""",
                ),
            ),
            Device(
                "Aruba AOS-CX",
                "switch",
                (
                    """\
{ts} {host} powerd[{big}]: Event|301|LOG_ERR|AMM|-|PSU {digit}/1 fault, type output, \
total failures {n}
{host}# show environment power-supply  1/{digit}  {serial}  Fault input  0 W""",
                ),
            ),
        ),
        check="Check the feed with a meter before swapping the supply",
        fix="Supply replaced under warranty, both feeds measured.",
    ),
    Fault(
        category="hardware",
        root_cause="overheating",
        titles=(
            "Temperature alarm[ on {host}||]",
            "Fan tray {digit} [failed|slow]",
            "Room at {site} too warm",
        ),
        symptoms=(
            "Inlet reads {hot} degrees.",
            "Fan {digit} runs at {n} percent of its nominal speed.",
            "The air conditioning of the closet is off.",
        ),
        devices=(
            Device(
                "Cisco IOS-XE",
                "switch",
                (
                    """\
%PLATFORM_THERMAL-1-OVERTEMP: Switch {digit}: system temperature {hot} C is over \
the threshold
%FAN-3-FAN_FAILED: Fan {digit} in switch {digit} failed ({serial})""",
                ),
            ),
            Device(
                "Arista EOS",
                "switch",
                (
                    """\
{ts} {host} Thermostat: %ENVMON-2-TEMP_CRITICAL: Temperature sensor TempSensor{n} \
(Inlet) has exceeded its threshold
Fan {digit}: speed {n}%  stable false  serial {serial}""",
                ),
            ),
        ),
        check="Read all temperature sensors and have the room cooling looked at",
        fix="Cooling restored and fan tray swapped, temperatures normal.",
    ),
    Fault(
        category="hardware",
        root_cause="line_card_or_stack_member",
        titles=(
            "Stack member {digit}[ of {host}||] gone",
            "Line card in slot {digit} [reloads|failed]",
            "[{host}|Box|Switch] rebooted [unexpectedly|with a crash file]",
        ),
        symptoms=(
            "The member left the stack after a parity error.",
            "The card reloads and stays in booting state.",
            "A crash file of {n} MB was written.",
        ),
        devices=(
            Device(
                "Cisco IOS-XE",
                "switch",
                (
                    """\
%STACKMGR-4-SWITCH_REMOVED: Switch {digit} R0/0: stack_mgr: Switch {digit} has been \
removed from the stack.
{host}#show switch | include Removed
 {digit}       Member   {macdot}     1      0       Removed
username admin-{site_code} privilege 15 secret 9 {secret9}""",
                ),
            ),
            Device(
                "Juniper Junos",
                "router",
                (
                    """\
{ts} {host} fpc{digit} CMLC: Going disconnected; Routing engine chassis socket closed
{ts} {host} chassisd[{big}]: CHASSISD_FRU_OFFLINE_NOTICE: Taking FPC {digit} offline: \
Error ({serial})""",
                ),
            ),
            Device(
                "Cisco NX-OS",
                "switch",
                (
                    """\
{ts} {host} %MODULE-2-MOD_DIAG_FAIL: Module {digit} (Serial number: {serial}) reported \
failure due to fatal error
{ts} {host} %SYSMGR-2-SERVICE_CRASHED: Service "bcm_usd" (PID {big}) hasn't caught \
signal 6 (core will be saved).""",
                ),
            ),
        ),
        check="Collect the crash file and open a hardware case with the vendor",
        fix="Module replaced, spare returned to the pool.",
    ),
    Fault(
        category="hardware",
        root_cause="ups_or_mains",
        titles=(
            "UPS at {site} on battery",
            "UPS battery [test failed|needs replacement]",
            "Mains [lost|dip] in comms room {n}",
        ),
        symptoms=(
            "Runtime left according to the UPS is {n} minutes.",
            "Self test ended with a weak battery string.",
            "The breaker of circuit {n} was found open.",
        ),
        devices=(
            Device(
                "Linux",
                "power",
                (
                    """\
{ts} {host} upsmon[{big}]: UPS ups-{site_code}@{ip} on battery
battery.charge: {pct}
battery.runtime: {big}
input.voltage: 0.{digit}
snmp-server community {community} RO""",
                    """\
{ts} {host} upsd[{big}]: UPS [ups-{site_code}] data is stale
{ts} trap from {ip}: upsAlarmBatteryBad serial {serial} community {community}""",
                ),
            ),
        ),
        check="Measure the mains at the panel and read battery age",
        fix="Breaker reset by the electrician and battery string replaced.",
    ),
)
