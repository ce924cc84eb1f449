#!/usr/bin/env bats
# What the commands of the plugin do, with a real CA, a real nginx and the image.
# shellcheck disable=SC2030,SC2031
load helper

setup_plugin() { install_letsencrypt; }

is_served() { [[ $(served "$1" | serial) == $(serial <"$2") ]]; }
answers() { [[ $(status "${@:2}") == "$1" ]]; }
tls() { echo "$DOKKU_ROOT/$APP/tls/${1:-server.crt}"; }
current() { readlink -f "$DOKKU_ROOT/$APP/letsencrypt/certs/current"; }
store() { echo "$DOKKU_LIB_ROOT/data/letsencrypt/--global/certs/$APP"; }

@test "enable gets a certificate, nginx serves it, and what others look for is in place" {
    new_app
    run -0 dokku letsencrypt:active "$APP"
    [[ $output == false ]]
    run -0 dokku letsencrypt:enable "$APP"
    contains "$output" "Certificate retrieved successfully."
    wait_until is_served "$DOMAIN" "$(tls)"
    cmp "$(tls)" "$(tls server.letsencrypt.crt)"
    cmp "$(tls)" "$(current)/certificates/$DOMAIN.crt"
    cmp "$(tls server.key)" "$(current)/certificates/$DOMAIN.key"
    [[ $(stat -c %a "$(current)/certificates/$DOMAIN.key" "$(store)/key.pem") == $'600\n600' ]]
    run -0 dokku letsencrypt:active "$APP"
    [[ $output == true ]]
}

@test "enable leaves a good certificate alone, and --force does not; the first reloads nginx twice, a renewal once, and nothing due not at all" {
    new_app
    dokku letsencrypt:set "$APP" graceperiod 60
    local before count
    count=$(reloads)
    dokku letsencrypt:enable "$APP"
    (($(reloads) - count == 2))
    before=$(serial <"$(tls)")
    run -0 dokku letsencrypt:enable "$APP"
    contains "$output" "Certificate is still valid for $APP"
    dokku letsencrypt:auto-renew
    [[ $(serial <"$(tls)") == "$before" ]]
    (($(reloads) - count == 2))
    run -0 dokku letsencrypt:enable --force "$APP"
    [[ $(serial <"$(tls)") != "$before" ]]
    (($(reloads) - count == 3))
    wait_until is_served "$DOMAIN" "$(tls)"
}

@test "auto-renew renews what is due, for one app or for all, and says what is not" {
    new_app
    local first=$APP before
    dokku letsencrypt:set "$APP" graceperiod 60
    dokku letsencrypt:enable "$APP"
    before=$(serial <"$(tls)")
    run -0 dokku letsencrypt:auto-renew "$APP"
    contains "$output" "$APP still has "
    dokku letsencrypt:set "$APP" graceperiod 1000000000
    run -0 dokku letsencrypt:auto-renew "$APP"
    [[ $(serial <"$(tls)") != "$before" ]]
    new_app
    run -0 dokku letsencrypt:auto-renew "$APP"
    contains "$output" "Letsencrypt not enabled for $APP"
    run -0 dokku letsencrypt:auto-renew
    contains "$output" "$first needs renewal"
    contains "$output" "Finished auto-renewal"
    dokku letsencrypt:disable "$first"
}

@test "auto-renew goes on after an app that fails, and fails in the end" {
    new_app
    local good=$APP
    dokku letsencrypt:set "$APP" graceperiod 1000000000
    dokku letsencrypt:enable "$APP"
    new_app
    dokku letsencrypt:set "$APP" graceperiod 1000000000
    dokku letsencrypt:enable "$APP"
    dokku letsencrypt:set "$APP" lego-args "--must-staple"
    run -1 dokku letsencrypt:auto-renew
    contains "$output" "must-staple"
    contains "$output" "$good needs renewal"
    contains "$output" "Failed to setup letsencrypt for $APP"
    contains "$output" "Finished auto-renewal"
    dokku letsencrypt:disable "$APP"
    dokku letsencrypt:disable "$good"
}

