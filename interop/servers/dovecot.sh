#!/bin/bash
# Dovecot's POP3 and IMAP servers, and its submission server, which sends on to our smtp-sink. USER/PASS, APOP, every mechanism of SASL
# that it has; STLS, STARTTLS, POP3S and IMAPS. Maildir. Tokens are good if a stub says so (check_auth.py), certificates if they are by our authority.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
NAME=dovecot
PACKAGES="dovecot-pop3d dovecot-core dovecot-submissiond dovecot-imapd"
PORT=$((INTEROP_PORTS + 110)) TLS_PORT=$((INTEROP_PORTS + 995)) SUBMISSION=$((INTEROP_PORTS + 587)) INTROSPECTION=$((INTEROP_PORTS + 80))
IMAP_PORT=$((INTEROP_PORTS + 143)) IMAPS_PORT=$((INTEROP_PORTS + 993))
PORTS="$PORT $TLS_PORT $SUBMISSION $IMAP_PORT $IMAPS_PORT"
OFFERS="pop3 127.0.0.1:$PORT, pop3s 127.0.0.1:$TLS_PORT, imap 127.0.0.1:$IMAP_PORT, imaps 127.0.0.1:$IMAPS_PORT, submission 127.0.0.1:$SUBMISSION"
SERVE=(dovecot -F -c "$W/dovecot/dovecot.conf")  # -F: stays in front, as the jail's first process

configure() {
  local user
  for user in alice bob anonymous; do            # all mail belongs to mail:mail, 8:8 on every Debian
    mkdir -p "$D/mail/$user"; chown 8:8 "$D/mail/$user"
    echo "$user:{PLAIN}secret:8:8::$D/mail/$user::" >> "$D/users"   # plain, because APOP needs to know it
  done
  chown 8:8 "$D/mail"
  touch "$D/records"                             # users whose SCRAM records we made; read anew when it changes
  cat > "$D/oauth2.conf" <<C
introspection_mode = post
introspection_url = http://127.0.0.1:$INTROSPECTION/introspect
username_attribute = username
active_attribute = active
active_value = true
C
  cat > "$D/dovecot.conf" <<C
base_dir = /run/dovecot
log_path = $D/log
protocols = pop3 imap submission
listen = 127.0.0.1
ssl = yes
ssl_cert = <$TLS/cert.pem
ssl_key = <$TLS/key.pem
ssl_ca = <$TLS/ca.pem
ssl_verify_client_cert = yes
ssl_require_crl = no
auth_ssl_username_from_cert = yes
disable_plaintext_auth = no
auth_mechanisms = plain login apop cram-md5 digest-md5 scram-sha-1 scram-sha-256 oauthbearer xoauth2 external anonymous
auth_anonymous_username = anonymous
hostname = localhost
submission_relay_host = 127.0.0.1
submission_relay_port = $SINK
submission_relay_ssl = no
# a wrong password is answered at once, also the third time
auth_failure_delay = 0
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
first_valid_uid = 8
first_valid_gid = 8
mail_location = maildir:~/Maildir
# a connection for each check, soon after one another
mail_max_userip_connections = 100
mail_attribute_dict = file:%h/dovecot-attributes
namespace inbox {
  inbox = yes
  separator = /
  mailbox Drafts {
    special_use = \Drafts
    auto = subscribe
  }
  mailbox Sent {
    special_use = \Sent
    auto = create
  }
}
protocol imap {
  mail_plugins = acl quota zlib imap_acl imap_quota imap_zlib
  imap_metadata = yes
  imap_max_line_length = 64k
}
plugin {
  acl = vfile
  quota = maildir:User quota
  quota_rule = *:storage=1G
  quota_max_mail_size = 200M
}
passdb {
  driver = oauth2
  mechanisms = oauthbearer xoauth2
  args = $D/oauth2.conf
}
# who has a certificate needs no password
passdb {
  driver = static
  mechanisms = external
  args = nopassword=y
}
passdb {
  driver = passwd-file
  args = $D/records
}
passdb {
  driver = passwd-file
  args = $D/users
}
userdb {
  driver = passwd-file
  args = $D/users
}
# those of the records
userdb {
  driver = static
  args = uid=8 gid=8 home=$D/mail/%u
}
service submission-login {
  inet_listener submission {
    port = $SUBMISSION
  }
}
service imap-login {
  inet_listener imap {
    port = $IMAP_PORT
  }
  inet_listener imaps {
    port = $IMAPS_PORT
  }
}
service pop3-login {
  inet_listener pop3 {
    port = $PORT
  }
  inet_listener pop3s {
    port = $TLS_PORT
  }
}
C
}

load() { python3 "$interop/messages.py" load-maildir "$1" "$D/mail/$2/Maildir" 8; }

recipe "$@"
