#!/usr/bin/env bats
# A container that was taken over says and writes what it likes, and gets no further than its certificates.
# shellcheck disable=SC2016,SC2030,SC2031
load helper
load container

setup_plugin() {
    install_letsencrypt
    use_container
}

setup() {
    OWNED=$DOKKU_STAND_IN/owned
    export OWNED
    rm -f "$OWNED" "$OWNED".*
}

# Nothing that came from the container was run.
nothing_ran() { [[ -z $(ls "$OWNED"* 2>/dev/null) ]]; }

# Commands end, whatever the container does; who does not end has none of the streams that the test waits for.
in_time() {
    local code=0
    timeout -k 5 60 "$@" >"$BATS_TEST_TMPDIR/said" 2>&1 3>&- || code=$?
    head -c 20000000 "$BATS_TEST_TMPDIR/said"
    return "$code"
}

@test "words of the container: other apps, commands in place of numbers and names, and what means nothing" {
    enabled_app
    local app=$APP before
    before=$(serial <"$(tls)")
    new_app
    container <<SCRIPT
get $APP
cat <<'WORDS'
issued $APP
issued
issued ..
issued ../../../../home/dokku/$APP
issued a[\$(touch $OWNED.1)]
issued \$(touch $OWNED.2)
issued -rf
kept $APP 5
kept $app a[\$(touch $OWNED.3)]
kept $app a[\$(touch \$OWNED.4)]
kept $app 08
kept $app 5 a[\$(touch \$OWNED.5)]
kept $app 1234567890123456
kept $app \$(touch $OWNED.6)
kept $app LE_PROPERTIES[\$(touch \$OWNED.7)]
kept $app
failed $app
owned $app
kept $app 100
kept $app 200
issued $app
WORDS
printf 'kept\0 %s 7\n' $app
SCRIPT
    run -0 in_time dokku letsencrypt:auto-renew "$app"
    nothing_ran
    contains "$output" "$app still has 1m, 40s left before renewal"
    [[ $(grep -c "left before renewal" <<<"$output") == 1 ]]
    [[ $output != *"$APP"* && ! -e $DOKKU_ROOT/$APP/tls ]]
    [[ $(serial <"$DOKKU_ROOT/$app/tls/server.crt") == "$before" ]]
}

@test "characters that a terminal heeds do not get there" {
    new_app
    container <<SCRIPT
get $APP
printf 'one\e]0;title\atwo\e[2Jthree\rfour\bfive\x9bsix\xc2\x9bseven\n' >&2
printf '\e[31missued %s\n' $APP
printf 'kept %s \e[31m5\n' $APP
echo issued $APP
SCRIPT
    run -0 in_time dokku letsencrypt:enable "$APP"
    contains "$output" one
    contains "$output" seven
    [[ $(LC_ALL=C tr -d '\n -~' <<<"$output" | wc -c) == 0 ]]
}

# What is said goes to a file, and not much more than it may be.
talk() {
    timeout -k 5 60 dokku "$@" 2>&1 3>&- | head -c 20000000 >"$BATS_TEST_TMPDIR/said"
    return "${PIPESTATUS[0]}"
}

@test "a container that does not stop talking is stopped, and others get their turn" {
    new_app
    : >"$DOKKU_STAND_IN/docker.log"
    container <<<'[[ $WORD != dokku ]] || { exec yes "issued x" >&2; }'
    run -1 talk letsencrypt:enable "$APP"
    grep -q "wrote too much" "$BATS_TEST_TMPDIR/said"
    grep -qx rm "$DOKKU_STAND_IN/docker.log"
    # The same with a limit that is reached sooner: to read as much as that takes bash seconds.
    local most
    most=$(grep -m 1 '^LE_MOST=' "$PLUGIN_AVAILABLE_PATH/letsencrypt/container")
    sed -i 's/^LE_MOST=[0-9]*/LE_MOST=100000/' "$PLUGIN_AVAILABLE_PATH/letsencrypt/container"
    container <<<'head -c 10000000 /dev/zero | tr "\0" x; exec yes "kept x"'
    run -1 talk letsencrypt:enable "$APP"
    grep -q "wrote too much" "$BATS_TEST_TMPDIR/said"
    container <<<'head -c 10000000 /dev/zero >&2; exec cat /dev/zero'
    run -1 talk letsencrypt:enable "$APP"
    run -0 talk letsencrypt:list
    sed -i "s/^LE_MOST=.*/$most/" "$PLUGIN_AVAILABLE_PATH/letsencrypt/container"
    container <<<"get $APP && echo issued $APP"
    run -0 in_time dokku letsencrypt:enable "$APP"
}

