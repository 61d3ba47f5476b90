# common.sh: what the three recipes share; sourced, not run.
# A recipe defines NAME, PACKAGES, PORT (of POP3), TLS_PORT (of POP3S), configure, serve and load.
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

wait_for_port() {
  for _ in {1..200}; do
    if (exec 3<> "/dev/tcp/127.0.0.1/$1") 2> /dev/null; then return 0; fi
    sleep 0.05
  done
  echo "$NAME: nothing listens on port $1; its log:" >&2
  jail log "$NAME" >&2; tail -n 20 "$D/log" >&2 || true
  return 1
}

# The recipe's command line: install | start | stop | load DIR USER | version
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
      wait_for_port "$PORT"; wait_for_port "$TLS_PORT"
      echo "$NAME $(version): pop3 127.0.0.1:$PORT, pop3s 127.0.0.1:$TLS_PORT" ;;
    stop) jail stop "$NAME" ;;
    load) load "${2:?a folder of NNN.eml}" "${3:?a user}" ;;
    version) version ;;
    *) echo "usage: $0 install | start | stop | load DIR USER | version" >&2; exit 2 ;;
  esac
}
version() { jail run "$NAME" dpkg-query -W -f '${Version}' "${PACKAGES%% *}"; }
