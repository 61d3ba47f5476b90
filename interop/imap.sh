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
