#!/bin/sh
set -eu
# A core file would have every key in it.
# shellcheck disable=SC3045 # busybox has it
ulimit -c 0

# What is a program in the image runs as itself; everything else is for acme-sidecar, so that new verbs need no entry here
# and a misspelt one gets its explanation. Only a verb that is also the name of a program has to be listed.
case ${1-} in
'' | -* | tar) ;;
*) if [ -n "$(which "$1")" ]; then exec "$@"; fi ;;
esac
exec acme-sidecar "$@"