@test "enable --all goes on after an app that cannot have a certificate" {
    new_app
    local good=$APP
    new_app
    dokku domains:clear "$APP"
    run -1 dokku letsencrypt:enable --all
    contains "$output" "No domains detected for $APP"
    APP=$good
    wait_until is_served "$good.example.test" "$(tls)"
    dokku --force apps:destroy "$good"
}

@test "disable removes certificate, include and folder, and the app goes on with http" {
    new_app
    dokku letsencrypt:enable "$APP"
    run -0 dokku letsencrypt:disable "$APP"
    [[ $output != *"no certificate any more"* ]]
    [[ ! -e $DOKKU_ROOT/$APP/letsencrypt && ! -e $DOKKU_ROOT/$APP/tls && ! -e $(store) ]]
    [[ ! -e $DOKKU_ROOT/$APP/nginx.conf.d/letsencrypt.conf ]]
    wait_until answers 502 http "$DOMAIN"
    run -0 dokku letsencrypt:active "$APP"
    [[ $output == false ]]
}

@test "disable leaves a certificate that somebody else has put there" {
    new_app
    dokku letsencrypt:enable "$APP"
    self_signed "$BATS_TEST_TMPDIR/own" "$DOMAIN"
    run -0 dokku certs:add "$APP" "$BATS_TEST_TMPDIR/own.crt" "$BATS_TEST_TMPDIR/own.key"
    contains "$output" "will not renew"
    [[ $(dokku letsencrypt:active "$APP") == false ]]
    dokku letsencrypt:disable "$APP"
    wait_until is_served "$DOMAIN" "$BATS_TEST_TMPDIR/own.crt"
    [[ ! -e $DOKKU_ROOT/$APP/nginx.conf.d/letsencrypt.conf ]]
}

@test "a revocation that fails keeps the certificate in use; one that the CA is told of removes it" {
    new_app
    dokku letsencrypt:enable "$APP"
    dokku letsencrypt:set "$APP" server https://127.0.0.1:9/dir
    run -1 dokku letsencrypt:revoke "$APP"
    contains "$output" "Certificate revocation failed"
    is_served "$DOMAIN" "$(tls)"
    dokku letsencrypt:set "$APP" server
    run -0 dokku letsencrypt:revoke "$APP"
    contains "$output" "is revoked"
    contains "$output" "Certificate revoked successfully."
    [[ ! -e $(tls) && ! -e $(store) ]]
    run -1 dokku letsencrypt:revoke "$APP"
    contains "$output" "nothing to revoke"
}

@test "cleanup removes the folders of older settings, and another CA gets a new certificate" {
    new_app
    dokku letsencrypt:set "$APP" graceperiod 60
    dokku letsencrypt:enable "$APP"
    local old
    old=$(current)
    dokku letsencrypt:set "$APP" lego-args "--cert.timeout=45"
    dokku letsencrypt:enable "$APP"
    [[ $(current) != "$old" && -d $old ]]
    grep -qF -- --cert.timeout=45 "$(current)/config"
    run -0 dokku letsencrypt:cleanup "$APP"
    [[ -d $(current) && ! -d $old ]]
    # Another CA gets a new certificate at the next enable.
    local before
    before=$(serial <"$(tls)")
    # The same CA by another name.
    dokku letsencrypt:set "$APP" server "$ACME_SERVER?"
    run -0 dokku letsencrypt:enable "$APP"
    [[ $(serial <"$(tls)") != "$before" ]]
}

@test "an app is enabled by its name alone, too, and list shows what is enabled, and when it ends" {
    new_app
    local other=$APP
    new_app
    run -0 dokku letsencrypt "$APP"
    contains "$output" "Certificate retrieved successfully."
    run -0 dokku letsencrypt:list
    contains "$output" "Time before renewal"
    [[ $output =~ $APP\ +20[0-9]{2}-[0-9]{2}-[0-9]{2} ]]
    [[ $output != *"$other"* ]]
    local row
    row=$(grep "^$APP " <<<"$output")
    contains "$row" "m, "
    [[ $row != *"at the next run"* && $output != *error* ]]
}

