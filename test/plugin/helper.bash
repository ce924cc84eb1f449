# shellcheck shell=bash
# For bats: a stand-in for Dokku for the tests of a file, and what they ask it. plugin.test.ts gives it
# a CA (ACME_SERVER, ACME_CA_FILE), its DNS (CHALLTESTSRV_URL), the image (IMAGE) and ports.
bats_require_minimum_version 1.5.0
DIR=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
if [[ -z $DOKKU_STAND_IN ]]; then
    # By hand: bats test/plugin/stand_in.bats
    DOKKU_STAND_IN=$(mktemp -d) DOKKU_STAND_IN_HTTP=$((RANDOM % 6000 + 20000)) DOKKU_STAND_IN_HTTPS=$((RANDOM % 6000 + 26000))
    export DOKKU_STAND_IN DOKKU_STAND_IN_HTTP DOKKU_STAND_IN_HTTPS
fi
unset DOKKU_APP_NAME DOKKU_APPS_FORCE_DELETE DOKKU_QUIET_OUTPUT
# shellcheck source=/dev/null
source "$DIR/dokku/stand_in"

setup_file() {
    stand_in_up
    ! declare -F setup_plugin >/dev/null || setup_plugin
}

teardown_file() {
    stand_in_down
    rm -rf "$DOKKU_STAND_IN"
}

# What a test that failed leaves behind.
teardown() {
    [[ $BATS_TEST_COMPLETED != 1 ]] || return 0
    kill -0 "$(<"$DOKKU_STAND_IN/nginx/nginx.pid")" || echo "nginx has ended"
    tail -n 20 "$DOKKU_STAND_IN/triggers.log" "$DOKKU_STAND_IN/nginx/error.log" || true
}

# Installs the plugin of this repository, to get certificates from the tests' CA. A file of tests calls it in its setup_plugin.
install_letsencrypt() {
    printf 'export %s\n' "LETSENCRYPT_IMAGE=${IMAGE%:*}" "LETSENCRYPT_IMAGE_VERSION=${IMAGE##*:}" \
        LETSENCRYPT_DISABLE_PULL=true >"$DOKKU_ROOT/.dokkurc/letsencrypt"
    cp -rL "$DIR/../../plugin" "$PLUGIN_AVAILABLE_PATH/letsencrypt"
    dokku plugin:enable letsencrypt
    dokku plugin:install
    dokku letsencrypt:set --global server "$ACME_SERVER"
    dokku letsencrypt:set --global email you@example.com
    dokku letsencrypt:set --global port "$ACME_PORT"
    dokku letsencrypt:set --global lego-docker-options "-e ACME_SIDECAR_CA_BUNDLE=/ca.pem -v $ACME_CA_FILE:/ca.pem:ro"
}

# Makes an app with a name and a domain that no other has: APP and DOMAIN. Every name leads to this machine, until set_dns.
new_app() {
    APP=app-$BATS_TEST_NUMBER-$RANDOM
    # shellcheck disable=SC2034
    DOMAIN=$APP.example.test
    # As on a server with a domain of its own, whose apps have a name below it from the start. A call of domains:set would make
    # nginx load everything once more.
    echo example.test >"$DOKKU_ROOT/VHOST"
    dokku apps:create "$APP" >/dev/null
    rm "$DOKKU_ROOT/VHOST"
}

# set_dns add-a '{"host": "a.test.", "addresses": ["127.0.0.2"]}'; what challtestsrv knows.
set_dns() { curl -sSf -o /dev/null -d "$2" "$CHALLTESTSRV_URL/$1"; }

# The certificate (PEM) that nginx serves for a name.
served() {
    openssl s_client -connect "127.0.0.1:$DOKKU_STAND_IN_HTTPS" -servername "$1" </dev/null 2>/dev/null | openssl x509
}

serial() { openssl x509 -noout -serial; }

# http DOMAIN [PATH]; what is answered.
http() { curl -sS --connect-to "::127.0.0.1:" "${@:3}" "http://$1:$DOKKU_STAND_IN_HTTP${2:-/}"; }
https() { curl -sSk --connect-to "::127.0.0.1:" "${@:3}" "https://$1:$DOKKU_STAND_IN_HTTPS${2:-/}"; }
# status http DOMAIN [PATH]; with which number.
status() { "$1" "$2" "${3:-/}" -o /dev/null -w '%{http_code}'; }
reloads() { wc -l <"$DOKKU_STAND_IN/reloads.log"; }

# The triggers called since a line count (0 for all), one a line, with their arguments.
triggers() { tail -n "+$((${1:-0} + 1))" "$DOKKU_STAND_IN/triggers.log"; }
trigger_count() { wc -l <"$DOKKU_STAND_IN/triggers.log"; }

# Asks again and again, until the command succeeds. A reload takes its time: for a moment old workers answer, too.
wait_until() {
    local deadline=$((SECONDS + 20))
    until "$@"; do
        ((SECONDS < deadline)) || { echo "waited in vain: $*" >&2 && return 1; }
        sleep 0.1
    done
}

# Writes FILE.crt and FILE.key for names, signed by itself.
self_signed() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$2" \
        -addext "subjectAltName=$(printf ',DNS:%s' "${@:2}" | cut -c2-)" -keyout "$1.key" -out "$1.crt" 2>/dev/null
}

# A plugin of one trigger, whose script is read from the standard input.
plugin_with() {
    local dir=$PLUGIN_AVAILABLE_PATH/$1
    mkdir -p "$dir"
    printf '[plugin]\ndescription = "a test"\nversion = "1"\n[plugin.config]\n' >"$dir/plugin.toml"
    { echo '#!/usr/bin/env bash' && cat; } >"$dir/$2"
    chmod +x "$dir/$2"
    plugn enable "$1"
}

# Fails, and shows both, unless the text contains the part.
contains() {
    [[ $1 == *"$2"* ]] || { printf 'expected to find: %s\nin: %s\n' "$2" "$1" >&2 && return 1; }
}
