#!/bin/bash
# Exim as SMTP server: STARTTLS and SMTPS, AUTH, DSN, CHUNKING, PRDR, SMTPUTF8; and as SMTP client.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
NAME=exim
PACKAGES="exim4-daemon-heavy"
PORT=$((INTEROP_PORTS + 6025)) TLS_PORT=$((INTEROP_PORTS + 6465))
PORTS="$PORT $TLS_PORT"
OFFERS="smtp 127.0.0.1:$PORT, smtps 127.0.0.1:$TLS_PORT"
ADDED="Received"
SERVE=(bash "$W/exim/serve.sh")

configure() {
  mkdir -p "$D/mail" "$D/logs"
  cat > "$D/exim.conf" <<C
primary_hostname = exim.example.org
log_file_path = $D/logs/%slog
daemon_smtp_ports = $PORT : $TLS_PORT
tls_on_connect_ports = $TLS_PORT
local_interfaces = 127.0.0.1
tls_certificate = $TLS/cert.pem
tls_privatekey = $TLS/key.pem
tls_advertise_hosts = *
chunking_advertise_hosts = *
smtputf8_advertise_hosts = *
dsn_advertise_hosts = *
prdr_enable = true
accept_8bitmime = true
message_size_limit = 20M
acl_smtp_rcpt = acl_rcpt
acl_smtp_data = accept
acl_smtp_data_prdr = accept
# a thousand messages and refused recipients in one session, each delivered at once
smtp_accept_max_per_connection = 100000
smtp_accept_queue_per_connection = 0
smtp_max_synprot_errors = 100000
smtp_max_unknown_commands = 100
smtp_accept_max_nonmail = 100000
host_lookup =
rfc1413_query_timeout = 0s
dns_ipv4_lookup = *
begin acl
acl_rcpt:
  accept  domains = $VIA : $VIA_DATA
  accept  domains = example.org
          local_parts = alice : bob : carol : sender : jürgen
  deny    message = 5.1.1 unknown
begin routers
via:
  driver = manualroute
  domains = $VIA
  route_list = * 127.0.0.1::$SINK
  self = send
  transport = via
via_data:
  driver = manualroute
  domains = $VIA_DATA
  route_list = * 127.0.0.1::$SINK
  self = send
  transport = via_data
local:
  driver = accept
  domains = example.org
  local_parts = alice : bob : carol : sender : jürgen
  transport = maildir
begin transports
via:
  driver = smtp
  allow_localhost
  message_linelength_limit = 2000000000
# DATA, also where BDAT is offered
via_data:
  driver = smtp
  allow_localhost
  hosts_try_chunking =
maildir:
  driver = appendfile
  maildir_format
  directory = $D/mail/\$local_part_data
  create_directory
  user = mail
  group = mail
begin retry
* * F,1h,1s
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = \${if and{{eq{\$auth2}{alice}}{eq{\$auth3}{secret}}}}
  server_set_id = \$auth2
C
  cat > "$D/serve.sh" <<S
set -eu
mount -t tmpfs -o mode=750,uid=Debian-exim,gid=Debian-exim tmpfs /var/spool/exim4   # empty, and no fsync
cp $D/exim.conf /etc/exim4/exim4.conf
chown -R mail:mail $D/mail; chown -R Debian-exim:Debian-exim $D/logs
ln -s logs/mainlog $D/log
exec exim -bdf -q1s
S
}

idle() { [ -z "$(jail run exim find /var/spool/exim4/input -type f -print -quit)" ]; }

recipe "$@"