@test "the cron job is added to Dokku's crontab twice a day, and removed" {
    run -0 dokku letsencrypt:cron-job
    contains "$output" "Auto-renew cron job is not enabled"
    dokku letsencrypt:cron-job --add
    run -0 dokku letsencrypt:cron-job
    contains "$output" "Auto-renew cron job is enabled"
    run -0 plugn trigger cron-entries docker-local
    [[ $output =~ ^[0-9]+\ [0-9]+,[0-9]+\ \*\ \*\ \*\;dokku\ letsencrypt:auto-renew\;.*letsencrypt.log$ ]]
    dokku letsencrypt:cron-job --remove
    run -0 plugn trigger cron-entries docker-local
    [[ -z $output ]]
    run -1 dokku letsencrypt:cron-job --nonsense
    contains "$output" "Invalid flag"
}

@test "set keeps a value, an empty one takes it away, and a wrong one is refused" {
    new_app
    dokku letsencrypt:set "$APP" graceperiod 4242
    run -0 dokku letsencrypt:report "$APP" --letsencrypt-graceperiod
    [[ $output == 4242 ]]
    dokku letsencrypt:set --global graceperiod 100
    dokku letsencrypt:set "$APP" graceperiod ""
    run -0 dokku letsencrypt:report "$APP" --letsencrypt-computed-graceperiod
    [[ $output == 100 ]]
    dokku letsencrypt:set --global graceperiod
    local wrong
    for wrong in "nonsense 1" "graceperiod soon" "challenge dns" "auto-domains maybe" "allow-partial 1" "nginx-include never" "port http"; do
        # shellcheck disable=SC2086
        run -1 dokku letsencrypt:set "$APP" $wrong
    done
    run ! dokku letsencrypt:set missing email a@b.test
}

@test "secrets are not repeated, lie in files for their owner alone, and are masked" {
    new_app
    run -0 dokku letsencrypt:set "$APP" eab-hmac-key s3cr3t-hmac
    [[ $output != *s3cr3t* ]]
    run -0 bash -c "printf s3cr3t-dns | dokku letsencrypt:set $APP dns-provider-TOKEN -"
    [[ $output != *s3cr3t* ]]
    local file
    for file in eab-hmac-key dns-provider-TOKEN; do
        [[ $(stat -c %a "$DOKKU_LIB_ROOT/config/letsencrypt/$APP/$file") == 600 ]]
    done
    run -0 dokku report "$APP"
    contains "$output" "****"
    [[ $output != *s3cr3t* ]]
    run -0 dokku letsencrypt:report "$APP"
    [[ $output != *s3cr3t-hmac* ]]
    run -0 dokku letsencrypt:report "$APP" --format json
    [[ $output != *s3cr3t-hmac* ]]
    run -0 dokku letsencrypt:report "$APP" --letsencrypt-eab-hmac-key
    [[ $output == s3cr3t-hmac ]]
    run -0 dokku letsencrypt:report "$APP" --letsencrypt-dns-provider-TOKEN
    [[ $output == s3cr3t-dns ]]
}

@test "report comes as text, as JSON, for all and for one flag" {
    new_app
    dokku letsencrypt:set "$APP" email own@b.test
    run -0 dokku letsencrypt:report "$APP"
    contains "$output" "$APP letsencrypt information"
    contains "$output" "Letsencrypt computed email:"
    run -0 bash -c "dokku letsencrypt:report $APP --format json | jq -r '.email, .\"computed-email\", .active'"
    [[ $output == $'own@b.test\nown@b.test\nfalse' ]]
    run -0 bash -c "dokku letsencrypt:report --global --format json | jq -r 'keys[]' | grep -vc ^global- || true"
    [[ $output == 0 ]]
    run -0 dokku letsencrypt:report
    contains "$output" "$APP letsencrypt information"
    run -1 dokku letsencrypt:report "$APP" --format json --letsencrypt-email
    contains "$output" "format flag cannot be specified when specifying an info flag"
    run -1 dokku letsencrypt:report "$APP" --letsencrypt-nonsense
    contains "$output" "--letsencrypt-computed-email"
}

