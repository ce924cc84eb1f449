#!/usr/bin/env bats
# The ways in which the plugin comes to a host.
load helper

PLUGIN=$PLUGIN_AVAILABLE_PATH/letsencrypt
REPOSITORY=$DIR/../..

setup() {
    dokku plugin:uninstall letsencrypt >/dev/null 2>&1 || true
    printf 'export %s\n' LETSENCRYPT_DISABLE_PULL=true >"$DOKKU_ROOT/.dokkurc/letsencrypt"
}

works() {
    run -0 dokku letsencrypt:help
    contains "$output" "letsencrypt:enable"
    contains "$(dokku plugin:list)" letsencrypt
    [[ -d $DOKKU_LIB_ROOT/data/letsencrypt/--global/accounts ]]
}

by_script() {
    DOKKU_LIB_PATH=$DOKKU_LIB_ROOT bash <(docker run --rm "$IMAGE" plugin install) "${1:-$IMAGE}"
}

@test "the script of the image installs it, also over itself and over another plugin of the name" {
    ((UID == 0)) || skip "only root installs plugins"
    run -0 by_script
    works
    [[ $(<"$PLUGIN/image") == "$IMAGE" ]]
    run -0 by_script
    works
    touch "$PLUGIN/of-another"
    sed -i 's/^description.*/description = "another one"/' "$PLUGIN/plugin.toml"
    run -0 by_script
    contains "$output" "another one"
    [[ ! -e $PLUGIN/of-another ]]
    works
    [[ -z $(ls -d "$PLUGIN".* 2>/dev/null) ]]
}

@test "the script leaves everything as it is when the image cannot be had" {
    ((UID == 0)) || skip "only root installs plugins"
    run -0 by_script
    local before
    before=$(ls -la "$PLUGIN")
    run -2 by_script no.such.image.test/x:1
    contains "$output" "no.such.image.test/x:1"
    [[ $(ls -la "$PLUGIN") == "$before" ]]
    works
}

@test "by hand: a tar into Dokku's folder, and the two commands after it" {
    mkdir -p "$PLUGIN"
    docker run --rm "$IMAGE" plugin "$IMAGE" | tar -x -C "$PLUGIN"
    dokku plugin:enable letsencrypt
    dokku plugin:install
    works
    run -0 dokku letsencrypt:report --global --format json
}

@test "from the archive that the build leaves" {
    [[ -s $REPOSITORY/dist/letsencrypt.tar.gz ]] || skip "npm run build makes it"
    dokku plugin:install "file://$(realpath "$REPOSITORY/dist/letsencrypt.tar.gz")" --name letsencrypt
    works
    cmp "$PLUGIN/nginx-include" "$REPOSITORY/host/nginx-include"
}
