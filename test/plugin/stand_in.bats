#!/usr/bin/env bats
# What the tests of the plugin take for granted of the stand-in: that it does as Dokku does.
load helper

is_served() { [[ $(served "$1" | serial) == $(serial <"$2") ]]; }
shows() { [[ $("${@:2}") == "$1" ]]; }
answers() { [[ $(status "${@:2}") == "$1" ]]; }

@test "an unknown command and an app that does not exist are errors" {
    run -1 dokku nonsense:here
    contains "$output" "is not a dokku command"
    run -20 dokku certs:remove missing
    contains "$output" "App missing does not exist"
    run -1 dokku apps:create Wrong_Name
}

@test "an app that is not deployed is served with 502, and one that is with 200" {
    new_app
    wait_until answers 502 http "$DOMAIN"
    dokku ps:rebuild "$APP"
    wait_until answers 200 http "$DOMAIN"
    wait_until shows "$APP" http "$DOMAIN"
}

@test "Dokku before 0.38 writes no nginx.conf before the first deployment, and lacks the triggers of certs" {
    stand_in_version 0.37.9
    new_app
    [[ ! -e $DOKKU_ROOT/$APP/nginx.conf ]]
    [[ ! -e $PLUGIN_ENABLED_PATH/certs/certs-set ]]
    dokku ps:rebuild "$APP"
    [[ -e $DOKKU_ROOT/$APP/nginx.conf ]]
    stand_in_version 0.38.27
    [[ -x $PLUGIN_ENABLED_PATH/certs/certs-set ]]
}

@test "domains and ports: each change is told with its action, and counts at once" {
    new_app
    local before
    before=$(trigger_count)
    dokku domains:add "$APP" "two.$DOMAIN"
    dokku domains:remove "$APP" "$DOMAIN"
    dokku ports:add "$APP" http:8080:5000
    [[ $(plugn trigger domains-list "$APP") == "two.$DOMAIN" ]]
    [[ $(plugn trigger ports-get "$APP") == http:8080:5000 ]]
    contains "$(triggers "$before")" "post-domains-update $APP add two.$DOMAIN"
    contains "$(triggers "$before")" "post-domains-update $APP remove $DOMAIN"
    contains "$(triggers "$before")" "post-proxy-ports-update $APP add"
    contains "$(dokku nginx:show-config "$APP")" "listen unix:"
    dokku ports:clear "$APP"
    [[ $(plugn trigger ports-get "$APP") == http:80:5000 ]]
    dokku domains:clear "$APP"
    [[ -z $(plugn trigger domains-list "$APP") ]]
}

@test "a certificate by files, by the trigger and by a tar is served, port 80 redirects but for what is included" {
    new_app
    dokku ports:set "$APP" http:80:5000
    local pair=$BATS_TEST_TMPDIR/server before
    self_signed "$pair" "$DOMAIN"
    before=$(reloads)
    dokku certs:add "$APP" "$pair.crt" "$pair.key"
    [[ $(reloads) == $((before + 1)) ]]
    [[ $(dokku ports:report "$APP" --ports-map) == "http:80:5000 https:443:5000" ]]
    wait_until is_served "$DOMAIN" "$pair.crt"
    wait_until answers 301 http "$DOMAIN"
    echo 'location ^~ /.well-known/acme-challenge/ { return 204; }' >"$DOKKU_ROOT/$APP/nginx.conf.d/challenge.conf"
    dokku nginx:reload
    wait_until answers 204 http "$DOMAIN" /.well-known/acme-challenge/x
    wait_until answers 204 https "$DOMAIN" /.well-known/acme-challenge/x

    self_signed "$pair" "$DOMAIN"
    plugn trigger certs-set "$APP" "$pair.crt" "$pair.key"
    wait_until is_served "$DOMAIN" "$pair.crt"
    self_signed "$pair" "$DOMAIN"
    tar -C "$BATS_TEST_TMPDIR" -c server.crt server.key | dokku certs:add "$APP"
    wait_until is_served "$DOMAIN" "$pair.crt"
    dokku --app "$APP" certs:remove
    [[ ! -e $DOKKU_ROOT/$APP/tls ]]
    [[ $(dokku ports:report "$APP" --ports-map) == http:80:5000 ]]
}

