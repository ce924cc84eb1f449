#!/usr/bin/env bats
# What properties may hold: they become arguments of commands, and must not become others than they are meant to be.
# shellcheck disable=SC2016,SC2153
load helper
load container

setup_plugin() {
    install_letsencrypt
    dokku letsencrypt:set --global lego-docker-options
    use_container
}

# A value that was put there by other means, or long ago.
stored() {
    mkdir -p "$DOKKU_LIB_ROOT/config/letsencrypt/$1"
    printf %s "$3" >"$DOKKU_LIB_ROOT/config/letsencrypt/$1/$2"
}

# The words that docker got in the last run, before what the program gets.
docker_words() {
    mapfile -t WORDS < <(tac "$DOKKU_STAND_IN/docker.log" | sed '/^run$/q' | tac | sed '/^dokku$/,$d')
}

@test "options for docker that would take the image's place or swallow it are refused when they are set, and when they are used" {
    new_app
    container <<<"get $APP && echo issued $APP"
    local value
    for value in "-e A='1" '-v "/a:/a' "-e" "-v /a:/a -e" "--network" "-it -e" "evil/image" "-e A=1 evil/image" "--rm evil/image" \
        "-it evil/image" "--privileged -- evil/image" "--" "- x" "-e ''" "--network ''" "-e=A evil/image" "-v/a:/a evil/image" "-i/x y" $'-e A=1\tevil' $'-e A=\e[2J'; do
        : >"$DOKKU_STAND_IN/docker.log"
        run -1 dokku letsencrypt:set "$APP" lego-docker-options "$value"
        contains "$output" "lego-docker-options cannot be set to that"
        [[ ! -e $DOKKU_LIB_ROOT/config/letsencrypt/$APP/lego-docker-options ]]
        stored "$APP" lego-docker-options "$value"
        run -1 dokku letsencrypt:enable "$APP"
        contains "$output" "The property lego-docker-options of $APP cannot be used"
        contains "$output" "dokku letsencrypt:set $APP lego-docker-options"
        run ! grep -qx run "$DOKKU_STAND_IN/docker.log"
        dokku letsencrypt:set "$APP" lego-docker-options
    done
    contains "$(dokku letsencrypt:set "$APP" lego-docker-options "-e A='1" 2>&1)" "quote"
    contains "$(dokku letsencrypt:set "$APP" lego-docker-options "-e A=1 evil" 2>&1)" "'evil' is neither an option of docker run nor a value of one"
    contains "$(dokku letsencrypt:set "$APP" lego-docker-options "-e" 2>&1)" "-e has no value"
}

@test "one app's options that cannot be used stop no other app" {
    new_app
    local other=$APP
    stored "$other" lego-docker-options "-e A='1"
    new_app
    container <<<"get $APP && echo issued $APP"
    run -1 dokku letsencrypt:enable --all
    contains "$output" "Failed to setup letsencrypt for"
    [[ -e $(tls) && ! -e $DOKKU_ROOT/$other/tls ]]
    dokku letsencrypt:set "$other" lego-docker-options
}

