#!/usr/bin/env bats
# What is wrong is told before the CA is asked, with the command that mends it.
load helper

setup_plugin() {
    install_letsencrypt
    # Whoever asks a CA in these tests gets another error.
    dokku letsencrypt:set --global server https://127.0.0.1:9/dir
}

# refused TEXT...: enable fails, says all that, and has not been as far as the CA.
refused() {
    local text
    run -1 dokku letsencrypt:enable "$APP"
    for text in "$@"; do contains "$output" "$text"; done
    [[ $output != *127.0.0.1:9* ]]
    [[ ! -e $DOKKU_ROOT/$APP/tls ]]
}

@test "an app without a domain, or with nginx's name for all of them" {
    new_app
    dokku domains:clear "$APP"
    refused "No domains detected for $APP" "dokku domains:add $APP"
    dokku domains:set "$APP" _
    refused "No domains detected for $APP"
}

@test "no e-mail address" {
    new_app
    dokku letsencrypt:set --global email ""
    refused "without an e-mail address" "dokku letsencrypt:set $APP email"
    dokku letsencrypt:set --global email you@example.com
}

@test "a DNS service by name" {
    new_app
    dokku letsencrypt:set "$APP" dns-provider route53
    refused "dns-provider route53" "Choose one of exec"
}

@test "another proxy than nginx" {
    new_app
    dokku proxy:set "$APP" traefik
    refused "The proxy of $APP is traefik" "dokku proxy:set $APP nginx"
}

@test "a proxy that is disabled" {
    new_app
    dokku proxy:disable "$APP"
    refused "The proxy of $APP is disabled" "dokku proxy:enable $APP"
}

@test "k3s, unless a program answers by DNS" {
    new_app
    dokku scheduler:set "$APP" selected k3s
    refused "k3s" "dns-provider exec"
    dokku letsencrypt:set "$APP" dns-provider exec
    run -1 dokku letsencrypt:enable "$APP"
    contains "$output" "dns-provider-EXEC_PATH"
}

@test "no http port is mapped, and none can be made" {
    new_app
    dokku ports:set "$APP" tcp:2222:2222
    refused "no http or https proxy port mapping" "dokku ports:add $APP http:80:"
}

@test "a configuration of nginx that includes nothing of ours" {
    new_app
    sed -i '/nginx.conf.d/d' "$DOKKU_ROOT/$APP/nginx.conf"
    refused "does not include nginx.conf.d/*.conf" "nginx.conf.sigil"
}

@test "an app that is not deployed, before Dokku 0.38" {
    stand_in_version 0.37.9
    new_app
    refused "There is no nginx.conf for $APP" "Deploy it first"
    stand_in_version 0.38.27
}

@test "a property that cannot be understood is called by its name" {
    new_app
    dokku letsencrypt:set "$APP" key-type rsa1
    refused "key-type rsa1"
    dokku letsencrypt:set "$APP" key-type
    dokku letsencrypt:set "$APP" lego-args --must-staple
    refused "must-staple" "Take it out of lego-args"
}

@test "a wildcard without DNS" {
    new_app
    dokku domains:set "$APP" "*.$DOMAIN"
    refused "wildcard" "dns-provider exec"
}

@test "http on another port is mapped to port 80 as well" {
    new_app
    dokku ports:set "$APP" http:8080:8080
    run -1 dokku letsencrypt:enable "$APP"
    contains "$output" "Adding http:80:8080 port mapping"
    contains "$(dokku ports:report "$APP" --ports-map)" http:80:8080
}

@test "an nginx that refuses its configuration: nothing is left, and the CA is not asked" {
    new_app
    local other=$APP
    new_app
    echo "nonsense;" >"$DOKKU_ROOT/$other/nginx.conf.d/broken.conf"
    refused "nothing was changed" "unknown directive"
    [[ ! -e $DOKKU_ROOT/$APP/nginx.conf.d/letsencrypt.conf ]]
    rm "$DOKKU_ROOT/$other/nginx.conf.d/broken.conf"
}

@test "an app that does not exist, and none at all" {
    run ! dokku letsencrypt:enable missing
    contains "$output" "missing does not exist"
    run -1 dokku letsencrypt:enable
    contains "$output" "Please specify an app"
}

@test "a CA that is out of reach fails the app, and says so" {
    new_app
    run -1 dokku letsencrypt:enable "$APP"
    contains "$output" "127.0.0.1:9"
    contains "$output" "Failed to setup letsencrypt for $APP"
}
