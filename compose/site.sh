#!/bin/sh
set -eu

# Serves http at once, https as soon as there is a certificate, and the new certificate after each renewal.
reload_on_change() {
    served=
    while sleep 1; do
        found=$(cksum /certs/fullchain.pem 2>/dev/null) || continue
        [ "$found" != "$served" ] || continue
        cp /https.conf /etc/nginx/conf.d/
        # A refusal (half of a new set) leaves the old workers serving; the next round tries again.
        if nginx -s reload; then served=$found; fi
    done
}

reload_on_change &
exec nginx -g 'daemon off;'
