const PATH = "/.well-known/acme-challenge/";

/**
 * The nginx block that forwards http-01 to a responder. `^~` gives it priority over regular
 * expressions in the server block, such as one that denies files with a dot.
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
 * The nginx block that answers http-01 without a responder: any token, with the thumbprint of the
 * account's key (RFC 8555 section 8.1). The regular expression is inside the prefix, so that those
 * of the server block do not compete with it. It ends with \z, since $ also matches before a line
 * feed.
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
