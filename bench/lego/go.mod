// lego's own program, with another format of its log; see scripts/setup.
module acme-sidecar/bench/lego

go 1.24

replace gitlab.com/greyxor/slogor => ./slogor
