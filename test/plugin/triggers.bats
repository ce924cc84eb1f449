#!/usr/bin/env bats
# What the plugin does when Dokku tells it of something.
# shellcheck disable=SC2030,SC2031
load helper

setup_plugin() { install_letsencrypt; }

is_served() { [[ $(served "$1" | serial) == $(serial <"$2") ]]; }
tls() { echo "$DOKKU_ROOT/$APP/tls/${1:-server.crt}"; }
store() { echo "$DOKKU_LIB_ROOT/data/letsencrypt/--global/certs/$APP"; }
enabled_app() {
    new_app
    dokku letsencrypt:set "$APP" graceperiod 60
    dokku letsencrypt:enable "$APP"
}

@test "a renamed app goes on with its certificate and its settings, and is renewed" {
    enabled_app
    local new=$APP-new before
    before=$(serial <"$(tls)")
    dokku apps:rename "$APP" "$new"
    [[ ! -e $(store) && ! -e $DOKKU_ROOT/$new/letsencrypt ]]
    APP=$new
    [[ $(dokku letsencrypt:active "$APP") == true ]]
    [[ $(dokku letsencrypt:report "$APP" --letsencrypt-graceperiod) == 60 ]]
    [[ $(serial <"$(tls)") == "$before" ]]
    [[ -e $DOKKU_ROOT/$APP/nginx.conf.d/letsencrypt.conf ]]
    dokku letsencrypt:set "$APP" graceperiod 1000000000
    run -0 dokku letsencrypt:auto-renew
    contains "$output" "$APP needs renewal"
    [[ $(serial <"$(tls)") != "$before" ]]
    [[ -e $DOKKU_ROOT/$APP/letsencrypt/certs/current/config ]]
    dokku letsencrypt:disable "$APP"
}

@test "a clone has the settings, but neither certificate nor include, until it is enabled; nothing is left when it is destroyed" {
    enabled_app
    local new=$APP-clone
    dokku apps:clone --skip-deploy "$APP" "$new"
    [[ $(dokku letsencrypt:active "$APP") == true ]]
    [[ $(dokku letsencrypt:active "$new") == false ]]
    [[ ! -e $DOKKU_ROOT/$new/letsencrypt && ! -e $DOKKU_ROOT/$new/tls && ! -e $DOKKU_ROOT/$new/nginx.conf.d/letsencrypt.conf ]]
    [[ $(dokku letsencrypt:report "$new" --letsencrypt-graceperiod) == 60 ]]
    dokku domains:set "$new" "$new.example.test"
    dokku letsencrypt:enable "$new"
    [[ -e $DOKKU_ROOT/$new/nginx.conf.d/letsencrypt.conf ]]
    APP=$new
    [[ -e $(store) ]]
    dokku --force apps:destroy "$APP"
    [[ ! -e $(store) && ! -e $DOKKU_LIB_ROOT/config/letsencrypt/$APP ]]
    run -0 dokku letsencrypt:auto-renew
    [[ $output != *"$APP"* ]]
}

@test "a clone keeps a certificate that is not ours" {
    new_app
    local new=$APP-clone
    self_signed "$BATS_TEST_TMPDIR/own" "$DOMAIN"
    dokku certs:add "$APP" "$BATS_TEST_TMPDIR/own.crt" "$BATS_TEST_TMPDIR/own.key"
    dokku apps:clone --skip-deploy "$APP" "$new"
    cmp "$DOKKU_ROOT/$new/tls/server.crt" "$BATS_TEST_TMPDIR/own.crt"
}

@test "a new domain: a hint, or with auto-domains a new certificate at once, unless it cannot be validated" {
    enabled_app
    run -0 dokku domains:add "$APP" "two.$DOMAIN"
    contains "$output" "Please run dokku letsencrypt:enable"
    dokku letsencrypt:set "$APP" auto-domains true
    dokku domains:add "$APP" "three.$DOMAIN"
    contains "$(openssl x509 -in "$(tls)" -noout -ext subjectAltName)" "DNS:two.$DOMAIN, DNS:three.$DOMAIN"
    wait_until is_served "three.$DOMAIN" "$(tls)"
    dokku domains:remove "$APP" "two.$DOMAIN"
    [[ $(openssl x509 -in "$(tls)" -noout -ext subjectAltName) != *two* ]]
    # One that cannot be validated does not keep Dokku from adding it.
    set_dns add-a "{\"host\": \"lost.$DOMAIN.\", \"addresses\": [\"127.0.0.9\"]}"
    run -0 dokku domains:add "$APP" "lost.$DOMAIN"
    contains "$output" "lost.$DOMAIN"
    contains "$output" "The certificate of $APP is as before"
    [[ $(dokku letsencrypt:active "$APP") == true ]]
    is_served "$DOMAIN" "$(tls)"
}

