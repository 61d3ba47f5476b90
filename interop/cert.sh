#!/bin/bash
# cert.sh: a certificate authority of our own (ca.pem), a certificate for localhost and 127.0.0.1 by it
# (cert.pem, key.pem), and one for the user alice (client.pem, client.key) in $INTEROP_WORK/tls. Nothing that a machine trusts by itself.
# Two levels, because webpki (rustls) takes no CA certificate as that of a server, and others trust only CAs.
set -euo pipefail
: "${INTEROP_WORK:=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/.work}"
D=$INTEROP_WORK/tls
if [ -s "$D/client.pem" ] && openssl x509 -in "$D/cert.pem" -noout -checkend 86400 > /dev/null; then exit 0; fi
command -v openssl > /dev/null || apt-get install -qy --no-install-recommends openssl > /dev/null
rm -rf "$D"; mkdir -p "$D"; cd "$D"
cat > openssl.cnf <<C
[req]
distinguished_name = name
prompt = no
[name]
CN = interop
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[client]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
subjectAltName = email:alice@localhost
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost, IP:127.0.0.1
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
C
key() { openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out "$1"; }
{
  key ca.key; key key.pem; key client.key
  openssl req -new -x509 -key ca.key -config openssl.cnf -extensions ca -subj "/CN=interop CA" -days 30 -out ca.pem
  openssl req -new -key key.pem -config openssl.cnf -subj "/CN=localhost" -out cert.csr
  openssl x509 -req -in cert.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile openssl.cnf -extensions server -days 30 -out cert.pem
  openssl req -new -key client.key -config openssl.cnf -subj "/CN=alice" -out client.csr
  openssl x509 -req -in client.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile openssl.cnf -extensions client -days 30 -out client.pem
} 2> openssl.log || { cat openssl.log >&2; exit 1; }
chmod 644 key.pem client.key                                # the servers read it as users of their own; it guards nothing
