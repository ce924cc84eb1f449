#!/bin/sh
set -eu

# Trusts nothing but the root of this Pebble, which is a new one at each start.
curl -fsS --cacert /pebble/pebble.minica.pem https://pebble:15000/roots/0 -o /tmp/root.pem

# nginx may take a moment to pick the certificate up.
curl -fsS --retry 15 --retry-delay 1 --retry-all-errors --stderr /tmp/errors --cacert /tmp/root.pem https://example.test/ ||
    { cat /tmp/errors >&2; exit 1; }
openssl s_client -connect example.test:443 -servername example.test </dev/null 2>/dev/null |
    openssl x509 -noout -subject -issuer -dates -ext subjectAltName
