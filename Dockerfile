ARG NODE_IMAGE=node:26-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund
# What .dockerignore lets through is what is built from.
COPY . .
RUN node scripts/build.ts && NODE_ENV=production node scripts/warm.ts \
    && mkdir -p /out/usr/lib/acme-sidecar \
    && cp -R LICENSE package.json host plugin dist /out/usr/lib/acme-sidecar/ \
    && install -D -m 644 docs/acme-sidecar.1 /out/usr/share/man/man1/acme-sidecar.1 \
    && cp entrypoint.sh /out/


FROM ${NODE_IMAGE} AS rootfs
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends binutils busybox-static ca-certificates
WORKDIR /rootfs
# Exactly what node needs to start, a shell, and the distribution's certificate authorities.
RUN set -eu; \
    mkdir -p bin sbin usr/bin usr/sbin etc/ssl/certs root; \
    strip -o usr/bin/node "$(command -v node)"; \
    chmod 755 usr/bin/node; \
    ldd usr/bin/node | grep -o '/[^ ]*' | xargs -I{} cp -L --parents {} .; \
    cp /bin/busybox bin/busybox; \
    busybox --list-full | grep -vx -e bin/busybox -e linuxrc | while read -r applet; do \
        mkdir -p "${applet%/*}"; ln -s /bin/busybox "$applet"; \
    done; \
    # Not /etc/ssl/certs: there a build machine may have added authorities of its own.
    cat /usr/share/ca-certificates/mozilla/*.crt > etc/ssl/certs/ca-certificates.crt; \
    printf '%s\n' 'root:x:0:0:root:/root:/bin/sh' \
        'acme:x:1000:1000:acme:/certs:/bin/sh' \
        'nobody:x:65534:65534:nobody:/nonexistent:/bin/false' > etc/passwd; \
    printf '%s\n' 'root:x:0:' 'acme:x:1000:' 'nogroup:x:65534:' > etc/group; \
    echo 'hosts: files dns' > etc/nsswitch.conf; \
    # Licences ask to travel with the programs.
    for package in busybox-static ca-certificates libatomic1 libc6 libgcc-s1 libstdc++6; do \
        if [ -e "/usr/share/doc/$package/copyright" ]; then \
            install -D -m 644 "/usr/share/doc/$package/copyright" "usr/share/doc/$package/copyright"; \
        fi; \
    done; \
    install -D -m 644 /usr/local/LICENSE usr/share/doc/node/copyright; \
    ln -s ../lib/acme-sidecar/dist/start.js usr/bin/acme-sidecar; \
    # Scripts written for simp_le call it so.
    ln -s acme-sidecar usr/bin/simp_le; \
    # A new volume takes over owner and mode of /certs, which has to do for any --user.
    install -d -m 1777 tmp certs; \
    chroot . node --version


FROM scratch
COPY --from=rootfs /rootfs/ /
COPY --from=build /out/ /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    NODE_ENV=production \
    LANG=C.UTF-8
WORKDIR /certs
VOLUME /certs
EXPOSE 80
ENTRYPOINT ["/entrypoint.sh"]
# Last, since they change with every build. What the builder does not tell stays empty: the commit, the time (RFC 3339),
# the repository's address.
ARG VERSION=1.0.0
ARG REVISION=
ARG CREATED=
ARG SOURCE=
LABEL org.opencontainers.image.title="acme-sidecar" \
      org.opencontainers.image.description="Gets and renews TLS certificates over ACME while the web server in front keeps serving" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.created="$CREATED" \
      org.opencontainers.image.source="$SOURCE" \
      org.opencontainers.image.url="$SOURCE" \
      org.opencontainers.image.documentation="${SOURCE:+$SOURCE#readme}"