@test "a pair that does not belong together fails, and stays, while nginx goes on with the old one" {
    new_app
    local good=$BATS_TEST_TMPDIR/good other=$BATS_TEST_TMPDIR/other
    self_signed "$good" "$DOMAIN"
    self_signed "$other" "$DOMAIN"
    dokku certs:add "$APP" "$good.crt" "$good.key"
    wait_until is_served "$DOMAIN" "$good.crt"
    run ! dokku certs:add "$APP" "$other.crt" "$good.key"
    contains "$output" "key values mismatch"
    cmp "$other.crt" "$DOKKU_ROOT/$APP/tls/server.crt"
    run ! dokku nginx:reload
    is_served "$DOMAIN" "$good.crt"
    dokku certs:add "$APP" "$good.crt" "$good.key"
}

@test "triggers run in the order of the plugins' names, and the first that fails ends them" {
    echo 'echo aaa' | plugin_with aaa ordered
    echo 'echo mmm; exit 3' | plugin_with mmm ordered
    echo 'echo zzz' | plugin_with zzz ordered
    run -3 plugn trigger ordered
    [[ $output == $'aaa\nmmm' ]]
    chmod -x "$PLUGIN_AVAILABLE_PATH/mmm/ordered"
    run -0 plugn trigger ordered
    contains "$output" "is not executable, skipping plugin (mmm)"
    contains "$output" zzz
    echo '[plugin]' >"$PLUGIN_AVAILABLE_PATH/zzz/plugin.toml"
    run ! plugn trigger ordered
    for name in aaa mmm zzz; do plugn uninstall "$name"; done
}

@test "a trigger of a plugin that fails makes the command of the core fail" {
    new_app
    echo 'exit 1' | plugin_with mmm post-domains-update
    run ! dokku domains:add "$APP" "b.$DOMAIN"
    plugn uninstall mmm
    run ! grep "b.$DOMAIN" "$DOKKU_ROOT/$APP/nginx.conf"
}

@test "apps:rename takes certificate, includes, ports and domains along, and post-delete comes before the folder goes" {
    new_app
    local pair=$BATS_TEST_TMPDIR/server new=$APP-new
    self_signed "$pair" "$DOMAIN"
    dokku ports:add "$APP" http:80:3000
    dokku certs:add "$APP" "$pair.crt" "$pair.key"
    touch "$DOKKU_ROOT/$APP/nginx.conf.d/mine.conf"
    dokku ps:rebuild "$APP"
    # shellcheck disable=SC2016
    echo 'ls -d "$DOKKU_ROOT/$1" >"$DOKKU_STAND_IN/seen"' | plugin_with zzz post-delete
    dokku apps:rename "$APP" "$new"
    plugn uninstall zzz
    [[ $(<"$DOKKU_STAND_IN/seen") == "$DOKKU_ROOT/$APP" && ! -e $DOKKU_ROOT/$APP ]]
    cmp "$pair.crt" "$DOKKU_ROOT/$new/tls/server.crt"
    [[ -e $DOKKU_ROOT/$new/nginx.conf.d/mine.conf ]]
    [[ $(plugn trigger domains-list "$new") == "$DOMAIN" ]]
    contains "$(plugn trigger ports-get "$new")" http:80:3000
    wait_until is_served "$DOMAIN" "$pair.crt"
    wait_until shows "$new" https "$DOMAIN"
}

@test "apps:clone copies what git copies, the certificate among it, but not the domains" {
    new_app
    local pair=$BATS_TEST_TMPDIR/server new=$APP-new
    self_signed "$pair" "$DOMAIN"
    dokku certs:add "$APP" "$pair.crt" "$pair.key"
    touch "$DOKKU_ROOT/$APP/nginx.conf.d/mine.conf"
    dokku apps:clone --skip-deploy "$APP" "$new"
    cmp "$pair.crt" "$DOKKU_ROOT/$new/tls/server.crt"
    [[ -e $DOKKU_ROOT/$new/nginx.conf.d/mine.conf && ! -e $DOKKU_ROOT/$new/nginx.conf ]]
    [[ -z $(plugn trigger domains-list "$new") ]]
    run ! dokku apps:destroy "$new"
    dokku --force apps:destroy "$new"
    [[ ! -e $DOKKU_ROOT/$new && ! -e $DOKKU_LIB_ROOT/config/apps/$new ]]
}

