#!/bin/bash
# Cyrus' POP3 and IMAP servers. USER/PASS, APOP, every mechanism of Cyrus SASL; STLS, STARTTLS, POP3S and IMAPS, with certificates of clients. A
# store of its own, filled by IMAP APPEND.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
NAME=cyrus
PACKAGES="cyrus-pop3d cyrus-imapd sasl2-bin libsasl2-modules libsasl2-modules-db libsasl2-modules-otp"
PORT=$((INTEROP_PORTS + 1110)) TLS_PORT=$((INTEROP_PORTS + 1995)) IMAP_PORT=$((INTEROP_PORTS + 1143)) IMAPS_PORT=$((INTEROP_PORTS + 1993))
PORTS="$PORT $TLS_PORT $IMAP_PORT $IMAPS_PORT"
OFFERS="pop3 127.0.0.1:$PORT, pop3s 127.0.0.1:$TLS_PORT, imap 127.0.0.1:$IMAP_PORT, imaps 127.0.0.1:$IMAPS_PORT"
SERVE=(bash "$W/cyrus/serve.sh")

configure() {
  cat > "$D/imapd.conf" <<C
configdirectory: $D/lib
partition-default: $D/spool
defaultpartition: default
proc_path: /run/cyrus/proc
mboxname_lockpath: /run/cyrus/lock
idlesocket: /run/cyrus/socket/idle
lmtpsocket: /run/cyrus/socket/lmtp
notifysocket: /run/cyrus/socket/notify
servername: localhost
allowplaintext: yes
allowapop: yes
popminpoll: 0
# a wrong password is answered at once
failedloginpause: 0
# or 8-bit octets in headers would be stored as X
munge8bit: no
# 0 stands for no quota; without this line no mailbox comes to be at the first login
autocreate_quota: 0
autocreate_inbox_folders: Drafts|Sent
autocreate_subscribe_folders: Drafts
xlist-drafts: Drafts
xlist-sent: Sent
altnamespace: yes
unixhierarchysep: yes
annotation_allow_undefined: 1
imapidresponse: 1
# IDLE looks for itself; its notifications by idled do not always come
imapidlepoll: 1
expunge_mode: immediate
delete_mode: immediate
conversations: 0
search_engine: none
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_mech_list: PLAIN LOGIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA-256 SCRAM-SHA-512 OTP EXTERNAL
tls_server_cert: $TLS/cert.pem
tls_server_key: $TLS/key.pem
tls_client_ca_file: $TLS/ca.pem
C
  cat > "$D/cyrus.conf" <<C
START {
  recover cmd="/usr/sbin/cyrus ctl_cyrusdb -C $D/imapd.conf -r"
}
SERVICES {
  pop3 cmd="pop3d -C $D/imapd.conf" listen="127.0.0.1:$PORT" prefork=0
  pop3s cmd="pop3d -s -C $D/imapd.conf" listen="127.0.0.1:$TLS_PORT" prefork=0
  imap cmd="imapd -C $D/imapd.conf" listen="127.0.0.1:$IMAP_PORT" prefork=0
  imaps cmd="imapd -s -C $D/imapd.conf" listen="127.0.0.1:$IMAPS_PORT" prefork=0
}
EVENTS {
}
C
  cat > "$D/serve.sh" <<S
set -eu
mkdir -p /run/cyrus/{proc,lock,socket} $D/lib $D/spool
chown -R cyrus:mail /run/cyrus $D/lib $D/spool
rm -f /etc/sasldb2
# plain passwords, because APOP needs to know them
for user in alice bob; do echo secret | saslpasswd2 -p -c -u localhost \$user; done
# one-time passwords want a long pass phrase
echo "secret pass phrase" | saslpasswd2 -p -c -u localhost carol
chown cyrus:sasl /etc/sasldb2
exec cyrmaster -C $D/imapd.conf -M $D/cyrus.conf -p /run/cyrus/master.pid
S
}

load() { python3 "$interop/messages.py" load-imap "$1" 127.0.0.1 "$IMAP_PORT" "$2" secret; }

recipe "$@"