@test "an app stays enabled when its domains change their order, and has its include again when that is gone" {
    enabled_app
    dokku domains:add "$APP" "a.$DOMAIN"
    dokku letsencrypt:enable "$APP"
    dokku domains:set "$APP" "a.$DOMAIN" "$DOMAIN"
    [[ $(dokku letsencrypt:active "$APP") == true ]]
    local before
    before=$(serial <"$(tls)")
    dokku letsencrypt:auto-renew "$APP"
    [[ $(serial <"$(tls)") == "$before" ]]
    # An include that is gone comes back with the next configuration of the app.
    rm "$DOKKU_ROOT/$APP/nginx.conf.d/letsencrypt.conf"
    dokku proxy:enable "$APP"
    [[ -e $DOKKU_ROOT/$APP/nginx.conf.d/letsencrypt.conf ]]
}

@test "somebody's own certificate is told of, and not renewed; enable takes it back" {
    enabled_app
    self_signed "$BATS_TEST_TMPDIR/own" "$DOMAIN"
    run -0 dokku certs:add "$APP" "$BATS_TEST_TMPDIR/own.crt" "$BATS_TEST_TMPDIR/own.key"
    contains "$output" "$APP has a certificate that letsencrypt did not get"
    [[ ! -e $(tls server.letsencrypt.crt) ]]
    run -0 dokku letsencrypt:auto-renew "$APP"
    contains "$output" "not enabled"
    dokku letsencrypt:enable "$APP"
    wait_until is_served "$DOMAIN" "$(store)/fullchain.pem"
    [[ $(dokku letsencrypt:active "$APP") == true ]]
    run -0 dokku certs:remove "$APP"
    contains "$output" "$APP has no certificate any more"
    [[ $(dokku letsencrypt:active "$APP") == false ]]
}

@test "before Dokku 0.38.5 certificates are installed by its command" {
    new_app
    stand_in_version 0.38.4
    local before
    before=$(trigger_count)
    dokku letsencrypt:enable "$APP"
    [[ $(triggers "$before") != *certs-set* ]]
    wait_until is_served "$DOMAIN" "$(tls)"
    stand_in_version 0.38.27
}

@test "when nginx refuses the new pair, the one before is in place and served, and the next run tries again" {
    enabled_app
    local before
    before=$(serial <"$(tls)")
    # A plugin that spoils what is installed.
    plugin_with spoil post-certs-update <<'HOOK'
[[ ! -e $DOKKU_STAND_IN/spoil ]] || echo damaged >"$DOKKU_ROOT/$1/tls/server.key"
HOOK
    touch "$DOKKU_STAND_IN/spoil"
    run -1 dokku letsencrypt:enable "$APP" --force
    contains "$output" "the plugin put everything back"
    [[ $(serial <"$(tls)") == "$before" ]]
    is_served "$DOMAIN" "$(tls)"
    dokku nginx:validate-config
    rm "$DOKKU_STAND_IN/spoil"
    local got
    got=$(serial <"$(store)/fullchain.pem")
    run -0 dokku letsencrypt:auto-renew "$APP"
    [[ $(serial <"$(tls)") == "$got" && $got != "$before" ]]
    wait_until is_served "$DOMAIN" "$(tls)"
}

@test "a first pair that nginx refuses leaves the app without one, as before" {
    new_app
    touch "$DOKKU_STAND_IN/spoil"
    run -1 dokku letsencrypt:enable "$APP"
    [[ ! -e $DOKKU_ROOT/$APP/tls ]]
    dokku nginx:validate-config
    rm "$DOKKU_STAND_IN/spoil"
    dokku letsencrypt:enable "$APP"
    wait_until is_served "$DOMAIN" "$(tls)"
}