@test "list: folders with names of their own, and numbers that are none" {
    enabled_app
    local other=$APP
    enabled_app
    container <<SCRIPT
cat <<'JSON'
[{"id": "x a[\$(touch $OWNED.1)]", "next": "2030-01-01T00:00:00Z"},
 {"id": "a[\$(touch $OWNED.2)]", "next": "2030-01-01T00:00:00Z"},
 {"id": "-rf", "next": "2030-01-01T00:00:00Z"}, {"id": "", "next": "2030-01-01T00:00:00Z"},
 {"id": "x\n$other 86400", "next": "2030-01-01T00:00:00Z"},
 {"id": ["$other"], "next": "2030-01-01T00:00:00Z"}, {"id": {}, "next": {}}, 5, "$other", null, [],
 {"id": "$other", "next": "a[\$(touch $OWNED.3)]"}, {"id": "$other", "next": 5}, {"id": "$other"},
 {"id": "$APP", "next": "2999-01-01T00:00:00.000Z"}]
JSON
printf '\e[2Jhello\n' >&2
SCRIPT
    run -0 in_time dokku letsencrypt:list
    nothing_ran
    [[ $output != *$'\e'* && $output != *touch* ]]
    contains "$(grep "^$APP " <<<"$output")" "d, "
    contains "$(grep "^$other " <<<"$output")" "at the next run"
    local json
    for json in '' '{' '5' '{"a": 1}' '[[[[' "$(printf '[%.0s' {1..20000})"; do
        printf '%s' "$json" >"$BATS_TEST_TMPDIR/json"
        container <<<"cat '$BATS_TEST_TMPDIR/json'"
        run -0 in_time dokku letsencrypt:list
        contains "$(grep "^$APP " <<<"$output")" "at the next run"
    done
}

@test "folders in the store with names of their own, seen by the image itself" {
    new_app
    rm "$DOKKU_ROOT/.dokkurc/docker"
    dokku letsencrypt:enable "$APP"
    local name names=('x a[$(touch $OWNED.1)]' 'a[$(touch $OWNED.2)]' -rf '--help' 'two words' $'two\nlines' $'\e[2J' '$(touch $OWNED.3)' '*') at
    at=$(dirname "$(store)")
    for name in "${names[@]}"; do cp -r "$(store)" "$at/$name"; done
    run -0 in_time dokku letsencrypt:list
    nothing_ran
    [[ $(grep "^$APP " <<<"$output") != *"at the next run"* && $output != *error* ]]
    [[ $output != *$'\e'* && $output != *touch* ]]
    use_container
    container <<<"get $APP && echo issued $APP"
    run -0 in_time dokku letsencrypt:enable "$APP" --force
    run -0 in_time dokku letsencrypt:disable "$APP"
    nothing_ran
    for name in "${names[@]}"; do
        [[ -s $at/$name/key.pem ]]
        rm -r "${at:?}/$name"
    done
}

