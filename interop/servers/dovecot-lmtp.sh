#!/bin/bash
# Dovecot as LMTP server, over TCP (STARTTLS) and over a Unix socket.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
NAME=dovecot-lmtp
PACKAGES="dovecot-lmtpd dovecot-core"
PORT=$((INTEROP_PORTS + 8024))
PORTS="$PORT"
OFFERS="lmtp 127.0.0.1:$PORT and unix:$W/dovecot-lmtp/lmtp"
ADDED="Return-Path Delivered-To? Received"       # Delivered-To: where there is one recipient
SERVE=(dovecot -F -c "$W/dovecot-lmtp/dovecot.conf")

configure() {
  local user
  mkdir -p "$D/mail"; chown 8:8 "$D/mail"
  for user in alice bob carol sender; do echo "$user:::::::" >> "$D/users"; done
  cat > "$D/dovecot.conf" <<C
base_dir = /run/dovecot
log_path = $D/log
protocols = lmtp
hostname = dovecot.example.org
ssl = yes
ssl_cert = <$TLS/cert.pem
ssl_key = <$TLS/key.pem
mail_location = maildir:$D/mail/%n
mail_uid = 8
mail_gid = 8
first_valid_uid = 8
first_valid_gid = 8
# unused, but the lookup of users does not start without one
passdb {
  driver = static
  args = password=secret
}
userdb {
  driver = passwd-file
  args = username_format=%n $D/users
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = $PORT
  }
  unix_listener $D/lmtp {
    mode = 0666
  }
}
C
}

# LMTP has no queue: what was answered with 250 is delivered.
idle() { true; }

recipe "$@"