@test "variables of old become properties" {
    new_app
    dokku config:set --no-restart "$APP" DOKKU_LETSENCRYPT_EMAIL=old@b.test DOKKU_LETSENCRYPT_GRACEPERIOD=77
    dokku config:set --global DOKKU_LETSENCRYPT_ARGS="--cert.timeout 9"
    run -0 dokku plugin:install
    [[ $(dokku letsencrypt:report "$APP" --letsencrypt-email) == old@b.test ]]
    [[ $(dokku letsencrypt:report "$APP" --letsencrypt-graceperiod) == 77 ]]
    [[ $(dokku letsencrypt:report --global --letsencrypt-global-lego-args) == "--cert.timeout 9" ]]
    [[ -z $(plugn trigger config-get "$APP" DOKKU_LETSENCRYPT_EMAIL) ]]
    [[ -z $(plugn trigger config-get-global DOKKU_LETSENCRYPT_ARGS) ]]
    dokku letsencrypt:set --global lego-args
}

@test "update takes the plugin out of the image anew, and heals the modes of folders" {
    local data=$DOKKU_LIB_ROOT/data/letsencrypt
    mkdir -p "$data/old" && chmod 0700 "$data/old" "$data"
    echo damaged >"$PLUGIN_AVAILABLE_PATH/letsencrypt/help"
    dokku plugin:update letsencrypt
    [[ $(stat -c %a "$data" "$data/old" "$data/--global/accounts") == $'755\n755\n700' ]]
    run -0 dokku letsencrypt:help
    contains "$output" "letsencrypt:enable"
}

@test "what the official plugin has left is used as it is, and is there for it again" {
    enabled_app
    # The same files by the names that the official plugin gives them, and nothing of ours.
    local official=$DOKKU_ROOT/$APP/letsencrypt/certs/current before accounts=$DOKKU_LIB_ROOT/data/letsencrypt/--global/accounts
    before=$(serial <"$(tls)")
    rm -r "$(store)" "$DOKKU_ROOT/$APP/nginx.conf.d/letsencrypt.conf"
    find "$accounts" -name 'account_*.json' -delete
    local kept
    kept=$(find "$accounts" -name account.json -exec cat {} +)
    [[ $(dokku letsencrypt:active "$APP") == true ]]
    contains "$(dokku letsencrypt:list)" "$APP"
    run -0 dokku letsencrypt:auto-renew "$APP"
    contains "$output" "$APP still has "
    [[ $(serial <"$(tls)") == "$before" ]]
    dokku letsencrypt:enable "$APP" --force
    [[ $(serial <"$(tls)") != "$before" ]]
    [[ $(find "$accounts" -name account.json -exec cat {} +) == "$kept" ]]
    cmp "$(tls)" "$official/certificates/$DOMAIN.crt"
    cmp "$(tls)" "$(tls server.letsencrypt.crt)"
    [[ -s $official/certificates/$DOMAIN.pem ]]
}

@test "what the official plugin got in the meantime goes before what was got here earlier" {
    enabled_app
    local old=$BATS_TEST_TMPDIR/old official=$DOKKU_ROOT/$APP/letsencrypt/certs/current/certificates
    cp -a "$(store)" "$old"
    dokku letsencrypt:enable "$APP" --force
    # As it is after that plugin was there for a while: what it got is served, and here is the one before.
    rm -r "$(store)" && cp -a "$old" "$(store)"
    touch -d "1 hour ago" "$(store)"/*.pem
    run -0 dokku letsencrypt:auto-renew "$APP"
    contains "$output" "$APP still has "
    cmp "$(tls)" "$official/$DOMAIN.crt"
    cmp "$(tls)" "$(store)/fullchain.pem"
    run ! cmp -s "$(tls)" "$old/fullchain.pem"
}

@test "uninstalled it leaves certificates and settings, but no include" {
    enabled_app
    dokku plugin:uninstall letsencrypt
    [[ ! -e $DOKKU_ROOT/$APP/nginx.conf.d/letsencrypt.conf ]]
    [[ -e $(store) && -e $DOKKU_LIB_ROOT/config/letsencrypt/$APP/graceperiod ]]
    is_served "$DOMAIN" "$(tls)"
    # And is at work again as before.
    install_letsencrypt
    [[ $(dokku letsencrypt:active "$APP") == true ]]
}
