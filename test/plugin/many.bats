#!/usr/bin/env bats
# Many apps at once. MANY=50 is a long run, with more than are asked for at a time.
load helper

setup_plugin() { install_letsencrypt; }

MANY=${MANY:-12}

is_served() { [[ $(served "$1" | serial) == $(serial <"$2") ]]; }

@test "two apps enabled at once both get their certificates, and one account" {
    new_app
    local one=$APP first second
    new_app
    dokku letsencrypt:enable "$one" >"$BATS_TEST_TMPDIR/one" 2>&1 3>&- &
    first=$!
    dokku letsencrypt:enable "$APP" >"$BATS_TEST_TMPDIR/two" 2>&1 3>&- &
    second=$!
    wait "$first"
    wait "$second"
    wait_until is_served "$one.example.test" "$DOKKU_ROOT/$one/tls/server.crt"
    wait_until is_served "$DOMAIN" "$DOKKU_ROOT/$APP/tls/server.crt"
    [[ $(find "$DOKKU_LIB_ROOT/data/letsencrypt/--global/accounts" -name account.json | wc -l) == 1 ]]
}

@test "$MANY apps are renewed by one auto-renew in one container" {
    local n before containers
    echo example.test >"$DOKKU_ROOT/VHOST"
    for ((n = 0; n < MANY; n++)); do dokku apps:create "many-$n" >/dev/null; done
    rm "$DOKKU_ROOT/VHOST"
    dokku letsencrypt:enable --all
    before=$(cat "$DOKKU_ROOT"/many-*/tls/server.crt | md5sum)
    dokku letsencrypt:set --global graceperiod 1000000000
    # What starts containers, and counts them.
    printf '#!/bin/sh\ncase "$*" in *" dokku "*) echo >>"%s" ;; esac\nexec docker "$@"\n' "$BATS_TEST_TMPDIR/runs" >"$BATS_TEST_TMPDIR/docker"
    chmod +x "$BATS_TEST_TMPDIR/docker"
    containers=$(reloads)
    echo "export DOCKER_BIN=$BATS_TEST_TMPDIR/docker" >"$DOKKU_ROOT/.dokkurc/docker"
    run -0 dokku letsencrypt:auto-renew
    rm "$DOKKU_ROOT/.dokkurc/docker"
    [[ $(wc -l <"$BATS_TEST_TMPDIR/runs") == 1 ]]
    (($(grep -c "needs renewal" <<<"$output") == MANY + 2))
    [[ $(cat "$DOKKU_ROOT"/many-*/tls/server.crt | md5sum) != "$before" ]]
    (($(reloads) - containers == MANY + 2))
    for ((n = 0; n < MANY; n++)); do
        wait_until is_served "many-$n.example.test" "$DOKKU_ROOT/many-$n/tls/server.crt"
    done
    [[ $(find "$DOKKU_LIB_ROOT/data/letsencrypt/--global/accounts" -name account.json | wc -l) == 1 ]]
}
