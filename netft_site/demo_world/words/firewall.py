"""Firewall and VPN faults: tunnels, policies, session tables, failover, portals."""

from __future__ import annotations

from netft_site.demo_world.scenario import Device, Fault

FAULTS = (
    Fault(
        category="firewall",
        root_cause="ipsec_negotiation",
        titles=(
            "IPsec tunnel[ to {pub#gw}||] down",
            "Site-to-site VPN {site} does not come up",
            "Phase [1|2] negotiation fails with {customer}",
            "VPN flaps at rekey",
        ),
        symptoms=(
            "Proposals do not match since the partner changed its gateway.",
            "The tunnel drops at every rekey and needs a manual clear.",
            "The pre-shared key was changed by the partner on {weekday}.",
        ),
        devices=(
            Device(
                "Fortinet FortiOS",
                "firewall",
                (
                    """\
date={date} devname="{host}" logid="0101037124" msg="IPsec phase 1 error" \
remip={pub#gw} locip={pub} action="negotiate" status="negotiate_error" \
reason="peer SA proposal not match local policy"
        set remote-gw {pub#gw}
        set psksecret ENC {psk}""",
                    """\
{host} # diagnose vpn ike log-filter dst-addr4 {pub#gw}
ike 0:{site_code}-{digit}:{big}: sent IKE msg (retransmit): {pub}:500->{pub#gw}:500
ike 0:{site_code}-{digit}:{big}: negotiation timeout, deleting""",
                ),
            ),
            Device(
                "Palo Alto PAN-OS",
                "firewall",
                (
                    """\
{date} {time}:{nn} info vpn ike-nego-p1-fail 0 IKE phase-1 negotiation is failed as \
initiator, main mode. Failed SA: {pub}[500]-{pub#gw}[500] cookie:{hex}.
set network ike gateway {site_code}-gw authentication pre-shared-key key -AQ=={psk}""",
                ),
            ),
            Device(
                "Juniper Junos",
                "firewall",
                (
                    """\
{ts} {host} kmd[{big}]: IKE negotiation failed with error: No proposal chosen. \
Local: {pub}/500, Remote: {pub#gw}/500
set security ike policy IKE-{n} pre-shared-key ascii-text "{junos9}" """,
                ),
            ),
        ),
        check="Compare proposals and lifetimes with the partner, then rekey by hand",
        fix="Proposal aligned on both gateways and a new key exchanged by phone.",
    ),
    Fault(
        category="firewall",
        root_cause="policy_blocks_traffic",
        titles=(
            "Traffic[ to {ip#dst}||] denied[ by {host}||]",
            "Application blocked after rule [push|change]",
            "Access to [file transfer|reporting] server refused",
        ),
        symptoms=(
            "The deny counter of rule {n} goes up with each attempt.",
            "It worked before the rule push at {time}.",
            "Source is {ip#src}, destination {ip#dst} port {port}.",
        ),
        devices=(
            Device(
                "Palo Alto PAN-OS",
                "firewall",
                (
                    """\
{date} {time}:{nn},TRAFFIC,deny,{ip#src},{ip#dst},interzone-default,,,incomplete,\
vsys1,trust,dmz,{if#a},{if#b},{big},1,{port},tcp,deny
{user}@{host}> test security-policy-match source {ip#src} destination {ip#dst} \
destination-port {port} protocol 6
"interzone-default; index: {n}" action deny""",
                ),
            ),
            Device(
                "Fortinet FortiOS",
                "firewall",
                (
                    """\
date={date} devname="{host}" type="traffic" subtype="forward" level="notice" \
srcip={ip#src} dstip={ip#dst} dstport={port} policyid=0 action="deny" sentbyte=0
id=20085 trace_id={n} func=fw_forward_handler msg="Denied by forward policy check \
(policy 0)" """,
                ),
            ),
        ),
        check="Run a policy match for the flow and read the last commit's diff",
        fix="Rule order corrected and committed, flow is allowed again.",
    ),
    Fault(
        category="firewall",
        root_cause="session_table_full",
        titles=(
            "Session table [nearly full|exhausted][ on {host}||]",
            "Firewall[ {host}||] enters conserve mode",
            "New connections [dropped|slow][ through {host}||]",
        ),
        symptoms=(
            "Session count stands at {big} and does not fall.",
            "A host at {ip#src} opens {big} connections a minute.",
            "Memory of the box is at {pct} percent.",
        ),
        devices=(
            Device(
                "Fortinet FortiOS",
                "firewall",
                (
                    """\
date={date} devname="{host}" logid="0100022011" msg="Kernel enters memory conserve \
mode" free="{n}%" total="{big}"
{host} # get system performance status
Memory: {big}k total, {big}k used ({pct}%)
Average sessions: {big} sessions in 1 minute, {big} in 10 minutes""",
                ),
            ),
            Device(
                "Palo Alto PAN-OS",
                "firewall",
                (
                    """\
{user}@{host}> show session info
Number of sessions supported:    {big}
Number of active sessions:       {big}
Session table utilization:       {pct}%
top source {ip#src} sessions {big}""",
                ),
            ),
        ),
        check="List the top sources of sessions and look for a scan",
        fix="Scanning host isolated, session timeouts lowered.",
    ),
    Fault(
        category="firewall",
        root_cause="remote_access_login",
        titles=(
            "Remote access VPN login fails",
            "VPN portal certificate [expired|warning]",
            "Remote [worker|workers] cannot log in[ through {host}||]",
        ),
        symptoms=(
            "The client stops at {pct} percent and says permission denied.",
            "The certificate of the portal ran out on {date}.",
            "The directory server at {ip#ldap} does not answer the firewall.",
        ),
        devices=(
            Device(
                "Fortinet FortiOS",
                "firewall",
                (
                    """\
date={date} devname="{host}" logid="0101039426" action="ssl-login-fail" \
user="{user}" remip={pub} reason="sslvpn_login_permission_denied"
config user ldap
    edit "dir-{site_code}"
        set server "{ip#ldap}"
        set password ENC {psk}""",
                    """\
config vpn certificate local
    edit "portal-{site_code}"
        set private-key "{pem}"
date={date} devname="{host}" msg="Certificate portal-{site_code} expired" """,
                ),
            ),
            Device(
                "Palo Alto PAN-OS",
                "firewall",
                (
                    """\
{date} {time}:{nn},GLOBALPROTECT,gateway-auth,login,{user},{pub},failure,\
"Authentication failed: Invalid username or password"
auth profile ldap-{site_code} server {ip#ldap} unreachable, bind-password -AQ=={psk}""",
                ),
            ),
        ),
        check="Test the bind to the directory from the firewall and its certificate",
        fix="Portal certificate renewed and bind account unlocked.",
    ),
)
