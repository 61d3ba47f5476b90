# smtp.sh: the SMTP and LMTP part of run; sourced by it.
SMTP_ALL=$W/smtp-all SMTP_FEW=$W/smtp-few       # 1,000 messages; one or two of each kind
STORES=$W/stores                                # what a receiving server got: open/, auth/, lmtp/
MAX_SIZE=20000000
smtp_port() { case $1 in postfix) echo $((INTEROP_PORTS + 5025)) ;; exim) echo $((INTEROP_PORTS + 6025)) ;; opensmtpd) echo $((INTEROP_PORTS + 7025)) ;; dovecot-lmtp) echo $((INTEROP_PORTS + 8024)) ;; esac; }
smtps_port() { case $1 in postfix) echo $((INTEROP_PORTS + 5465)) ;; exim) echo $((INTEROP_PORTS + 6465)) ;; esac; }
SINK=$((INTEROP_PORTS + 9025)) SINK_SMTPS=$((INTEROP_PORTS + 9465)) SINK_AUTH=$((INTEROP_PORTS + 9026)) SINK_LMTP=$((INTEROP_PORTS + 9024))    # as in servers/common.sh
SMTP_SERVERS="postfix exim opensmtpd dovecot-lmtp"

smtp_messages() {
  if [ -s "$SMTP_ALL/index.tsv" ] && [ "$SMTP_ALL/index.tsv" -nt "$interop/messages.py" ]; then return 0; fi
  "$interop/messages.py" write "$SMTP_FEW" --smtp --few
  "$interop/messages.py" write "$SMTP_ALL" --smtp
}

# start_smtp NAME...: starts them; tells of those that do not start, and fails then
start_smtp() {
  local name bad=
  for name in "$@"; do "$interop/servers/$name.sh" start || { fail "$name" "does not start"; bad=1; }; done
  [ -z "$bad" ]
}
stop_smtp() { local name; for name in "$@"; do "$interop/servers/$name.sh" stop; done; }

# options_of NAME: where a check finds it
options_of() {
  echo --ca "$CA"
  if [ -n "$(smtps_port "$1")" ]; then echo --tls-port "$(smtps_port "$1")"; fi
  if [ "$1" = dovecot-lmtp ]; then echo --unix "$W/dovecot-lmtp/lmtp"; fi
}

# each_smtp_server CHECK...
each_smtp_server() {
  local name test
  smtp_messages
  for name in $SMTP_SERVERS; do
    say "$name"
    if start_smtp "$name"; then for test in "$@"; do "$test" "$name"; done; fi
    stop_smtp "$name"
  done
}
smtp_by_smtplib() { check "$1, smtplib" "$interop/check_smtp_servers.py" "$1" 127.0.0.1 "$(smtp_port "$1")" "$SMTP_FEW" $(options_of "$1"); }
smtp_by_ours() { check "$1, smtp-send" "$interop/check_smtp_send.py" "$BIN/smtp-send" "$1" 127.0.0.1 "$(smtp_port "$1")" "$SMTP_ALL" "$SMTP_FEW" $(options_of "$1"); }

# ---- our server: smtp-sink

# start_sink PORT STORE [OPTION...]: the one place here that knows its command line (smuggling.py is the other)
SINKS=()
start_sink() {
  local port=$1 store=$2 log; shift 2
  log=$W/smtp-sink-$store.log
  "$BIN/smtp-sink" --listen "127.0.0.1:$port" --store "$STORES/$store" --cert "$W/tls/cert.pem" --key "$W/tls/key.pem" \
    --refuse nobody --max-size "$MAX_SIZE" "$@" > "$log" 2>&1 &
  SINKS+=($!)
  for _ in {1..200}; do
    if grep -q "^listening on 127.0.0.1:$port" "$log"; then return 0; fi
    if ! kill -0 "${SINKS[-1]}" 2> /dev/null; then break; fi
    sleep 0.05
  done
  fail "smtp-sink $store" "does not start: $(tail -n 1 "$log")"; return 1
}
start_sinks() {
  "$interop/cert.sh"
  rm -rf "$STORES"; mkdir -p "$STORES"/{open,auth,lmtp}
  printf secret > "$W/password"; chmod 600 "$W/password"
  start_sink $SINK open --tls-listen "127.0.0.1:$SINK_SMTPS" --xclient \
    && start_sink $SINK_AUTH auth --user alice --password-file "$W/password" \
    && start_sink $SINK_LMTP lmtp --lmtp
}
# Each must end by itself on SIGTERM.
stop_sinks() {
  local pid
  for pid in ${SINKS[@]+"${SINKS[@]}"}; do
    kill "$pid" 2> /dev/null || true
    for _ in {1..100}; do if ! kill -0 "$pid" 2> /dev/null; then break; fi; sleep 0.05; done
    if kill -KILL "$pid" 2> /dev/null; then fail smtp-sink "does not end on SIGTERM"; fi
    wait "$pid" 2> /dev/null || true
  done
  SINKS=()
}

smtp_clients() {                                 # smtp_clients LABEL
  check "$1, clients" "$interop/check_smtp_clients.py" "$STORES" "$SMTP_ALL" "$SMTP_FEW" --ca "$CA" --ports $SINK $SINK_SMTPS $SINK_AUTH $SINK_LMTP \
    --postfix "$(smtp_port postfix)" --exim "$(smtp_port exim)"
}

smtp_sink() {
  say smtp-sink
  smtp_messages
  if start_sinks; then
    check "smtp-sink, smtplib" "$interop/check_smtp_sink.py" "$STORES" "$SMTP_ALL" "$SMTP_FEW" --ca "$CA" --ports $SINK $SINK_SMTPS $SINK_AUTH $SINK_LMTP --max-size "$MAX_SIZE"
    if start_smtp postfix exim; then smtp_clients smtp-sink; fi
    stop_smtp postfix exim
  fi
  stop_sinks
}

smtp_clients_selftest() {
  say aiosmtpd
  smtp_messages
  if start_smtp aiosmtpd postfix exim; then smtp_clients aiosmtpd; fi
  stop_smtp aiosmtpd postfix exim
}

smuggling() {
  say smuggling
  local port; port=$(smtp_port postfix)
  if start_smtp $SMTP_SERVERS; then
    check smuggling "$interop/smuggling.py" "$BIN" "$(dirname "$interop")/docs/smuggling.md" --sink $SINK --postfix "$port" $((port + 1)) $((port + 2)) \
      --exim "$(smtp_port exim)" --opensmtpd "$(smtp_port opensmtpd)" --lmtp "$(smtp_port dovecot-lmtp)"
  fi
  stop_smtp $SMTP_SERVERS
}
