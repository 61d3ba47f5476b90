# common.sh: what the recipes share; sourced, not run.
# A recipe defines NAME, PACKAGES, SERVE (the command that the jail runs), configure, and:
# for POP3 PORT, TLS_PORT (of POP3S) and load; for SMTP and LMTP PORTS (all that must listen), OFFERS (which is what,
# for people), idle (is its queue empty?), and ADDED (the header fields that it puts before a message, in their order).
set -euo pipefail
umask 022
interop=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
: "${INTEROP_WORK:=$interop/.work}"
mkdir -p "$INTEROP_WORK"
export INTEROP_WORK=$(cd "$INTEROP_WORK" && pwd -P)
: "${INTEROP_PORTS:=21000}"                     # each peer takes ports of its own from here on
W=$INTEROP_WORK
TLS=$W/tls                                      # ca.pem; cert.pem, key.pem for localhost and 127.0.0.1
jail() { "$interop/jail.sh" "$@"; }

# The relays among them (Postfix, Exim, OpenSMTPD) send what is for these domains on to our smtp-sink, at these ports.
SINK=$((INTEROP_PORTS + 9025)) SINK_TLS=$((INTEROP_PORTS + 9026)) SINK_LMTP=$((INTEROP_PORTS + 9024)) SINK_SMTPS=$((INTEROP_PORTS + 9465))   # TLS: STARTTLS, and AUTH wanted
VIA=via.example.net VIA_DATA=via-data.example.net VIA_TLS=via-tls.example.net VIA_LMTP=via-lmtp.example.net

wait_for_port() {
  for _ in {1..600}; do
    if (exec 3<> "/dev/tcp/127.0.0.1/$1") 2> /dev/null; then return 0; fi
    sleep 0.05
  done
  echo "$NAME: nothing listens on port $1; its log:" >&2
  jail log "$NAME" >&2; tail -n 20 "$D/log" >&2 || true
  return 1
}

# Waits until everything that an SMTP server took has been delivered, or sent on.
settle() {
  for _ in {1..600}; do
    if idle; then return 0; fi
    sleep 0.1
  done
  echo "$NAME: after a minute its queue is not empty; its log:" >&2
  tail -n 5 "$D/log" >&2; return 1
}

# The recipe's command line: install | start | stop | version; POP3: load DIR USER; SMTP: settle | collect DIR
recipe() {
  D=$W/$NAME                                    # the server's private folder: configuration, mail, log
  case ${1:-} in
    install) jail install "$NAME" $PACKAGES ;;
    start)
      if jail alive "$NAME"; then echo "$NAME runs already" >&2; exit 1; fi
      jail install "$NAME" $PACKAGES
      "$interop/cert.sh"
      rm -rf "$D"; mkdir -p "$D"
      configure
      jail start "$NAME" "${SERVE[@]}"
      for port in ${PORTS:-$PORT $TLS_PORT}; do wait_for_port $port; done
      echo "$NAME $(version): ${OFFERS:-pop3 127.0.0.1:$PORT, pop3s 127.0.0.1:$TLS_PORT}" ;;
    stop) jail stop "$NAME" ;;
    settle) settle ;;
    collect) settle; python3 "$interop/delivered.py" "$D/mail" "${2:?a folder to write}" "$ADDED" ;;
    load) load "${2:?a folder of NNN.eml}" "${3:?a user}" ;;
    version) version ;;
    *) echo "usage: $0 install | start | stop | version | load DIR USER | settle | collect DIR" >&2; exit 2 ;;
  esac
}
version() { jail run "$NAME" dpkg-query -W -f '${Version}' "${PACKAGES%% *}"; }
