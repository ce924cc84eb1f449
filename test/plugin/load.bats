#!/usr/bin/env bats
# No request is lost while certificates are got, for other apps and for the one that is asked. ROUNDS=10 is a long run.
load helper

setup_plugin() { install_letsencrypt; }

ROUNDS=${ROUNDS:-3}

is_ready() { [[ $(status https "$1") == 200 ]]; }

@test "an app answers every request during $((2 * ROUNDS)) enables and as many renewals, of others and its own" {
    new_app
    local app=$APP domain=$APP.example.test other before wrk n
    dokku letsencrypt:enable "$app"
    dokku ps:rebuild "$app"
    wait_until is_ready "$domain"
    new_app
    other=$APP
    before=$(reloads)
    cat >"$BATS_TEST_TMPDIR/host.lua" <<LUA
wrk.headers["Host"] = "$domain"
-- A connection each: those that are kept open nginx closes at every reload, and clients open another.
wrk.headers["Connection"] = "close"
-- Some two hundred a second: each is a handshake, and all that the machine can do would be taken from what renews.
function delay() return 40 end
function done(summary, latency, requests)
  local e = summary.errors
  print(string.format("requests=%d connect=%d read=%d write=%d status=%d timeout=%d",
    summary.requests, e.connect, e.read, e.write, e.status, e.timeout))
end
LUA
    wrk -t 1 -c 8 -d 600s -s "$BATS_TEST_TMPDIR/host.lua" "https://127.0.0.1:$DOKKU_STAND_IN_HTTPS/" >"$BATS_TEST_TMPDIR/wrk" 3>&- &
    wrk=$!
    for ((n = 0; n < ROUNDS; n++)); do
        dokku letsencrypt:enable "$app" --force
        dokku letsencrypt:enable "$other" --force
    done
    dokku letsencrypt:set --global graceperiod 1000000000
    for ((n = 0; n < ROUNDS; n++)); do
        dokku letsencrypt:auto-renew "$app"
        dokku letsencrypt:auto-renew "$other"
    done
    kill -INT "$wrk"
    wait "$wrk" || true
    cat "$BATS_TEST_TMPDIR/wrk"
    echo "# $(grep requests= "$BATS_TEST_TMPDIR/wrk"), $(($(reloads) - before)) reloads of nginx" >&3
    # The first enable of the other app has one more, for its include.
    (($(reloads) - before == 4 * ROUNDS + 1))
    grep -qE '^requests=[1-9][0-9]{2,} connect=0 read=0 write=0 status=0 timeout=0$' "$BATS_TEST_TMPDIR/wrk"
}
