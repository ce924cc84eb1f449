#!/bin/sh
set -eu
# A core file would contain the keys.
# shellcheck disable=SC3045 # busybox has it
ulimit -c 0

# If the first word is a program in the image, run that program. Everything else goes to
# acme-sidecar, so new verbs work without an entry here, and a misspelt verb gets a helpful error.
# Only verbs that are also the name of a program must be listed.
case ${1-} in
'' | -* | tar) ;;
*) if [ -n "$(which "$1")" ]; then exec "$@"; fi ;;
esac
exec acme-sidecar "$@"
