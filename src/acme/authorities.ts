/** What we know of a CA with a short name. No other code may depend on which CA it is. */
export interface KnownAuthority {
  /** The operator's name for itself. */
  operator: string;
  /** The directory URLs, for real certificates and for tests. */
  directory: string;
  staging?: string;
  /** The page that explains how to get credentials for an account binding. */
  bindingPage?: string;
}

export const AUTHORITIES: Record<string, KnownAuthority> = {
  letsencrypt: {
    operator: "Let's Encrypt",
    directory: "https://acme-v02.api.letsencrypt.org/directory",
    staging: "https://acme-staging-v02.api.letsencrypt.org/directory",
  },
  zerossl: {
    operator: "ZeroSSL",
    directory: "https://acme.zerossl.com/v2/DV90",
    bindingPage: "https://zerossl.com/documentation/acme/",
  },
  google: {
    operator: "Google Trust Services",
    directory: "https://dv.acme-v02.api.pki.goog/directory",
    staging: "https://dv.acme-v02.test-api.pki.goog/directory",
    bindingPage: "https://cloud.google.com/certificate-manager/docs/public-ca-tutorial",
  },
  sslcom: {
    operator: "SSL.com",
    directory: "https://acme.ssl.com/sslcom-dv-ecc",
    bindingPage: "https://www.ssl.com/guide/ssl-tls-certificate-issuance-and-revocation-with-acme/",
  },
  actalis: {
    operator: "Actalis",
    directory: "https://acme-api.actalis.com/acme/directory",
    bindingPage: "https://guide.actalis.com/ssl-certificate/acme.aspx",
  },
};

/** The directories by their names for `--server`: NAME, and NAME-staging for tests. */
export const DIRECTORIES: Record<string, string> = Object.fromEntries(
  Object.entries(AUTHORITIES).flatMap(([name, { directory, staging }]): [string, string][] => [
    [name, directory],
    ...(staging === undefined ? [] : [[`${name}-staging`, staging] as [string, string]]),
  ]),
);

/** The CA that has a directory at this host. */
export function authorityAt(host: string): KnownAuthority | undefined {
  return Object.values(AUTHORITIES).find((known) =>
    [known.directory, known.staging].some((url) => url && new URL(url).host === host),
  );
}