@test "options for docker arrive as they are meant, and the word after all of them is the image" {
    new_app
    container <<<"get $APP && echo issued $APP"
    dokku letsencrypt:set "$APP" lego-docker-options \
        "-e A=1 -e=B=2 -eC=3 -itv '/a b:/c' --init --network host --dns=1.1.1.1 --name mine -d --new=true --memory -e --label \"x y\""
    dokku letsencrypt:enable "$APP"
    docker_words
    local word at last=$((${#WORDS[@]} - 1))
    [[ ${WORDS[last]} == "$IMAGE" && ${WORDS[last - 1]} == -- ]]
    for ((at = 1; at < last; at++)); do [[ ${WORDS[at]} == -* ]]; done
    for word in -e=A=1 -e=B=2 -e=C=3 -i=true -t=true '-v=/a b:/c' --init=true --network=host --dns=1.1.1.1 --new=true --memory=-e '--label=x y'; do
        printf '%s\n' "${WORDS[@]}" | grep -qxF -- "$word" || { echo "$word is missing" && return 1; }
    done
    # Of two names the last one counts.
    [[ $(printf '%s\n' "${WORDS[@]}" | grep -E '^--name=' | tail -n 1) == --name=dokku-letsencrypt-* ]]
    [[ $(printf '%s\n' "${WORDS[@]}" | grep -E '^(-d|--detach)=' | tail -n 1) == --detach=false ]]
}

@test "docker itself takes the same for options and image" {
    run -0 docker container run --rm -e=A=1 -e=B==2 -i=true -t=false '--env=C=x y' --detach=false --pull=never -- "$IMAGE" --version
    run -0 docker container run --rm -e=A=1 -e=B==2 '--env=C=x y' --entrypoint=/bin/sh -- "$IMAGE" -c 'echo "$A,$B,$C"'
    [[ $output == "1,=2,x y" ]]
    # Even an option without its value takes no more than the word that ends the options.
    run ! docker container run --rm --pull=never --memory -- "$IMAGE" --version
    [[ $output != *"Unable to find image"* ]]
}

@test "an image that is none, or an option, is not run" {
    new_app
    container <<<"get $APP && echo issued $APP"
    cp "$DOKKU_ROOT/.dokkurc/letsencrypt" "$BATS_TEST_TMPDIR/before"
    local image
    for image in --privileged "-v/:/x" "a b" '$(id)' $'a\nb'; do
        : >"$DOKKU_STAND_IN/docker.log"
        printf 'export LETSENCRYPT_IMAGE=%q\n' "$image" >"$DOKKU_ROOT/.dokkurc/zz"
        run -1 dokku letsencrypt:enable "$APP"
        contains "$output" "LETSENCRYPT_IMAGE"
        run ! grep -qx run "$DOKKU_STAND_IN/docker.log"
    done
    rm "$DOKKU_ROOT/.dokkurc/zz"
    printf 'export LETSENCRYPT_IMAGE=%q LETSENCRYPT_IMAGE_VERSION=%q\n' registry.test:5000/some/image@sha256 abcdef >"$DOKKU_ROOT/.dokkurc/zz"
    run -0 dokku letsencrypt:enable "$APP"
    docker_words
    [[ ${WORDS[-1]} == registry.test:5000/some/image@sha256:abcdef ]]
    rm "$DOKKU_ROOT/.dokkurc/zz"
}

@test "values that would be options, or have control characters, are refused when they are set, and when they are used" {
    new_app
    container <<<"get $APP && echo issued $APP"
    local key value
    for key in server ca email dns-provider key-type profile preferred-chain challenge graceperiod port; do
        for value in --help -v $'a\e[2J' $'a\rb' $'a\nb'; do
            run -1 dokku letsencrypt:set "$APP" "$key" "$value"
            contains "$output" "$key cannot be set to that"
            [[ $output != *$'\e'* ]]
            [[ ! -e $DOKKU_LIB_ROOT/config/letsencrypt/$APP/$key ]]
        done
        : >"$DOKKU_STAND_IN/docker.log"
        stored "$APP" "$key" --help
        run -1 dokku letsencrypt:enable "$APP"
        contains "$output" "The property $key of $APP cannot be used"
        contains "$output" "dokku letsencrypt:set $APP $key"
        run ! grep -qx run "$DOKKU_STAND_IN/docker.log"
        dokku letsencrypt:set "$APP" "$key"
    done
    for key in eab-kid eab-hmac-key lego-args dns-provider-TOKEN; do
        run -1 dokku letsencrypt:set "$APP" "$key" $'a\rb'
        # These are no arguments, and what a CA gave out may begin like this.
        run -0 dokku letsencrypt:set "$APP" "$key" -x
        dokku letsencrypt:set "$APP" "$key"
    done
    run -1 bash -c "printf 'a\nb' | dokku letsencrypt:set $APP dns-provider-TOKEN -"
    stored --global email --help
    run -1 dokku letsencrypt:enable "$APP"
    contains "$output" "dokku letsencrypt:set --global email"
    dokku letsencrypt:set --global email you@example.com
}

@test "a port is for all apps: for one it is refused, and one that was stored has no effect" {
    new_app
    run -1 dokku letsencrypt:set "$APP" port 4711
    contains "$output" "dokku letsencrypt:set --global port 4711"
    [[ ! -e $DOKKU_LIB_ROOT/config/letsencrypt/$APP/port ]]
    stored "$APP" port 4711
    [[ $(dokku letsencrypt:report "$APP" --letsencrypt-computed-port) == "$ACME_PORT" ]]
    dokku letsencrypt:set "$APP" port
    [[ ! -e $DOKKU_LIB_ROOT/config/letsencrypt/$APP/port ]]
}

@test "report shows what was stored by other means without control characters" {
    new_app
    stored "$APP" email $'a\e[2J\rb@b.test'
    stored "$APP" dns-provider-TOKEN $'s3c\e]0;t\a'
    run -0 dokku letsencrypt:report "$APP"
    contains "$output" "a?[2J?b@b.test"
    [[ $output != *$'\e'* && $output != *$'\r'* && $output != *$'\a'* ]]
    run -0 dokku letsencrypt:report "$APP" --letsencrypt-email
    [[ $output == "a?[2J?b@b.test" ]]
}

@test "numbers that cannot be are refused with what can" {
    new_app
    local value
    for value in 0 99999 65536 080 -1 1e3 "1 2" 100000000000000000000000 'a[$(touch x)]' 0x10; do
        run -1 dokku letsencrypt:set --global port "$value"
        [[ $value == -* ]] || contains "$output" "a number from 1 to 65535"
    done
    for value in 100000000000000000000000 10000000000 -1 007 1.5 30d 'a[$(touch x)]'; do
        run -1 dokku letsencrypt:set "$APP" graceperiod "$value"
        [[ $value == -* ]] || contains "$output" "a number of seconds from 0 to 9999999999"
    done
    for value in 1 80 65535 "$ACME_PORT"; do dokku letsencrypt:set --global port "$value"; done
    for value in 0 9999999999 60; do dokku letsencrypt:set "$APP" graceperiod "$value"; done
    # What was stored before is called by its name, and by whose it is.
    stored --global port 99999
    run -1 dokku letsencrypt:enable "$APP"
    contains "$output" "dokku letsencrypt:set --global port"
    dokku letsencrypt:set --global port "$ACME_PORT"
    stored "$APP" graceperiod 100000000000000000000000
    run -1 dokku letsencrypt:enable "$APP"
    contains "$output" "dokku letsencrypt:set $APP graceperiod"
}
