"""Switching faults: loops, spanning tree, link errors, port security, MLAG."""

from __future__ import annotations

from netft_site.demo_world.scenario import Device, Fault

FAULTS = (
    Fault(
        category="switching",
        root_cause="layer2_loop",
        titles=(
            "MAC flapping[ between {if#a} and {if#b}||]",
            "Broadcast storm [suspected|detected][ on {host}||]",
            "Loop on VLAN {vlan}",
            "High CPU[ on {host}||], MAC moves",
        ),
        symptoms=(
            "The same MAC is learned on two ports in turn.",
            "Broadcast counters on {if#a} climb fast.",
            "Somebody may have patched both ends of a cable into the wall.",
        ),
        devices=(
            Device(
                "Cisco IOS-XE",
                "switch",
                (
                    """\
%SW_MATM-4-MACFLAP_NOTIF: Host {macdot} in vlan {vlan} is flapping between \
port {if#a} and port {if#b}
%STORM_CONTROL-3-FILTERED: A Broadcast storm detected on {if#a}. \
A packet filter action has been applied on the interface.""",
                ),
            ),
            Device(
                "Aruba AOS-CX",
                "switch",
                (
                    """\
{ts} {host} hpe-mgmdd[{big}]: Event|1207|LOG_WARN|AMM|1/1|MAC {mac} moved from \
{if#a} to {if#b} on vlan {vlan}
{ts} {host} loop-protect[{big}]: Event|2104|LOG_WARN|AMM|-|Loop detected on \
interface {if#a}, action tx-disable""",
                ),
            ),
            Device(
                "Arista EOS",
                "switch",
                (
                    """\
{ts} {host} Ebra: %ETH-4-HOST_FLAPPING: Host {mac} in VLAN {vlan} is flapping \
between interface {if#a} and interface {if#b} (message repeated {n} times)""",
                ),
            ),
        ),
        check="Shut the newer of the two ports and watch the broadcast rate",
        fix="Looped patch cable removed, loop protection enabled on the edge ports.",
    ),
    Fault(
        category="switching",
        root_cause="spanning_tree_change",
        titles=(
            "Spanning tree topology changes[ on {host}||]",
            "BPDU guard put [{if#a}|a port] in err-disable",
            "Root bridge changed for VLAN {vlan}",
        ),
        symptoms=(
            "Topology change counter rises by {n} an hour.",
            "A foreign switch sends better BPDUs than ours.",
            "The port was disabled when a small desk switch was connected.",
        ),
        devices=(
            Device(
                "Cisco IOS-XE",
                "switch",
                (
                    """\
%SPANTREE-2-BLOCK_BPDUGUARD: Received BPDU on port {if#a} with BPDU Guard enabled. \
Disabling port.
%PM-4-ERR_DISABLE: bpduguard error detected on {if#a}, putting {if#a} in \
err-disable state""",
                    """\
{host}#show spanning-tree vlan {vlan} | include Root|Address
  Root ID    Priority    {big}
             Address     {macdot}
  %SPANTREE-5-ROOTCHANGE: Root Changed for vlan {vlan}: New Root Port is {if#b}""",
                ),
            ),
            Device(
                "Juniper Junos",
                "switch",
                (
                    """\
{ts} {host} eswd[{big}]: ESWD_STP_STATE_CHANGE_INFO: STP state for interface \
{if#a}.0 context id {n} changed from FORWARDING to BLOCKING
{ts} {host} l2cpd[{big}]: ROOT_BRIDGE changed to {big}.{mac}""",
                ),
            ),
        ),
        check="Find the port where the superior BPDU comes in",
        fix="Root guard set towards the access layer, priorities fixed on the core.",
    ),
    Fault(
        category="switching",
        root_cause="bad_optic_or_cable",
        titles=(
            "CRC errors[ on {if#a}||][ of {host}||]",
            "Link[ {if#a}||] [down|flapping]",
            "Rx power low on uplink[ of {host}||]",
            "Port channel member[ {if#b}||] suspended",
        ),
        symptoms=(
            "Input errors rise by {big} per hour on {if#a}.",
            "Receive level is at -{n} dBm.",
            "The link goes down for a second and comes back.",
        ),
        devices=(
            Device(
                "Cisco NX-OS",
                "switch",
                (
                    """\
{ts} {host} %ETHPORT-5-IF_DOWN_LINK_FAILURE: Interface {if#a} is down (Link failure)
{host}# show interface {if#a} transceiver details
  Rx Power   -{n}.{nn} dBm --   2.00 dBm  -13.90 dBm
  {big} input error  {big} CRC  0 giants  {n} runts""",
                ),
            ),
            Device(
                "Juniper Junos",
                "switch",
                (
                    """\
{ts} {host} mib2d[{big}]: SNMP_TRAP_LINK_DOWN: ifIndex {big}, ifAdminStatus up(1), \
ifOperStatus down(2), ifName {if#a}
  Framing errors: {big}, Runts: {n}, Policed discards: 0
  Laser receiver power : 0.00{nn} mW / -{n}.{nn} dBm""",
                ),
            ),
            Device(
                "Aruba AOS-CX",
                "switch",
                (
                    """\
{host}# show interface {if#a} statistics
 {if#a}   Rx CRC/FCS {big}   Rx Drops {n}   Tx Errors 0
{ts} {host} intfd[{big}]: Event|404|LOG_INFO|AMM|1/1|Link status for interface \
{if#a} is down""",
                ),
            ),
        ),
        check="Clean and swap the optic, then read the light levels on both ends",
        fix="Optic replaced and patch lead cleaned, no errors for a day.",
    ),
    Fault(
        category="switching",
        root_cause="port_security_or_nac",
        titles=(
            "802.1X failure[ on {if#a}||]",
            "Port security violation[ at {host}||]",
            "[Workstation|Device] lands in quarantine VLAN {vlan}",
        ),
        symptoms=(
            "RADIUS answers with a reject for {mac#dev}.",
            "The device was moved and its old port still holds the MAC.",
            "Certificate of the machine seems to have run out.",
        ),
        devices=(
            Device(
                "Cisco IOS-XE",
                "switch",
                (
                    """\
%DOT1X-5-FAIL: Switch {digit} R0/0: sessmgrd: Authentication failed for client \
({macdot}) with reason (Cred Fail) on Interface {if#a}
%PORT_SECURITY-2-PSECURE_VIOLATION: Security violation occurred, caused by MAC \
address {macdot} on port {if#a}.
radius server ISE{digit}
 address ipv4 {ip} auth-port 1812 acct-port 1813
 key 7 {type7}""",
                ),
            ),
            Device(
                "Arista EOS",
                "switch",
                (
                    """\
{ts} {host} Dot1x: %DOT1X-4-AUTHENTICATION_FAILED: supplicant {mac#dev} on {if#a} \
rejected by {ip}
radius-server host {ip} key 7 {type7}""",
                ),
            ),
        ),
        check="Read the reject reason on the RADIUS server for this MAC",
        fix="Machine certificate renewed and the stale session cleared.",
    ),
)
