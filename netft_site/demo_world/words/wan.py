"""WAN and transport faults: circuits, fibre cuts, congestion, SD-WAN paths."""

from __future__ import annotations

from netft_site.demo_world.scenario import Device, Fault

FAULTS = (
    Fault(
        category="wan",
        root_cause="fibre_cut",
        titles=(
            "Circuit[ {circuit}||] down",
            "Loss of signal[ on {if#a}||][ at {host}||]",
            "Carrier link {site} - hub lost",
        ),
        symptoms=(
            "No light received since {time}.",
            "The carrier suspects digging works near the {site} exchange.",
            "Both fibres of the pair are dark.",
        ),
        devices=(
            Device(
                "Cisco IOS-XE",
                "router",
                (
                    """\
%LINK-3-UPDOWN: Interface {if#a}, changed state to down
%LINEPROTO-5-UPDOWN: Line protocol on Interface {if#a}, changed state to down
{host}#show controllers {if#a} | include loss|power
  Loss of signal: 1   Rx optical power = -40.0 dBm""",
                ),
            ),
            Device(
                "Juniper Junos",
                "router",
                (
                    """\
{ts} {host} chassisd[{big}]: CHASSISD_IFDEV_DETACH_FPC: ifdev_detach_fpc({digit})
{user}@{host}> show interfaces {if#a} extensive | match "alarms|defects"
  Active alarms  : LINK, LOS
  Active defects : LINK, LOS, LOCAL-FAULT""",
                ),
            ),
            Device(
                "Arista EOS",
                "router",
                (
                    """\
{ts} {host} Ebra: %LINEPROTO-5-UPDOWN: Line protocol on Interface {if#a} \
({circuit}), changed state to down
{if#a}  Rx -30.00 dBm (low alarm -14.40)  Tx {digit}.{nn} dBm""",
                ),
            ),
        ),
        check="Ask the carrier for the break location and a time to repair",
        fix="Carrier spliced the fibre, light levels are back to baseline.",
    ),
    Fault(
        category="wan",
        root_cause="circuit_congestion",
        titles=(
            "High utilisation[ on {circuit}||]",
            "Output drops on WAN interface[ of {host}||]",
            "Slow access to [cloud|data centre] from {site}",
        ),
        symptoms=(
            "Interface load sits at {pct} percent since {time}.",
            "A backup job seems to fill the pipe.",
            "Drops are in the default class, voice class is clean.",
        ),
        devices=(
            Device(
                "Cisco IOS-XE",
                "router",
                (
                    """\
{host}#show policy-map interface {if#a} output class class-default
  (queue depth/total drops/no-buffer drops) {n}/{big}/0
  5 minute offered rate {big}000 bps, drop rate {big} bps
{if#a} txload {big}/255, rxload {n}/255""",
                ),
            ),
            Device(
                "Fortinet FortiOS",
                "firewall",
                (
                    """\
{host} # diagnose netlink interface list name {if#a}
stat: rxp={big} txp={big} rxb={big} txb={big} rxe=0 txe=0 rxd=0 txd={big}
date={date} devname="{host}" logid="0100020107" msg="interface {if#a} bandwidth \
over {pct}%" srcip={ip}""",
                ),
            ),
        ),
        check="Find the top talkers by flow data for the last hour",
        fix="Backup job moved to the night and shaped, drops ceased.",
    ),
    Fault(
        category="wan",
        root_cause="sdwan_path_degraded",
        titles=(
            "SD-WAN path {site} out of SLA",
            "Jitter and loss on overlay[ from {host}||]",
            "Overlay tunnels [flap|down] at {site}",
        ),
        symptoms=(
            "Loss {pct} percent and jitter {n} ms on the first transport.",
            "Probes over the second transport look normal.",
            "The application policy does not move the flows.",
        ),
        devices=(
            Device(
                "Fortinet FortiOS",
                "firewall",
                (
                    """\
date={date} devname="{host}" type="event" subtype="sdwan" msg="SD-WAN health-check \
member status changed" healthcheck="hc-{site_code}" member="{digit}" \
oldvalue="alive" newvalue="dead" probe={ip}
config vpn ipsec phase1-interface
    edit "ovl-{site_code}-{digit}"
        set remote-gw {pub}
        set psksecret ENC {psk}""",
                ),
            ),
            Device(
                "Cisco IOS-XE",
                "router",
                (
                    """\
{ts}: %Cisco-SDWAN-{host}-OMPD-3-ERRO-400002: vSmart peer {ip} state changed to Init
{ts}: %BFD-6-BFD_SESS_DOWN: local color mpls, remote system-ip {ip}, \
remote color biz-internet, loss {pct} latency {n} jitter {n}""",
                ),
            ),
        ),
        check="Compare loss per transport colour and test the access line alone",
        fix="Access provider fixed a noisy line, path is inside its SLA again.",
    ),
    Fault(
        category="wan",
        root_cause="provider_maintenance",
        titles=(
            "Maintenance of carrier[ on {circuit}||]",
            "Unannounced works at provider PoP {site}",
            "MPLS VPN {customer} without routes after works",
        ),
        symptoms=(
            "The carrier confirms works in its PoP this week.",
            "PE lost the VRF configuration according to the provider.",
            "Their notice had arrived at an old mailbox.",
        ),
        devices=(
            Device(
                "Juniper Junos",
                "router",
                (
                    """\
{user}@{host}> show route table VRF-{site_code}.inet.0 summary
VRF-{site_code}.inet.0: {n} destinations, {n} routes (0 active, 0 holddown, {n} hidden)
{ts} {host} rpd[{big}]: RPD_LDP_NBRDOWN: LDP neighbor {ip} ({if#a}) is down""",
                ),
            ),
            Device(
                "Cisco IOS-XE",
                "router",
                (
                    """\
%LDP-5-NBRCHG: LDP Neighbor {ip}:0 (1) is DOWN (Session KeepAlive Timer expired)
{host}#show ip route vrf {site_code}-{n} bgp | count B
Number of lines which match regexp = 0
 description {customer} {circuit} contact {email}""",
                ),
            ),
        ),
        check="Get the maintenance notice and confirm the window with the carrier",
        fix="Provider restored the VRF, maintenance calendar mailbox corrected.",
    ),
)
