"""Name and address service faults: scopes, resolvers, records, time."""

from __future__ import annotations

from netft_site.demo_world.scenario import Device, Fault

FAULTS = (
    Fault(
        category="dns_dhcp",
        root_cause="dhcp_scope_exhausted",
        titles=(
            "DHCP pool for VLAN {vlan} exhausted",
            "No addresses [left|handed out] at {site}",
            "Hosts with 169.254 addresses",
        ),
        symptoms=(
            "Scope {net#a} has {digit} free leases.",
            "Leases last {n} days, many belong to devices long gone.",
            "DISCOVER is seen on the server, no OFFER goes back.",
        ),
        devices=(
            Device(
                "Linux",
                "server",
                (
                    """\
{ts} {host} dhcpd[{big}]: DHCPDISCOVER from {mac} via {ip}: network {net#a}/24: \
no free leases
{ts} {host} dhcpd[{big}]: DHCPREQUEST for {ip} from {mac} via eth{digit}: unknown \
lease""",
                ),
            ),
            Device(
                "Cisco IOS-XE",
                "switch",
                (
                    """\
%DHCPD-4-DECLINE_CONFLICT: DHCP address conflict: client {macdot} declined {ip}
{host}#show ip dhcp pool VLAN{vlan}
 Utilization mark (high/low)    : 100 / 0
 Leased addresses               : {n}
ip dhcp pool VLAN{vlan}
 network {net#a} 255.255.255.0""",
                ),
            ),
        ),
        check="Count active leases against the scope and shorten the lease time",
        fix="Scope widened by one /24 and lease time cut to eight hours.",
    ),
    Fault(
        category="dns_dhcp",
        root_cause="resolver_failure",
        titles=(
            "DNS resolver[ {ip#dns}||] does not answer",
            "Name resolution [slow|fails] from {site}",
            "SERVFAIL for internal zone",
        ),
        symptoms=(
            "Queries to {ip#dns} time out, the second resolver answers.",
            "Forwarders return SERVFAIL for the internal zone.",
            "Answers take {n} seconds.",
        ),
        devices=(
            Device(
                "Linux",
                "server",
                (
                    """\
{ts} {host} named[{big}]: client @0x{hex} {ip}#{port} (intranet.example): query \
failed (SERVFAIL) for intranet.example/IN/A
{ts} {host} named[{big}]: resolver priming query complete: timed out
key "xfer-{site_code}" {
    algorithm hmac-sha256;
    secret "{key}";
};""",
                    """\
$ dig @{ip#dns} intranet.example +short
;; communications error to {ip#dns}#53: timed out
;; no servers could be reached
{host} kernel: nf_conntrack: table full, dropping packet ({n} times)""",
                ),
            ),
        ),
        check="Query both resolvers directly and look at the forwarder path",
        fix="Resolver process restarted and connection tracking limit raised.",
    ),
    Fault(
        category="dns_dhcp",
        root_cause="wrong_record",
        titles=(
            "Wrong A record for [portal|intranet]",
            "Old address still in DNS after move",
            "Reverse lookup missing[ for {net#a}||]",
        ),
        symptoms=(
            "The record points to {ip#dst}, it should be {ip#src}.",
            "The zone serial on the secondary is behind by {n}.",
            "TTL is a week, caches keep the old value.",
        ),
        devices=(
            Device(
                "Linux",
                "server",
                (
                    """\
{ts} {host} named[{big}]: zone internal.example/IN: refresh: could not set file \
modification time: permission denied
portal.internal.example. 604800 IN A {ip#dst}
{ts} {host} named[{big}]: transfer of 'internal.example/IN' from {ip}#53: failed \
while receiving responses: REFUSED""",
                ),
            ),
        ),
        check="Compare the zone serials and correct the record on the primary",
        fix="Record corrected, TTL lowered, secondaries notified.",
    ),
    Fault(
        category="dns_dhcp",
        root_cause="rogue_dhcp",
        titles=(
            "Rogue DHCP server on VLAN {vlan}",
            "Hosts receive addresses[ from {ip#src}||]",
            "DHCP snooping drops[ on {host}||]",
        ),
        symptoms=(
            "Offers come from {ip#src}, which is not ours.",
            "A home router was found by its MAC {mac#dev}.",
            "Snooping counts {big} dropped offers.",
        ),
        devices=(
            Device(
                "Cisco IOS-XE",
                "switch",
                (
                    """\
%DHCP_SNOOPING-5-DHCP_SNOOPING_UNTRUSTED_PORT: DHCP_SNOOPING drop message on \
untrusted port, message type: DHCPOFFER, MAC sa: {macdot}
{host}#show mac address-table | include {if#a}
  {vlan}    {macdot}    DYNAMIC     {if#a}""",
                ),
            ),
            Device(
                "Aruba AOS-CX",
                "switch",
                (
                    """\
{ts} {host} dhcpv4-snooping[{big}]: Event|8201|LOG_WARN|AMM|1/1|Server packet \
{ip#src} received on untrusted port {if#a} vlan {vlan} mac {mac#dev}""",
                ),
            ),
        ),
        check="Trace the MAC of the offering host to its port",
        fix="Port shut, device removed, snooping enabled for the VLAN.",
    ),
)