@test "what is no file in the store, or that of somebody else, is refused by its name" {
    new_app
    # Such as would be installed.
    local secret=$DOKKU_STAND_IN/secret kind
    mkdir -p "$secret"
    self_signed "$secret/shadow" "$DOMAIN"
    cp "$secret/shadow.key" "$secret/key.pem"
    cp "$secret/shadow.crt" "$secret/fullchain.pem"
    declare -A makes=(
        [link]='ln -s $secret/$file $at/$file'
        [hard link]='ln $secret/$file $at/$file'
        [pipe]='mkfifo $at/$file'
        [folder]='mkdir $at/$file'
        [far too large]='truncate -s 1T $at/$file'
        [missing]=''
    )
    for file in key.pem fullchain.pem; do
        for kind in "${!makes[@]}"; do
            container <<SCRIPT
secret=$secret file=$file at=\$STORE/$APP
rm -rf "\$at" && mkdir -p "\$at"
cp "$secret"/*.pem "\$at" && rm "\$at/$file"
${makes[$kind]}
echo issued $APP
SCRIPT
            run -1 in_time dokku letsencrypt:enable "$APP"
            contains "$output" "$(store)/$file"
            contains "$output" "$kind"
            [[ ! -e $DOKKU_ROOT/$APP/tls ]]
            [[ -z $(find "$DOKKU_ROOT/$APP/letsencrypt" -name '*.key' -o -name '*.crt') ]]
            [[ -z $(leftovers) ]]
        done
    done
    container <<<"rm -rf \$STORE/$APP && ln -s $secret \$STORE/$APP && echo issued $APP"
    run -1 in_time dokku letsencrypt:enable "$APP"
    contains "$output" "$(store) is no folder, or a link"
    [[ ! -e $DOKKU_ROOT/$APP/tls && -s $secret/key.pem ]]
    container <<<"rm -rf \$STORE/$APP && mkfifo \$STORE/$APP && echo issued $APP"
    run -1 in_time dokku letsencrypt:enable "$APP"
    contains "$output" "$(store) is no folder, or a link"
    container <<<"rm -rf \$STORE/$APP && get $APP && echo issued $APP"
    run -0 in_time dokku letsencrypt:enable "$APP"
}

@test "a link that comes and goes in the store leads nowhere" {
    new_app
    local secret=$DOKKU_STAND_IN/swapped n pair=$DOKKU_LIB_ROOT/data/letsencrypt/--global/pair
    mkdir -p "$secret"
    self_signed "$secret/shadow" "$DOMAIN"
    mv "$secret/shadow.key" "$secret/key.pem"
    mv "$secret/shadow.crt" "$secret/fullchain.pem"
    container <<SCRIPT
get $APP
at=\$STORE/$APP
# As another process in the container would: the folder, and the files in it, are links every other moment.
for ((n = 0; n < 4000; n++)); do
    mv -T "\$at" "\$at.good" && ln -s $secret "\$at" && sleep 0.01
    rm "\$at" && mv -T "\$at.good" "\$at" && sleep 0.01
    mv "\$at/key.pem" "\$at/good" && ln -s $secret/key.pem "\$at/key.pem"
    rm "\$at/key.pem" && mv "\$at/good" "\$at/key.pem"
done &>/dev/null &
echo issued $APP
# Until the plugin has looked at the pair, or that was over in a moment.
for ((n = 0; n < 200; n++)); do
    if [[ -e $pair ]]; then seen=true; elif [[ -n \$seen ]]; then break; fi
    sleep 0.01
done
kill \$!
SCRIPT
    for ((n = 0; n < 5; n++)); do
        run in_time dokku letsencrypt:enable "$APP"
        [[ ! -e $(tls) ]] || run ! cmp -s "$(tls)" "$secret/fullchain.pem"
        rm -rf "$(store)"*
    done
}

@test "links in the store do not turn what is taken over into files of somebody else" {
    enabled_app
    local outside=$DOKKU_STAND_IN/outside
    mkdir -p "$outside"
    echo mine | tee "$outside/fullchain.pem" >"$outside/key.pem"
    # As it is when the official plugin was there: what is served is in its folder, and nothing is here.
    rm -r "$(store)"
    ln -s "$outside" "$(dirname "$(store)")/.$APP.new"
    container <<<"echo kept $APP 5"
    run -0 in_time dokku letsencrypt:auto-renew "$APP"
    [[ $(cat "$outside"/*) == $'mine\nmine' ]]
    cmp "$(tls)" "$(store)/fullchain.pem"
    rm -r "$(store)"
    ln -s "$outside" "$(store)"
    touch -d "1 hour ago" "$outside"/*
    run -0 in_time dokku letsencrypt:auto-renew "$APP"
    [[ $(cat "$outside"/*) == $'mine\nmine' ]]
    cmp "$(tls)" "$(store)/fullchain.pem"
    rm -r "$(store)"
    ln -s "$outside" "$(store)"
    run -0 in_time dokku letsencrypt:disable "$APP"
    [[ $(cat "$outside"/*) == $'mine\nmine' && ! -L $(store) ]]
}

@test "a pipe in the store holds up nobody's own certificate" {
    enabled_app
    rm "$(store)/fullchain.pem"
    mkfifo "$(store)/fullchain.pem"
    self_signed "$BATS_TEST_TMPDIR/own" "$DOMAIN"
    run -0 in_time dokku certs:add "$APP" "$BATS_TEST_TMPDIR/own.crt" "$BATS_TEST_TMPDIR/own.key"
    contains "$output" "$APP has a certificate that letsencrypt did not get"
}

@test "for a stateless challenge nothing but a thumbprint gets into nginx's configuration" {
    new_app
    dokku letsencrypt:set "$APP" challenge stateless
    local include=$DOKKU_ROOT/$APP/nginx.conf.d/letsencrypt.conf print=0123456789abcdefghijklmnopqrstuvwxyzABCDEFG
    container <<'SCRIPT'
cat <<'TEXT'
location / { root /; autoindex on; }
access_log /etc/cron.d/owned;
        return 200 "$1.";access_log /etc/cron.d/owned;"";
TEXT
SCRIPT
    run -1 in_time dokku letsencrypt:enable "$APP"
    contains "$output" "thumbprint"
    [[ ! -e $include ]]
    container <<SCRIPT
[[ \$WORD == nginx ]] || { get $APP && echo issued $APP && exit; }
echo 'access_log /etc/cron.d/owned;'
echo '        return 200 "\$1.$print";'
SCRIPT
    run -0 in_time dokku letsencrypt:enable "$APP"
    grep -qF "return 200 \"\$1.$print\";" "$include"
    run ! grep -q owned "$include"
}

@test "the files of a certificate that belongs to another key are not installed" {
    new_app
    container <<SCRIPT
get $APP
openssl genpkey -algorithm ec -pkeyopt ec_paramgen_curve:P-256 -out "\$STORE/$APP/key.pem"
echo issued $APP
SCRIPT
    run -1 in_time dokku letsencrypt:enable "$APP"
    contains "$output" "do not belong together"
    # Nobody is there to give a password.
    container <<SCRIPT
get $APP
openssl pkey -in "\$STORE/$APP/key.pem" -aes128 -passout pass:secret -out "\$STORE/$APP/new" && mv "\$STORE/$APP/new" "\$STORE/$APP/key.pem"
echo issued $APP
SCRIPT
    run -1 in_time dokku letsencrypt:enable "$APP"
    contains "$output" "do not belong together"
    [[ ! -e $DOKKU_ROOT/$APP/tls ]]
}
