#!/usr/bin/env bats
# What letsencrypt:check tells, with the image in the host's network, as names lead to port 80 there.
load helper

# An address of this machine that leads to the stand-in's nginx, and one where nobody listens.
GOOD=127.$((RANDOM % 100 + 100)).$((RANDOM % 250 + 1)).1
BAD=127.$((RANDOM % 100 + 100)).$((RANDOM % 250 + 1)).2

setup_plugin() {
    install_letsencrypt
    dokku letsencrypt:set --global lego-docker-options \
        "-e ACME_SIDECAR_CA_BUNDLE=/ca.pem -v $ACME_CA_FILE:/ca.pem:ro --network=host -e ACME_SIDECAR_DNS_RESOLVERS=$DNS_SERVER -e ACME_SIDECAR_LISTEN=127.0.0.1:$ACME_PORT"
}

# Leads an address to the stand-in's nginx until the test ends.
lead() {
    node -e 'require("net").createServer((one) => {
        const other = require("net").connect(process.argv[2], "127.0.0.1");
        for (const each of [one, other]) each.on("error", () => { one.destroy(); other.destroy(); });
        one.pipe(other).pipe(one);
    }).listen(80, process.argv[1]);' "$1" "$DOKKU_STAND_IN_HTTP" 3>&- &
    LED=$!
    wait_until curl -sS -o /dev/null "http://$1/"
}

teardown() { [[ -z $LED ]] || kill "$LED"; }

include() { echo "$DOKKU_ROOT/$APP/nginx.conf.d/letsencrypt.conf"; }

@test "check says what is well, and leaves nothing behind" {
    new_app
    set_dns add-a "{\"host\": \"$DOMAIN.\", \"addresses\": [\"$GOOD\"]}"
    lead "$GOOD"
    run -0 dokku letsencrypt:check "$APP"
    contains "$output" "$DOMAIN"
    contains "$output" "$GOOD"
    contains "$output" "the CA can validate every name"
    [[ ! -e $(include) && ! -e $DOKKU_ROOT/$APP/tls ]]
}

@test "check of an enabled app leaves its include" {
    new_app
    # The CA asks the stand-in's port, wherever a name leads to.
    set_dns add-a "{\"host\": \"$DOMAIN.\", \"addresses\": [\"127.0.0.1\"]}"
    dokku letsencrypt:enable "$APP"
    set_dns clear-a "{\"host\": \"$DOMAIN.\"}"
    set_dns add-a "{\"host\": \"$DOMAIN.\", \"addresses\": [\"$GOOD\"]}"
    lead "$GOOD"
    run -0 dokku letsencrypt:check "$APP"
    [[ -e $(include) ]]
}

@test "check says what is wrong, and fails" {
    new_app
    set_dns add-a "{\"host\": \"$DOMAIN.\", \"addresses\": [\"$BAD\"]}"
    run -1 dokku letsencrypt:check "$APP"
    contains "$output" "$BAD refuses the connection for $DOMAIN."
    contains "$output" "The CA would most likely fail for $APP"
    [[ ! -e $(include) ]]
}

@test "check adds no port, and says that enable does" {
    new_app
    dokku ports:set "$APP" https:443:5000
    run -1 dokku letsencrypt:check "$APP"
    contains "$output" "No http:80 port mapping was found for $APP"
    [[ $(plugn trigger ports-get "$APP") != *http:80* ]]
}

@test "a property that cannot be used is told" {
    new_app
    dokku letsencrypt:set "$APP" lego-args "--must-staple"
    run -1 dokku letsencrypt:check "$APP"
    contains "$output" "must-staple"
    contains "$output" "The check of $APP could not be made"
}
