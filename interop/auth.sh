# auth.sh: every mechanism of auth against real peers, both ways; sourced by run.
AUTH_STORE=$W/stores/all
AUTH_POP=$((INTEROP_PORTS + 9110)) AUTH_POPS=$((INTEROP_PORTS + 9995)) AUTH_SMTP=$((INTEROP_PORTS + 9587)) AUTH_SMTPS=$((INTEROP_PORTS + 9466))   # as in check_auth_clients.py
OURS_ALL=(--token-file "$W/token" --anonymous --client-ca "$W/tls/ca.pem")

auth_files() {
  "$interop/cert.sh"
  printf secret > "$W/password"; printf ya29.good-token > "$W/token"; chmod 600 "$W/password" "$W/token"
  rm -rf "$AUTH_STORE"; mkdir -p "$AUTH_STORE"
}

# our clients: pop3-get and smtp-send
auth_clients() {
  local name
  auth_files
  for name in dovecot cyrus postfix; do
    say "$name, auth"
    if ! start_smtp "$name"; then continue; fi
    # to it Dovecot's submission server sends on
    if [ "$name" != dovecot ] || start_sink $SINK all; then
      check "$name, our auth" "$interop/check_auth.py" "$BIN" "$name" "$AUTH_STORE"
    fi
    stop_sinks
    stop_smtp "$name"
  done
}

# our servers: pop3-serve and smtp-sink
auth_servers() {
  say "our servers, auth"
  auth_files
  if start_ours $AUTH_POP "$FEW" alice "${OURS_ALL[@]}" --listen-tls "127.0.0.1:$AUTH_POPS" \
    && start_sink $AUTH_SMTP all --tls-listen "127.0.0.1:$AUTH_SMTPS" --user alice --password-file "$W/password" "${OURS_ALL[@]}"; then
    check "our servers, auth" "$interop/check_auth_clients.py" "$AUTH_STORE"
  fi
  stop_sinks; stop_ours
}

auth() { auth_clients; auth_servers; }
