#!/bin/bash
# Postfix as SMTP server: STARTTLS and SMTPS, SASL, DSN, CHUNKING, SMTPUTF8, XCLIENT; and as SMTP and LMTP client.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
NAME=postfix
PACKAGES="postfix sasl2-bin libsasl2-modules libsasl2-modules-db libsasl2-modules-otp"
PORT=$((INTEROP_PORTS + 5025)) NORMALISE=$((PORT + 1)) REJECT=$((PORT + 2)) TLS_PORT=$((INTEROP_PORTS + 5465))
PORTS="$PORT $NORMALISE $REJECT $TLS_PORT"
OFFERS="smtp 127.0.0.1:$PORT, smtps 127.0.0.1:$TLS_PORT; with smtpd_forbid_bare_newline = normalize :$NORMALISE, = reject :$REJECT"
ADDED="Return-Path X-Original-To Delivered-To Received"
SERVE=(bash "$W/postfix/serve.sh")

configure() {
  mkdir -p "$D/conf/sasl" "$D/mail"; chown 8:8 "$D/mail"
  cat > "$D/conf/main.cf" <<C
compatibility_level = 3.6
queue_directory = /var/spool/postfix
data_directory = /var/lib/postfix
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = $D/log
maillog_file_prefixes = $D
myhostname = postfix.example.org
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
disable_dns_lookups = yes
smtp_host_lookup = native
lmtp_host_lookup = native
smtputf8_enable = yes
biff = no
message_size_limit = 20000000
virtual_mailbox_limit = 0
in_flow_delay = 0
# who has a mailbox, and that nothing ever leaves this machine
virtual_mailbox_domains = example.org
virtual_mailbox_base = $D/mail
virtual_mailbox_maps = inline:{ {alice@example.org=alice/} {bob@example.org=bob/} {carol@example.org=carol/} {sender@example.org=sender/} {jürgen@example.org=jürgen/} }
virtual_minimum_uid = 8
virtual_uid_maps = static:8
virtual_gid_maps = static:8
relay_domains = $VIA, $VIA_TLS, $VIA_LMTP
transport_maps = inline:{ {$VIA=smtp:[127.0.0.1]:$SINK} {$VIA_TLS=smtptls:[localhost]:$SINK_TLS} {$VIA_LMTP=lmtp:inet:127.0.0.1:$SINK_LMTP} }
default_transport = error:nothing leaves
# a client that does not write its headers itself would get From, Date and Message-ID
local_header_rewrite_clients =
# a thousand refused recipients in one session are what we want to see
smtpd_error_sleep_time = 0
smtpd_soft_error_limit = 100000
smtpd_hard_error_limit = 100000
smtpd_junk_command_limit = 100000
smtpd_client_event_limit_exceptions = static:all
smtpd_forbid_bare_newline_exclusions =
smtpd_authorized_xclient_hosts = 127.0.0.0/8
smtpd_tls_security_level = may
smtpd_tls_cert_file = $TLS/cert.pem
smtpd_tls_key_file = $TLS/key.pem
smtpd_tls_received_header = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = cyrus
smtpd_sasl_path = smtpd
smtpd_sasl_local_domain = localhost
smtpd_sasl_authenticated_header = yes
# ANONYMOUS, too
smtpd_sasl_security_options =
cyrus_sasl_config_path = $D/conf/sasl
# as a client: no line is broken, and it tries again soon
smtp_line_length_limit = 0
lmtp_line_length_limit = 0
minimal_backoff_time = 1s
maximal_backoff_time = 2s
queue_run_delay = 1s
smtp_tls_CAfile = $TLS/ca.pem
smtp_sasl_password_maps = inline:{ {[localhost]:$SINK_TLS=alice:secret} }
smtp_sasl_security_options = noanonymous
C
  cat > "$D/conf/master.cf" <<C
127.0.0.1:$PORT inet n - n - - smtpd
127.0.0.1:$NORMALISE inet n - n - - smtpd -o smtpd_forbid_bare_newline=normalize
127.0.0.1:$REJECT inet n - n - - smtpd -o smtpd_forbid_bare_newline=reject -o smtpd_forbid_unauth_pipelining=yes
127.0.0.1:$TLS_PORT inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
smtptls unix - - n - - smtp -o smtp_tls_security_level=verify -o smtp_sasl_auth_enable=yes
lmtp unix - - n - - lmtp
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
C
  cat > "$D/conf/sasl/smtpd.conf" <<C
pwcheck_method: auxprop
auxprop_plugin: sasldb
mech_list: PLAIN LOGIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA-256 SCRAM-SHA-512 OTP ANONYMOUS
C
  cat > "$D/serve.sh" <<S
set -eu
rm -f /etc/sasldb2
echo secret | saslpasswd2 -p -c -u localhost alice
echo "secret pass phrase" | saslpasswd2 -p -c -u localhost carol
# written to, too: one-time passwords are used up
chgrp postfix /etc /etc/sasldb2; chmod g+w /etc /etc/sasldb2; chmod o-r /etc/sasldb2
find /var/spool/postfix -type f -delete   # what an earlier run left
exec postfix -c $D/conf start-fg
S
}

idle() { [ -z "$(jail run postfix find /var/spool/postfix/incoming /var/spool/postfix/active /var/spool/postfix/deferred -type f -print -quit)" ]; }

recipe "$@"
