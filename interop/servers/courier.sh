#!/bin/bash
# Courier's POP3 server. USER/PASS, AUTH PLAIN; STLS and POP3S. No APOP. Maildir.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
NAME=courier
# msmtp-mta only fills the dependency on a mail transport; nothing is sent
PACKAGES="courier-pop courier-authlib-userdb msmtp-mta"
PORT=$((INTEROP_PORTS + 2110)) TLS_PORT=$((INTEROP_PORTS + 2995))
SERVE=(bash "$W/courier/serve.sh")

configure() {
  mkdir -p "$D/mail/alice" "$D/mail/bob"
  cat "$TLS/cert.pem" "$TLS/key.pem" > "$D/pop3d.pem"
  # Runs in the jail. Courier's files in /etc are shell assignments: the last one counts.
  cat > "$D/serve.sh" <<S
set -eu
set_in() { cat >> /etc/courier/\$1; }
cp -n /etc/courier/authdaemonrc /etc/courier/authdaemonrc.dist; cp -n /etc/courier/pop3d /etc/courier/pop3d.dist; cp -n /etc/courier/pop3d-ssl /etc/courier/pop3d-ssl.dist
cp /etc/courier/authdaemonrc.dist /etc/courier/authdaemonrc; cp /etc/courier/pop3d.dist /etc/courier/pop3d; cp /etc/courier/pop3d-ssl.dist /etc/courier/pop3d-ssl
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
rm -f /etc/courier/userdb; touch /etc/courier/userdb; chmod 600 /etc/courier/userdb
for user in alice bob; do
  chown -R 7000:7000 $D/mail/\$user
  userdb -f /etc/courier/userdb \$user set uid=7000 gid=7000 home=$D/mail/\$user mail=$D/mail/\$user/Maildir
  userdb -f /etc/courier/userdb \$user set systempw="\$(echo secret | userdbpw)"
done
makeuserdb
mkdir -p /run/courier/authdaemon; chown -R courier:courier /run/courier
trap 'exit 0' TERM                # and with this first process the kernel ends all others of the jail
/usr/sbin/courierlogger -pid=/run/courier/authdaemon/pid -start -name=authdaemond /usr/lib/courier/courier-authlib/authdaemond
/usr/lib/courier/pop3d start
/usr/lib/courier/pop3d-ssl start
sleep infinity & wait
S
}

load() { python3 "$interop/messages.py" load-maildir "$1" "$D/mail/$2/Maildir" 7000; }

recipe "$@"
