#!/bin/bash
# Courier's POP3 and IMAP servers. USER/PASS, AUTH PLAIN, in IMAP also LOGIN and CRAM-MD5; STLS, STARTTLS, POP3S and IMAPS. No APOP. Maildir.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
NAME=courier
# msmtp-mta only fills the dependency on a mail transport; nothing is sent
PACKAGES="courier-pop courier-imap courier-authlib-userdb msmtp-mta"
PORT=$((INTEROP_PORTS + 2110)) TLS_PORT=$((INTEROP_PORTS + 2995)) IMAP_PORT=$((INTEROP_PORTS + 2143)) IMAPS_PORT=$((INTEROP_PORTS + 2993))
PORTS="$PORT $TLS_PORT $IMAP_PORT $IMAPS_PORT"
OFFERS="pop3 127.0.0.1:$PORT, pop3s 127.0.0.1:$TLS_PORT, imap 127.0.0.1:$IMAP_PORT, imaps 127.0.0.1:$IMAPS_PORT"
SERVE=(bash "$W/courier/serve.sh")

configure() {
  mkdir -p "$D/mail/alice" "$D/mail/bob"
  cat "$TLS/cert.pem" "$TLS/key.pem" > "$D/pop3d.pem"
  # Runs in the jail. Courier's files in /etc are shell assignments: the last one counts.
  cat > "$D/serve.sh" <<S
set -eu
set_in() { cat >> /etc/courier/\$1; }
for file in authdaemonrc pop3d pop3d-ssl imapd imapd-ssl; do
  cp -n /etc/courier/\$file /etc/courier/\$file.dist; cp /etc/courier/\$file.dist /etc/courier/\$file
done
set_in authdaemonrc <<< 'authmodulelist="authuserdb"'
set_in pop3d <<'C'
ADDRESS=127.0.0.1
PORT=$PORT
POP3AUTH="PLAIN LOGIN"
POP3AUTH_TLS="PLAIN LOGIN"
MAXPERIP=100
C
set_in pop3d-ssl <<'C'
SSLADDRESS=127.0.0.1
SSLPORT=$TLS_PORT
POP3_STARTTLS=YES
POP3_TLS_REQUIRED=0
TLS_CERTFILE=$D/pop3d.pem
C
set_in imapd <<'C'
ADDRESS=127.0.0.1
PORT=$IMAP_PORT
IMAP_CAPABILITY="IMAP4rev1 UIDPLUS CHILDREN NAMESPACE THREAD=ORDEREDSUBJECT THREAD=REFERENCES SORT QUOTA IDLE AUTH=PLAIN AUTH=LOGIN AUTH=CRAM-MD5 ACL ACL2=UNION"
IMAP_CAPABILITY_TLS="IMAP4rev1 UIDPLUS CHILDREN NAMESPACE THREAD=ORDEREDSUBJECT THREAD=REFERENCES SORT QUOTA IDLE AUTH=PLAIN AUTH=LOGIN AUTH=CRAM-MD5 ACL ACL2=UNION"
IMAP_ENHANCEDIDLE=1
IMAP_IDLE_TIMEOUT=1
IMAP_EMPTYTRASH=
IMAP_ULIMITD=1000000
MAXPERIP=100
C
set_in imapd-ssl <<'C'
SSLADDRESS=127.0.0.1
SSLPORT=$IMAPS_PORT
IMAPDSTARTTLS=YES
IMAP_TLS_REQUIRED=0
TLS_CERTFILE=$D/pop3d.pem
C
rm -f /etc/courier/userdb; touch /etc/courier/userdb; chmod 600 /etc/courier/userdb
for user in alice bob; do
  chown -R 7000:7000 $D/mail/\$user
  userdb -f /etc/courier/userdb \$user set uid=7000 gid=7000 home=$D/mail/\$user mail=$D/mail/\$user/Maildir
  userdb -f /etc/courier/userdb \$user set systempw="\$(echo secret | userdbpw)"
  userdb -f /etc/courier/userdb \$user set hmac-md5pw="\$(echo secret | userdbpw -hmac-md5)"
done
makeuserdb
mkdir -p /run/courier/authdaemon; chown -R courier:courier /run/courier
trap 'exit 0' TERM                # and with this first process the kernel ends all others of the jail
/usr/sbin/courierlogger -pid=/run/courier/authdaemon/pid -start -name=authdaemond /usr/lib/courier/courier-authlib/authdaemond
/usr/lib/courier/pop3d start
/usr/lib/courier/pop3d-ssl start
/usr/lib/courier/imapd start
/usr/lib/courier/imapd-ssl start
sleep infinity & wait
S
}

load() { python3 "$interop/messages.py" load-maildir "$1" "$D/mail/$2/Maildir" 7000; }

recipe "$@"
