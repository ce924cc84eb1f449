const PATH = "/.well-known/acme-challenge/";

/**
 * What nginx needs to forward http-01 to a responder. `^~`, so that no regular
 * expression of the server, such as one that denies files with a dot, takes precedence.
 */
export function proxyInclude(to: string): string {
  return `location ^~ ${PATH} {
    auth_basic off;
    allow all;
    proxy_set_header Host $host;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Forwarded-Port $server_port;
    proxy_pass http://${to};
}`;
}

/**
 * What nginx needs to answer http-01 by itself: any token, with the thumbprint of the
 * account's key (RFC 8555 section 8.1). The regular expression stands inside the
 * prefix, where those of the server do not compete with it. It ends with \z, since $
 * matches before a line feed as well.
 */
export function statelessInclude(thumbprint: string): string {
  return `location ^~ ${PATH} {
    auth_basic off;
    allow all;
    default_type text/plain;
    location ~ ^${PATH.replaceAll(".", "\\.")}([A-Za-z0-9_-]+)\\z {
        return 200 "$1.${thumbprint}";
    }
    return 404;
}`;
}
