#!/usr/bin/env bats
# The plugin, its container and nginx are killed at random moments. SEED=n repeats a run, KILLS=50 is a long one.
# shellcheck disable=SC2030,SC2031
load helper

setup_plugin() { install_letsencrypt; }

KILLS=${KILLS:-12}

is_served() { [[ $(served "$1" | serial) == $(serial <"$2") ]]; }
# Old or new, but a pair that the app has or had.
serves_something() { [[ -n $(served "$1") ]]; }
is_running() { kill -0 "$(cat "$DOKKU_STAND_IN/nginx/nginx.pid")" 2>/dev/null; }

strike() {
    local master
    case $1 in
    plugin) kill -KILL -- "-$2" 2>/dev/null || true ;;
    plugin-gently) kill -TERM -- "-$2" 2>/dev/null || true ;;
    container) docker ps -q --filter "volume=$DOKKU_LIB_ROOT/data/letsencrypt/--global/certs" | xargs -r docker kill >/dev/null 2>&1 || true ;;
    nginx)
        master=$(cat "$DOKKU_STAND_IN/nginx/nginx.pid")
        # shellcheck disable=SC2046
        kill -KILL "$master" $(pgrep -P "$master") 2>/dev/null || true
        rm -f "$DOKKU_STAND_IN/nginx/nginx.pid"
        stand_in_nginx
        ;;
    esac
}

@test "after $KILLS kills at random moments nginx is right, sites are served, and the next enable is green" {
    local n pid victim victims=(plugin plugin-gently container nginx) apps=()
    RANDOM=${SEED:=$(($(date +%s) % 32768))}
    echo "# seed $SEED" >&3
    for n in 0 1; do
        new_app
        apps+=("$APP")
        dokku letsencrypt:enable "$APP"
    done
    for ((n = 0; n < KILLS; n++)); do
        APP=${apps[n % 2]} victim=${victims[RANDOM % 4]}
        setsid dokku letsencrypt:enable "$APP" --force >"$BATS_TEST_TMPDIR/run" 2>&1 3>&- &
        pid=$!
        sleep "$((RANDOM % 2)).$((RANDOM % 10))"
        strike "$victim" "$pid"
        wait "$pid" || true
        # What was being installed is brought to its end in a session of its own.
        wait_until flock -n "$DOKKU_LIB_ROOT/data/letsencrypt/--global/.lock" true
        nginx -t || { echo "kill $n of $victim: nginx refuses its configuration" && return 1; }
        for app in "${apps[@]}"; do
            wait_until serves_something "$app.example.test"
            [[ $(openssl x509 -in "$DOKKU_ROOT/$app/tls/server.crt" -noout -pubkey) == "$(openssl pkey -in "$DOKKU_ROOT/$app/tls/server.key" -pubout)" ]]
        done
    done
    for app in "${apps[@]}"; do
        run -0 dokku letsencrypt:enable "$app" --force
        wait_until is_served "$app.example.test" "$DOKKU_ROOT/$app/tls/server.crt"
    done
    [[ -z $(ls "$DOKKU_LIB_ROOT/data/letsencrypt/--global/replaced") ]]
    [[ -z $(docker ps -q --filter "volume=$DOKKU_LIB_ROOT/data/letsencrypt/--global/certs") ]]
}

@test "a machine that goes down while a pair is being installed: the next run puts things right" {
    new_app
    local other=$APP
    new_app
    dokku letsencrypt:enable "$APP"
    local before data=$DOKKU_LIB_ROOT/data/letsencrypt/--global tls=$DOKKU_ROOT/$APP/tls
    before=$(serial <"$tls/server.crt")
    # As it is between the first and the last step of certs-set.
    cp -a "$tls" "$data/replaced/$APP"
    rm "$tls/server.crt" && : >"$tls/server.key"
    run ! nginx -t
    run -0 dokku letsencrypt:enable "$other"
    nginx -t
    [[ $(serial <"$tls/server.crt") == "$before" ]]
}
