"""Config fragments by vendor that people paste without thinking, secrets included.

Every credential in them is a slot, so the world knows exactly which strings a sanitizer
has to remove.
"""

from __future__ import annotations

FRAGMENTS: dict[str, tuple[str, ...]] = {
    "Cisco IOS-XE": (
        """\
hostname {host}
enable secret 9 {secret9}
snmp-server community {community} RO {n}
snmp-server host {ip} version 2c {community}
ntp server {ip}""",
        """\
username {user} privilege 15 password 7 {type7}
tacacs server TAC{digit}
 address ipv4 {ip}
 key 7 {type7}
line vty 0 4
 password 7 {type7}""",
        """\
crypto isakmp key {psk} address {pub}
crypto ipsec transform-set TS{n} esp-aes 256 esp-sha256-hmac
interface Tunnel{n}
 ip address {ip} 255.255.255.252
 tunnel destination {pub}""",
    ),
    "Cisco NX-OS": (
        """\
switchname {host}
snmp-server user {user} network-operator auth md5 {md5key} priv {md5key} localizedkey
snmp-server community {community} group network-operator
ip name-server {ip}""",
        """\
username {user} password 5 {secret5}  role network-admin
tacacs-server host {ip} key 7 "{type7}"
vpc domain {n}
  peer-keepalive destination {ip} source {ip}""",
    ),
    "Juniper Junos": (
        """\
system {
    host-name {host};
    root-authentication {
        encrypted-password "{secret6}";
    }
    radius-server {
        {ip} secret "{junos9}";
    }
}""",
        """\
set snmp community {community} authorization read-only
set system login user {user} authentication encrypted-password "{secret6}"
set protocols bgp group EXT neighbor {ip} authentication-key "{junos9}"
set interfaces lo0 unit 0 family inet6 address {ip6}/128""",
    ),
    "Arista EOS": (
        """\
hostname {host}
username {user} privilege 15 secret sha512 {secret6}
snmp-server community {community} ro
ip name-server vrf MGMT {ip}
interface Loopback0
   ipv6 address {ip6}/128""",
        """\
router bgp {asn}
   neighbor {ip} remote-as {asn}
   neighbor {ip} password 7 {type7}
   neighbor {ip6} remote-as {asn}""",
    ),
    "Fortinet FortiOS": (
        """\
config system admin
    edit "{user}"
        set accprofile "super_admin"
        set password ENC {psk}
    next
end
config system snmp community
    edit {digit}
        set name "{community}"
    next
end""",
        """\
config vpn ipsec phase1-interface
    edit "to-{site_code}"
        set remote-gw {pub}
        set psksecret ENC {psk}
    next
end""",
    ),
    "Palo Alto PAN-OS": (
        """\
set deviceconfig system hostname {host}
set deviceconfig system ip-address {ip}
set mgt-config users {user} phash {secret5}
set deviceconfig system snmp-setting access-setting version v2c \
snmp-community-string {community}""",
    ),
    "Aruba AOS-CX": (
        """\
hostname {host}
user {user} group administrators password ciphertext {psk}
snmp-server community {community}
radius-server host {ip} key ciphertext {psk}
interface vlan {vlan}
    ip address {ip}/24""",
    ),
    "Aruba WLC": (
        """\
wlan ssid-profile "{site_code}-staff"
   essid "staff"
   wpa-passphrase {wlanpsk}
snmp-server community {community}
mgmt-user {user} root {md5key}""",
        """\
aaa authentication-server radius "rad-{digit}"
   host {ip}
   key {key}
lc-rap-pool rap-{n} {ip} {ip}""",
    ),
    "Cisco WLC": (
        """\
wlan {site_code}-staff {digit} staff
 security wpa psk set-key ascii 0 {wlanpsk}
radius server RAD{digit}
 address ipv4 {ip} auth-port 1812 acct-port 1813
 key 7 {type7}""",
        """\
snmp-server community {community} RO
username {user} privilege 15 secret 9 {secret9}
ap {macdot}
 policy-tag {site_code}-policy""",
    ),
    "Linux": (
        """\
rocommunity {community} {ip}
createUser {user} SHA "{psk}" AES "{psk}"
nameserver {ip}
nameserver {ip6}""",
        """\
{pem}
# key of {host}, copied by {email}""",
    ),
}
