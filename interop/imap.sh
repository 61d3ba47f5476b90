# imap.sh: the IMAP part of run; sourced by it.
IMAP_ALL=$W/imap-messages                        # those of POP3, and some for ENVELOPE and BODYSTRUCTURE

imap_messages() { "$interop/messages.py" write "$IMAP_ALL" --imap; }

# our client against real servers
imap_get() {
  local name base
  imap_messages
  for name in dovecot cyrus courier; do
    say "$name"
    base=$(port_of "$name")
    if "$interop/servers/$name.sh" start && "$interop/servers/$name.sh" load "$IMAP_ALL" alice; then
      check "$name, imap-get" "$interop/check_imap_get.py" "$BIN/imap-get" "$name" 127.0.0.1 $((base + 143)) "$IMAP_ALL" --ca "$CA" --tls-port $((base + 993))
    else
      fail "$name, imap-get" "does not start"
    fi
    "$interop/servers/$name.sh" stop
  done
}

# our server under imaplib, our client, curl, fetchmail, mbsync
imap_serve() {
  local port=$((INTEROP_PORTS + 3143))
  say imap-serve
  imap_messages
  "$interop/cert.sh"
  printf secret > "$W/password"; chmod 600 "$W/password"
  if start_imap_serve $port "$IMAP_ALL"; then
    check "imap-serve, imap-get" "$interop/check_imap_get.py" "$BIN/imap-get" imap-serve 127.0.0.1 $port "$IMAP_ALL" --ca "$CA" --tls-port $((port + 1))
  fi
  stop_ours
  if start_imap_serve $((port + 2)) "$ALL"; then
    check "imap-serve, clients" "$interop/check_imap_clients.py" 127.0.0.1 $((port + 2)) "$ALL" --ca "$CA"
  fi
  stop_ours
}

# start_imap_serve PORT DIR: the one place that knows the command line of imap-serve; sets OURS (process)
start_imap_serve() {
  "$BIN/imap-serve" --listen "127.0.0.1:$1" --listen-tls "127.0.0.1:$(($1 + 1))" --messages "$2" --user alice --password-file "$W/password" \
    --cert "$W/tls/cert.pem" --key "$W/tls/key.pem" --allow-cleartext --verbose > "$W/imap-serve.log" 2>&1 &
  OURS=$!
  for _ in {1..200}; do
    if grep -q "^listening on 127.0.0.1:$1" "$W/imap-serve.log"; then return 0; fi
    if ! kill -0 "$OURS" 2> /dev/null; then break; fi
    sleep 0.05
  done
  fail imap-serve "does not start: $(tail -n 1 "$W/imap-serve.log")"; return 1
}
