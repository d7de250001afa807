"""Routing faults: sessions, adjacencies, redistribution, leaked and missing routes."""

from __future__ import annotations

from netft_site.demo_world.scenario import Device, Fault

FAULTS = (
    Fault(
        category="routing",
        root_cause="bgp_session_reset",
        titles=(
            "BGP neighbor[ {ip#peer}||] down[ on {host}||]",
            "BGP session to AS{asn#as} [flaps|resets]",
            "eBGP peer lost, hold timer expired",
            "Peering with provider drops",
        ),
        symptoms=(
            "The session to AS{asn#as} resets every {n} minutes.",
            "Hold timer expires on our side, theirs says the same.",
            "Prefixes from this peer come and go.",
        ),
        devices=(
            Device(
                "Cisco IOS-XE",
                "router",
                (
                    """\
%BGP-5-ADJCHANGE: neighbor {ip#peer} Down BGP Notification sent
%BGP-3-NOTIFICATION: sent to neighbor {ip#peer} 4/0 (hold time expired) 0 bytes
{host}#show ip bgp summary | include {ip#peer}
{ip#peer}  4  {asn#as}  {big}  {big}  {big}  0  0  00:0{digit}:{nn} Idle""",
                    """\
{ts}: %BGP-5-NBR_RESET: Neighbor {ip#peer} reset (Peer closed the session)
{ts}: %BGP-5-ADJCHANGE: neighbor {ip#peer} Up
router bgp {asn}
 neighbor {ip#peer} remote-as {asn#as}
 neighbor {ip#peer} password 7 {type7}""",
                ),
            ),
            Device(
                "Juniper Junos",
                "router",
                (
                    """\
{ts} {host} rpd[{big}]: bgp_hold_timeout: NOTIFICATION sent to {ip#peer} \
(External AS {asn#as}): code 4
{ts} {host} rpd[{big}]: RPD_BGP_NEIGHBOR_STATE_CHANGED: BGP peer {ip#peer} \
changed state from Established to Idle""",
                    """\
{user}@{host}> show bgp neighbor {ip#peer}
  Type: External    State: Active   Last State: Idle
  Last Event: ConnectRetry   Last Error: Hold Timer Expired Error
  Number of flaps: {n}
  Authentication key is configured""",
                ),
            ),
            Device(
                "Arista EOS",
                "router",
                (
                    """\
{ts} {host} Rib: %BGP-3-NOTIFICATION: sent to neighbor {ip#peer} (AS {asn#as}) 4/0
{ts} {host} Bgp: %BGP-5-ADJCHANGE: peer {ip#peer} old state Established \
event HoldTime new state Idle""",
                ),
            ),
        ),
        check="Compare keepalive counters on both ends and look for loss on the path",
        fix="Provider replaced a faulty line card, timers were left as they are.",
    ),
    Fault(
        category="routing",
        root_cause="ospf_mtu_mismatch",
        titles=(
            "OSPF neighbor stuck in EXSTART[ on {host}||]",
            "OSPF adjacency does not come up after [swap|upgrade]",
            "[No OSPF routes|Routes missing][ behind {ip#peer}||]",
        ),
        symptoms=(
            "Adjacency is stuck between EXSTART and EXCHANGE.",
            "Hellos are seen in both directions, database exchange never ends.",
            "It began after the carrier swapped the handoff.",
        ),
        devices=(
            Device(
                "Cisco IOS-XE",
                "router",
                (
                    """\
%OSPF-5-ADJCHG: Process {digit}, Nbr {ip#peer} on {if} from EXSTART to DOWN, \
Neighbor Down: Too many retransmissions
{host}#show ip ospf neighbor
{ip#peer}   1   EXSTART/DR   00:00:{nn}   {ip}   {if}""",
                    """\
OSPF: Nbr {ip#peer} has larger interface MTU
interface {if}
 ip address {ip} 255.255.255.252
 ip ospf message-digest-key {digit} md5 7 {type7}
 mtu {mtu}""",
                ),
            ),
            Device(
                "Juniper Junos",
                "router",
                (
                    """\
{ts} {host} rpd[{big}]: RPD_OSPF_NBRDOWN: OSPF neighbor {ip#peer} \
(realm ospf-v2 {if}.{digit} area 0.0.0.0) state changed from ExStart to Init
{user}@{host}> show ospf neighbor
{ip#peer}  {if}.{digit}  ExStart  {ip}  128  {nn}""",
                ),
            ),
        ),
        check="Compare interface MTU on both ends and ping with the DF bit set",
        fix="MTU aligned to 1500 on both ends, adjacency went to FULL.",
    ),
    Fault(
        category="routing",
        root_cause="route_leak",
        titles=(
            "Unexpected default route[ via {ip#peer}||]",
            "Traffic takes the wrong exit",
            "Maximum-prefix [warning|limit][ on {host}||]",
            "Prefix[ {net#a}/24||] learned from two places",
        ),
        symptoms=(
            "Return traffic leaves through the wrong provider.",
            "We learn {big} prefixes where {n} are expected.",
            "A redistribution without filter is the likely reason.",
        ),
        devices=(
            Device(
                "Cisco NX-OS",
                "router",
                (
                    """\
{ts} {host} %BGP-4-MAXPFX: bgp-{asn} [{big}] No. of prefix received from \
{ip#peer} (afi 0) reaches {big}, max {big}
{host}# show ip route {net#a}
{net#a}/24, ubest/mbest: 1/0  *via {ip#peer}, [20/{n}], 00:{nn}:0{digit}, bgp""",
                ),
            ),
            Device(
                "Arista EOS",
                "router",
                (
                    """\
{host}#show ip bgp {net#a}/24 detail
  {asn#as} {asn}
    {ip#peer} from {ip#peer} ({ip})
      Origin INCOMPLETE, metric {n}, localpref 100, valid, external, best
route-map LEAK-{n} permit 10""",
                ),
            ),
        ),
        check="Check which route-map lets the prefix in and who originates it",
        fix="Missing prefix list added on the redistribution, leaked routes withdrawn.",
    ),
    Fault(
        category="routing",
        root_cause="first_hop_failover",
        titles=(
            "HSRP [state change|flapping] for VLAN {vlan}[ on {host}||]",
            "VRRP gateway[ {ip#gw}||] answers from both nodes",
            "Default gateway unreachable [at times|from VLAN {vlan}]",
        ),
        symptoms=(
            "Both routers claim to be active for group {n}.",
            "The virtual MAC moves between two ports.",
            "Gateway pings are lost while the state changes.",
        ),
        devices=(
            Device(
                "Cisco IOS-XE",
                "switch",
                (
                    """\
%HSRP-5-STATECHANGE: Vlan{vlan} Grp {n} state Standby -> Active
%HSRP-4-DUPADDR: Duplicate address {ip#gw} on Vlan{vlan}, sourced by {macdot}
interface Vlan{vlan}
 standby {n} ip {ip#gw}
 standby {n} authentication md5 key-string 7 {type7}""",
                ),
            ),
            Device(
                "Aruba AOS-CX",
                "switch",
                (
                    """\
{ts} {host} vrrpd[{big}]: Event|2801|LOG_INFO|AMM|1/1|VRID {n} on vlan{vlan} \
transitioned from BACKUP to MASTER
{host}# show vrrp vlan{vlan}
  State is MASTER, Virtual IP {ip#gw}, Master Router is {ip}, priority {n}""",
                ),
            ),
        ),
        check="Check that hellos pass on the trunk between the two gateways",
        fix="VLAN was missing on the peer trunk, added; only one node is active now.",
    ),
)
