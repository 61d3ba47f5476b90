#!/bin/bash
# OpenSMTPD as SMTP server: DSN; no PIPELINING. No TLS: with OpenSSL 3 its handshakes fail (its issues 1171 and 1239).
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
NAME=opensmtpd
PACKAGES="opensmtpd"
PORT=$((INTEROP_PORTS + 7025))
PORTS="$PORT"
OFFERS="smtp 127.0.0.1:$PORT"
ADDED="Return-Path? Delivered-To Received"        # Return-Path: but for <>
SERVE=(bash "$W/opensmtpd/serve.sh")

configure() {
  local user
  mkdir -p "$D/mail"; chown 8:8 "$D/mail"
  for user in alice bob carol sender; do echo "$user 8:8:$D"; done > "$D/people"
  cat > "$D/smtpd.conf" <<C
table people file:$D/people
table rcpts { "alice@example.org", "bob@example.org", "carol@example.org", "sender@example.org" }
smtp max-message-size 20M
smtp limit max-mails 100000
smtp limit max-rcpt 100000
listen on 127.0.0.1 port $PORT hostname opensmtpd.example.org
action "local" maildir "$D/mail/%{user.username}" userbase <people>
match from any for domain "example.org" rcpt-to <rcpts> action "local"
C
  cat > "$D/serve.sh" <<S
set -eu
mkdir -p /var/empty /var/spool/smtpd; chmod 711 /var/spool/smtpd; find /var/spool/smtpd -type f -delete
exec smtpd -d -f $D/smtpd.conf > $D/log 2>&1
S
}

idle() { [ -z "$(jail run opensmtpd find /var/spool/smtpd/queue /var/spool/smtpd/incoming -type f -print -quit)" ]; }

recipe "$@"