@test "help names every command" {
    run -0 dokku letsencrypt:help
    local command
    for command in "$PLUGIN_AVAILABLE_PATH"/letsencrypt/subcommands/*; do
        command=${command##*/}
        [[ $command == default ]] || contains "$output" "letsencrypt:$command"
    done
    run -0 dokku letsencrypt
    contains "$output" "letsencrypt:enable"
    run -0 dokku help
    contains "$output" "letsencrypt"
}

@test "a program answers by DNS: for a wildcard, with its variables, without a word to nginx" {
    new_app
    dokku domains:set "$APP" "*.$DOMAIN"
    cat >"$BATS_TEST_TMPDIR/hook" <<HOOK
#!/bin/sh
[ "\$TOKEN" = "two words" ] || exit 1
case \$1 in
present) wget -q -O /dev/null --post-data "{\"host\":\"\$2\",\"value\":\"\$3\"}" $CHALLTESTSRV_URL/set-txt ;;
cleanup) wget -q -O /dev/null --post-data "{\"host\":\"\$2\"}" $CHALLTESTSRV_URL/clear-txt ;;
esac
HOOK
    chmod +x "$BATS_TEST_TMPDIR/hook"
    dokku letsencrypt:set "$APP" dns-provider exec
    dokku letsencrypt:set "$APP" dns-provider-EXEC_PATH /hook
    dokku letsencrypt:set "$APP" dns-provider-TOKEN "two words"
    dokku letsencrypt:set "$APP" lego-args "--dns.propagation-wait=1s"
    dokku letsencrypt:set "$APP" lego-docker-options "--network host -e ACME_SIDECAR_CA_BUNDLE=/ca.pem -v $ACME_CA_FILE:/ca.pem:ro -v '$BATS_TEST_TMPDIR/hook:/hook:ro'"
    local before
    before=$(reloads)
    run -0 dokku letsencrypt:enable "$APP"
    (($(reloads) - before == 1))
    [[ -f $(current)/certificates/_.$DOMAIN.crt ]]
    [[ $(stat -c %a "$(current)/docker.env") == 600 ]]
    grep -qx "TOKEN=two words" "$(current)/docker.env"
    [[ ! -e $DOKKU_ROOT/$APP/nginx.conf.d/letsencrypt.conf ]]
}

@test "with a temporary include nothing of it is left afterwards" {
    new_app
    dokku letsencrypt:set "$APP" nginx-include temporary
    dokku letsencrypt:enable "$APP"
    wait_until is_served "$DOMAIN" "$(tls)"
    [[ ! -e $DOKKU_ROOT/$APP/nginx.conf.d/letsencrypt.conf ]]
    dokku letsencrypt:set "$APP" graceperiod 1000000000
    dokku letsencrypt:auto-renew "$APP"
    [[ -z $(ls "$DOKKU_ROOT/$APP/nginx.conf.d") ]]
}

@test "with the stateless challenge nginx answers by itself" {
    new_app
    dokku letsencrypt:set "$APP" challenge stateless
    run -0 dokku letsencrypt:enable "$APP"
    wait_until is_served "$DOMAIN" "$(tls)"
    run -0 http "$DOMAIN" /.well-known/acme-challenge/token
    [[ $output == token.* ]]
    docker run --rm --user "$(id -u):$(id -g)" -v "$DOKKU_LIB_ROOT/data/letsencrypt/--global/accounts:/accounts" "$IMAGE" nginx \
        --stateless --server "$ACME_SERVER" --email you@example.com --account_dir /accounts >"$BATS_TEST_TMPDIR/text"
    cmp "$BATS_TEST_TMPDIR/text" "$DOKKU_ROOT/$APP/nginx.conf.d/letsencrypt.conf"
}

@test "new kinds of settings reach the CA" {
    new_app
    dokku letsencrypt:set "$APP" key-type rsa2048
    dokku letsencrypt:set "$APP" ca "https://127.0.0.1:9/dir,$ACME_SERVER"
    run -0 dokku letsencrypt:enable "$APP"
    contains "$(openssl x509 -in "$(tls)" -noout -text)" "Public-Key: (2048 bit)"
}
