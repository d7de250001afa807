"""Wireless faults: access points, radios, roaming, authentication over the air."""

from __future__ import annotations

from netft_site.demo_world.scenario import Device, Fault

FAULTS = (
    Fault(
        category="wireless",
        root_cause="ap_disjoined",
        titles=(
            "AP[ {ap#a}||] dropped from controller",
            "APs [disjoined|unreachable] at {site}",
            "CAPWAP tunnel [timeouts|lost][ on {host}||]",
        ),
        symptoms=(
            "CAPWAP keepalives are not answered, DTLS closes.",
            "AP joined, stayed {n} minutes and dropped again.",
            "Discovery goes out, no join response comes back.",
        ),
        devices=(
            Device(
                "Cisco WLC",
                "wireless controller",
                (
                    """\
{ts}: %CAPWAPAC_SMGR_TRACE_MESSAGE-3-EWLC_GEN_ERR: Error in Session-IP: {ip}[{port}] \
Mac: {macdot} Heartbeat timer expiry for AP. Close CAPWAP DTLS session
{ts}: %APMGR_TRACE_MESSAGE-3-WLC_GEN_ERR: AP {ap#a} disconnected, {n} min uptime""",
                    """\
{host}#show ap summary | include {ap#a}
{ap#a}  2   C9120AXI-E  {macdot}  {macdot}  {site_code}  {ip}  Not Joined
{host}#show wireless stats ap join summary
{macdot} {ip} {ap#a} Not Joined DTLS  Heart beat timer expiry""",
                ),
            ),
            Device(
                "Aruba WLC",
                "wireless controller",
                (
                    """\
{ts} {host} stm[{big}]: <305006> <ERRS> |stm| AP {ap#a}@{ip} Rebooted: Missed \
heartbeats: Last Sequence Generated={big} Sent={big} Rcvd={big}
({host}) #show ap database long | include {ap#a}
{ap#a}  default  535  {ip}  Down  Rc2  {ip}  {mac}""",
                ),
            ),
        ),
        check="Ping from the AP port to the controller and read the join statistics",
        fix="PoE budget raised on the closet switch, APs stay joined.",
    ),
    Fault(
        category="wireless",
        root_cause="rf_interference",
        titles=(
            "Interference on channel {ch} at {site}",
            "High channel utilisation[ near {ap#a}||]",
            "DFS radar events on 5 GHz",
        ),
        symptoms=(
            "Noise floor is at -{dbm} dBm and retries are at {pct} percent.",
            "RRM changes the channel every {n} minutes.",
            "A new microwave link opposite may be the source.",
        ),
        devices=(
            Device(
                "Cisco WLC",
                "wireless controller",
                (
                    """\
{ts}: %RRM-6-RADAR_CHANNEL_CHANGE: radar detected on {ap#a} slot 1 channel {ch}, \
moving to {ch}
{ap#a} slot 0 util {pct}% noise -{dbm} interference {pct}% rx {n} tx {n}""",
                ),
            ),
            Device(
                "Aruba WLC",
                "wireless controller",
                (
                    """\
{ts} {host} arm[{big}]: <404086> <WARN> |AP {ap#a}@{ip} sapd| AM {mac}: ARM Channel \
Interference Trigger new {ch} old {ch} index {n}/{n}
({host}) #show ap arm rf-summary ap-name {ap#a}
{ch}  retry {n}  noise {dbm}  busy {pct}  cov-idx {n}/{n}""",
                ),
            ),
        ),
        check="Read the spectrum around the AP and compare retries by channel",
        fix="Channel plan fixed for the block, DFS channels removed.",
    ),
    Fault(
        category="wireless",
        root_cause="client_roaming",
        titles=(
            "Roaming [problems|drops] at {site}",
            "Sticky clients[ on {ap#a}||]",
            "Handsets lose [calls|association] when moving",
        ),
        symptoms=(
            "The client holds on to the old BSSID down to -{dbm} dBm.",
            "Fast transition is off on this WLAN profile.",
            "Roam takes {n}00 ms, full authentication each time.",
        ),
        devices=(
            Device(
                "Cisco WLC",
                "wireless controller",
                (
                    """\
{ts}: %CLIENT_ORCH_LOG-7-CLIENT_MOVED: MAC: {macdot} roamed from BSSID {macdot} to \
{macdot} on {ap#a}, reason full-auth, RSSI -{dbm}
{ts}: %DOT11-4-CLIENT_DEAUTH: {macdot} reason 8 ({ap#b})""",
                ),
            ),
            Device(
                "Aruba WLC",
                "wireless controller",
                (
                    """\
({host}) #show ap client trail-info {mac#dev}
Deauth Reason  {ap#a}  Ageout {n}  Denied; Ageout
Mobility trail {ap#b} {mac} -> {ap#a} {mac} signal -{dbm} handoff {n}00 ms
wlan ssid-profile "{site_code}-voice"
   wpa-passphrase {wlanpsk}""",
                ),
            ),
        ),
        check="Check 802.11r and minimum rate settings of the WLAN profile",
        fix="Fast transition enabled and low rates removed, roams under 50 ms.",
    ),
    Fault(
        category="wireless",
        root_cause="wlan_authentication",
        titles=(
            "Clients cannot join SSID [corp|staff] at {site}",
            "EAP timeouts[ on {host}||]",
            "RADIUS failures for wireless clients",
        ),
        symptoms=(
            "EAP times out after the identity request.",
            "The RADIUS server at {ip#rad} marks the controller as unknown.",
            "Association works, no address is given afterwards.",
        ),
        devices=(
            Device(
                "Cisco WLC",
                "wireless controller",
                (
                    """\
{ts}: %SESSION_MGR-5-FAIL: Authorization failed or unapplied for client ({macdot}) \
on Interface capwap_{hex} AuditSessionID {hex}
%RADIUS-4-RADIUS_DEAD: RADIUS server {ip#rad}:1812,1813 is not responding.
wlan {site_code}-corp {digit} corp
 security wpa psk set-key ascii 0 {wlanpsk}""",
                ),
            ),
            Device(
                "Aruba WLC",
                "wireless controller",
                (
                    """\
{ts} {host} authmgr[{big}]: <522275> <WARN> |authmgr| User Authentication failed. \
username={user} userip=0.0.0.0 usermac={mac#dev} servername=rad-{digit} \
serverip={ip#rad} apname={ap#a} bssid={mac}
aaa authentication-server radius "rad-{digit}"
   host {ip#rad}
   key {key}""",
                ),
            ),
        ),
        check="Look at the RADIUS log for this MAC and compare the shared key",
        fix="Controller address added on the RADIUS server, EAP completes.",
    ),
)
