#!/bin/bash
# Dovecot's POP3 server. USER/PASS, APOP, AUTH PLAIN; STLS and POP3S. Maildir.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
NAME=dovecot
PACKAGES="dovecot-pop3d dovecot-core"
PORT=$((INTEROP_PORTS + 110)) TLS_PORT=$((INTEROP_PORTS + 995))
SERVE=(dovecot -F -c "$W/dovecot/dovecot.conf")  # -F: stays in front, as the jail's first process

configure() {
  local user
  for user in alice bob; do                      # all mail belongs to mail:mail, 8:8 on every Debian
    mkdir -p "$D/mail/$user"; chown 8:8 "$D/mail/$user"
    echo "$user:{PLAIN}secret:8:8::$D/mail/$user::" >> "$D/users"   # plain, because APOP needs to know it
  done
  cat > "$D/dovecot.conf" <<C
base_dir = /run/dovecot
log_path = $D/log
protocols = pop3
listen = 127.0.0.1
ssl = yes
ssl_cert = <$TLS/cert.pem
ssl_key = <$TLS/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login apop
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
passdb {
  driver = passwd-file
  args = $D/users
}
userdb {
  driver = passwd-file
  args = $D/users
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
