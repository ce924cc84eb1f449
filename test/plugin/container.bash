# shellcheck shell=bash
# A stand-in for docker: what is in the container is a script of the test, which can do whatever a container can do that was
# taken over. It has STORE, the folder that is mounted for certificates, and WORD, what it is to do; `get APP` puts a pair there.

# Also notes the words docker gets, one a line, in docker.log.
use_container() {
    cat >"$DOKKU_STAND_IN/docker" <<'DOCKER'
#!/usr/bin/env bash
printf '%s\n' "$@" . >>"$DOKKU_STAND_IN/docker.log"
[[ "$1 $2" == "container run" ]] || exit 0
for word in "$@"; do
    [[ $word != *:/certs ]] || STORE=${word#--volume=} STORE=${STORE%:/certs}
    [[ ! $word =~ ^(dokku|status|nginx|revoke)$ ]] || WORD=${WORD:-$word}
done
get() {
    mkdir -p "$STORE/$1"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$1" \
        -addext "subjectAltName=DNS:$1.example.test" -keyout "$STORE/$1/key.pem" -out "$STORE/$1/fullchain.pem" 2>/dev/null
}
source "$DOKKU_STAND_IN/container"
DOCKER
    chmod +x "$DOKKU_STAND_IN/docker"
    echo "export DOCKER_BIN=$DOKKU_STAND_IN/docker" >"$DOKKU_ROOT/.dokkurc/docker"
    : >"$DOKKU_STAND_IN/docker.log"
}

# What the next containers do is read from the standard input.
container() { cat >"$DOKKU_STAND_IN/container"; }

store() { echo "$DOKKU_LIB_ROOT/data/letsencrypt/--global/certs/${1:-$APP}"; }
tls() { echo "$DOKKU_ROOT/$APP/tls/${1:-server.crt}"; }

# An app with a certificate from a container that is as it should be.
enabled_app() {
    new_app
    container <<<"[[ \$WORD != dokku ]] || { get $APP && echo issued $APP; }"
    dokku letsencrypt:enable "$APP"
}

# What there is besides accounts and certificates while nothing runs.
leftovers() {
    find "$DOKKU_LIB_ROOT/data/letsencrypt/--global" -mindepth 1 -not -path '*/certs*' -not -path '*/accounts*' -not -name .lock -not -empty
}