@test "the table of cron has what plugins say, unless there is a blank line, and nothing else" {
    echo 'echo "1 2 * * *;dokku nothing;/tmp/log"' | plugin_with mmm cron-entries
    plugn trigger scheduler-cron-write
    grep -qxF '1 2 * * * dokku nothing &>> /tmp/log' "$DOKKU_STAND_IN/crontab"
    echo 'echo; echo "3 4 * * *;dokku more"' | plugin_with nnn cron-entries
    plugn trigger scheduler-cron-write
    [[ ! -e $DOKKU_STAND_IN/crontab ]]
    echo 'echo "1;2;3;4"' | plugin_with nnn cron-entries
    run ! plugn trigger scheduler-cron-write
    plugn uninstall mmm && plugn uninstall nnn
}

@test "properties are files for their owner only, can be copied, and go with their app" {
    # shellcheck source=/dev/null
    source "$PLUGIN_CORE_AVAILABLE_PATH/common/property-functions"
    local file=$DOKKU_LIB_ROOT/config/some/old/key
    fn-plugin-property-write some old key "a value"
    [[ $(stat -c %a "$file") == 600 && $(<"$file") == "a value" ]]
    fn-plugin-property-clone some old new
    [[ $(fn-plugin-property-get-all some new) == "key a value" ]]
    fn-plugin-property-destroy some old
    [[ $(fn-plugin-property-get-default some old key none) == none ]]
    run ! fn-plugin-property-exists some old key
}

@test "without its proxy an app has no nginx.conf, and with another one nginx leaves it alone" {
    new_app
    dokku proxy:disable "$APP"
    [[ $(plugn trigger proxy-is-enabled "$APP") == false && ! -e $DOKKU_ROOT/$APP/nginx.conf ]]
    dokku proxy:enable "$APP"
    [[ -e $DOKKU_ROOT/$APP/nginx.conf ]]
    dokku proxy:set "$APP" caddy
    [[ $(plugn trigger proxy-type "$APP") == caddy ]]
    dokku scheduler:set "$APP" selected k3s
    [[ $(plugn trigger scheduler-detect "$APP") == k3s ]]
}

@test "plugins come as a git repository and as a tar, and update always ends with its trigger" {
    local source=$BATS_TEST_TMPDIR/dokku-sample
    mkdir -p "$source/subcommands"
    printf '[plugin]\ndescription = "a sample"\nversion = "3"\n[plugin.config]\n' >"$source/plugin.toml"
    # shellcheck disable=SC2016
    printf '#!/bin/sh\necho "$0 $*" | sed "s:.*/::"\n' | tee "$source/install" "$source/update" >"$source/subcommands/say"
    chmod +x "$source"/{install,update,subcommands/say}
    git -C "$source" init -q
    git -C "$source" add .
    git -C "$source" -c user.name=x -c user.email=x@example.com commit -qm sample
    run -0 dokku plugin:install "file://$source"
    contains "$output" install
    dokku plugin:installed sample
    [[ $(dokku --app one sample:say two) == "say sample:say two" ]]
    contains "$(dokku plugin:update sample)" update
    run ! dokku plugin:enable sample
    dokku plugin:uninstall sample
    run ! dokku plugin:installed sample

    tar -C "$BATS_TEST_TMPDIR" --exclude .git -czf "$BATS_TEST_TMPDIR/sample.tar.gz" dokku-sample
    dokku plugin:install "file://$BATS_TEST_TMPDIR/sample.tar.gz" --name sample
    run -0 dokku plugin:update sample
    contains "$output" "not managed by git"
    contains "$output" update
    dokku plugin:uninstall sample
}
