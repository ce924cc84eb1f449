#!/usr/bin/env bats
# Apps that go, and certificates that are taken away, while a run is on.
# shellcheck disable=SC1091,SC2016,SC2030,SC2031,SC2153
load helper
load container

setup_plugin() {
    install_letsencrypt
    use_container
}

teardown() { rm -f "$DOKKU_STAND_IN/go" "$DOKKU_STAND_IN/asked"; }

asked() { [[ -e $DOKKU_STAND_IN/asked ]]; }

# A container that has asked the CA, and gets what it wants when it may go on, wherever that is to go then.
slow_container() {
    container <<SCRIPT
[[ \$WORD == dokku ]] || exit 0
touch "$DOKKU_STAND_IN/asked"
until [[ -e $DOKKU_STAND_IN/go ]]; do sleep 0.1; done
get $APP && echo issued $APP
SCRIPT
}

start() {
    dokku letsencrypt:enable "$@" >"$BATS_TEST_TMPDIR/said" 2>&1 3>&- &
    RUN=$!
    wait_until asked
}

finish() {
    touch "$DOKKU_STAND_IN/go"
    wait "$RUN" || true
}

nothing_is_left() {
    [[ ! -e $(store "$1") ]] || { echo "$(store "$1") is left" && return 1; }
    [[ ! -e $DOKKU_LIB_ROOT/data/letsencrypt/$1 ]]
    [[ -z $(leftovers) ]] || { leftovers && return 1; }
}

@test "an app that is destroyed while the container is at work leaves nothing behind" {
    new_app
    slow_container
    start "$APP"
    dokku --force apps:destroy "$APP"
    finish
    contains "$(<"$BATS_TEST_TMPDIR/said")" "$APP does not exist any more"
    nothing_is_left "$APP"
    [[ ! -e $DOKKU_ROOT/$APP ]]
    run ! dokku apps:exists "$APP"
}

@test "an app that had a certificate and is destroyed while it is renewed leaves nothing behind" {
    enabled_app
    slow_container
    start "$APP" --force
    dokku --force apps:destroy "$APP"
    finish
    nothing_is_left "$APP"
    [[ ! -e $DOKKU_ROOT/$APP ]]
}

@test "an app whose destruction takes longer than the run leaves nothing behind" {
    enabled_app
    plugin_with slow-delete post-delete <<'HOOK'
touch "$DOKKU_STAND_IN/deleting"
for ((n = 0; n < 300; n++)); do [[ ! -e $DOKKU_STAND_IN/delete ]] || break; sleep 0.1; done
HOOK
    slow_container
    start "$APP" --force
    dokku --force apps:destroy "$APP" >/dev/null 2>&1 3>&- &
    local destruction=$!
    wait_until test -e "$DOKKU_STAND_IN/deleting"
    finish
    touch "$DOKKU_STAND_IN/delete"
    wait "$destruction"
    plugn disable slow-delete
    nothing_is_left "$APP"
    [[ ! -e $DOKKU_ROOT/$APP ]]
}

@test "an app that is destroyed and made again during a run does not get what was for the first" {
    enabled_app
    local domain=$DOMAIN
    slow_container
    start "$APP" --force
    dokku --force apps:destroy "$APP"
    dokku apps:create "$APP"
    dokku domains:set "$APP" "$domain"
    finish
    nothing_is_left "$APP"
    [[ ! -e $DOKKU_ROOT/$APP/tls && ! -e $DOKKU_ROOT/$APP/letsencrypt ]]
    container <<<"[[ \$WORD != dokku ]] || { get $APP && echo issued $APP; }"
    run -0 dokku letsencrypt:enable "$APP"
    [[ -e $(tls) ]]
}

@test "an app that is renamed while the container is at work keeps its certificate, and nothing is left by the old name" {
    enabled_app
    local new=$APP-new before
    before=$(serial <"$(tls)")
    slow_container
    start "$APP" --force
    dokku apps:rename "$APP" "$new"
    finish
    nothing_is_left "$APP"
    [[ ! -e $DOKKU_ROOT/$APP ]]
    [[ $(dokku letsencrypt:active "$new") == true ]]
    [[ $(serial <"$DOKKU_ROOT/$new/tls/server.crt") == "$before" ]]
    container <<<"[[ \$WORD != dokku ]] || { get $new && echo issued $new; }"
    run -0 dokku letsencrypt:enable "$new" --force
    [[ $(serial <"$DOKKU_ROOT/$new/tls/server.crt") != "$before" ]]
}

@test "a run that is killed after its app was destroyed leaves nothing that the next one does not remove" {
    new_app
    local gone=$APP
    slow_container
    setsid dokku letsencrypt:enable "$APP" >/dev/null 2>&1 3>&- &
    RUN=$!
    wait_until asked
    dokku --force apps:destroy "$APP"
    kill -KILL -- "-$RUN"
    wait "$RUN" || true
    container <<<"get $gone"
    source "$DOKKU_STAND_IN/docker" container run "--volume=$(dirname "$(store)"):/certs" image dokku
    [[ -s $(store "$gone")/key.pem ]]
    enabled_app
    nothing_is_left "$gone"
}

@test "other apps of the same run are served when one is destroyed, and temporary includes of all are removed" {
    new_app
    local gone=$APP
    new_app
    dokku letsencrypt:set "$gone" nginx-include temporary
    dokku letsencrypt:set "$APP" nginx-include temporary
    slow_container
    start --all
    dokku --force apps:destroy "$gone"
    finish
    [[ -e $(tls) && ! -e $DOKKU_ROOT/$gone ]]
    nothing_is_left "$gone"
    [[ -z $(ls "$DOKKU_ROOT/$APP/nginx.conf.d") ]]
}

@test "a certificate that is removed while it is being installed stays removed" {
    enabled_app
    container <<<"[[ \$WORD != dokku ]] || { get $APP && echo issued $APP; }"
    plugin_with remover post-domains-update <<'HOOK'
[[ -z $2 && -e $DOKKU_STAND_IN/remove ]] || exit 0
rm "$DOKKU_STAND_IN/remove"
dokku certs:remove "$1"
HOOK
    touch "$DOKKU_STAND_IN/remove"
    run -1 dokku letsencrypt:enable "$APP" --force
    contains "$output" "was removed while it was being installed"
    contains "$output" "dokku letsencrypt:enable $APP"
    [[ ! -e $DOKKU_ROOT/$APP/tls && -z $(leftovers) ]]
    # Nor does a later run put the pair back that was there before it.
    run dokku letsencrypt:auto-renew
    [[ ! -e $DOKKU_ROOT/$APP/tls ]]
    run -0 dokku letsencrypt:enable "$APP"
    [[ -e $(tls) && ! -e $(tls log) ]]
}

@test "what is put back has nothing of ours in it" {
    enabled_app
    local before
    before=$(ls "$DOKKU_ROOT/$APP/tls")
    container <<<"[[ \$WORD != dokku ]] || { get $APP && echo issued $APP; }"
    plugin_with spoil post-certs-update <<<'[[ ! -e $DOKKU_STAND_IN/spoil ]] || echo damaged >"$DOKKU_ROOT/$1/tls/server.key"'
    touch "$DOKKU_STAND_IN/spoil"
    run -1 dokku letsencrypt:enable "$APP" --force
    rm "$DOKKU_STAND_IN/spoil"
    contains "$output" "the plugin put everything back"
    [[ $(ls "$DOKKU_ROOT/$APP/tls") == "$before" && -z $(leftovers) ]]
}
