#!/bin/bash
# aiosmtpd, in the place of our smtp-sink: on its ports, with its stores. For smtp-clients-selftest.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
NAME=aiosmtpd
PACKAGES="python3-aiosmtpd python3"
PORTS="$SINK $SINK_SMTPS $SINK_TLS $SINK_LMTP"
OFFERS="smtp 127.0.0.1:$SINK, smtps 127.0.0.1:$SINK_SMTPS, smtp with AUTH 127.0.0.1:$SINK_TLS, lmtp 127.0.0.1:$SINK_LMTP"
SERVE=(bash -c "exec python3 $W/aiosmtpd/sink.py $W/stores $PORTS $TLS/cert.pem $TLS/key.pem > $W/aiosmtpd/log 2>&1")

configure() {
  cp "$interop/servers/aiosmtpd_sink.py" "$D/sink.py"    # the jail sees $W only
  rm -rf "$W/stores"
}

idle() { true; }

recipe "$@"
