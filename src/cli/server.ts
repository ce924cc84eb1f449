import { entryOf } from "../json.ts";
import { usage } from "./usage.ts";

/** The directories of CAs that have a short name, as their documentation gives them. */
export const AUTHORITIES: Record<string, string | undefined> = {
  letsencrypt: "https://acme-v02.api.letsencrypt.org/directory",
  "letsencrypt-staging":
    "https://acme-staging-v02.api.letsencrypt.org/directory",
  zerossl: "https://acme.zerossl.com/v2/DV90",
  google: "https://dv.acme-v02.api.pki.goog/directory",
  "google-staging": "https://dv.acme-v02.test-api.pki.goog/directory",
  sslcom: "https://acme.ssl.com/sslcom-dv-ecc",
  actalis: "https://acme-api.actalis.com/acme/directory",
};

/** Directories of ACME v1, which old scripts name, and the CAs that came after them. */
const GONE: Record<string, string | undefined> = {
  "https://acme-v01.api.letsencrypt.org/directory": "letsencrypt",
  "https://acme-staging.api.letsencrypt.org/directory": "letsencrypt-staging",
};

/** What to say about addresses that should not be written any more. */
export function warningsAbout(servers: readonly string[]): string[] {
  return servers.flatMap((server) => {
    const successor = entryOf(GONE, server);
    return successor === undefined
      ? []
      : `--server ${server} is gone, as ACME v1 is; taking its successor. Write --server ${successor}.`;
  });
}

/** The directory URLs that `--server` means, in their order. */
export function parseServers(
  texts: readonly string[],
): readonly [string, ...string[]] {
  const [first = "letsencrypt", ...others] = texts;
  return [parseServer(first), ...others.map(parseServer)];
}

/** The directory for trying things, of a CA that has one; any other address stays. */
export function stagingOf(directoryUrl: string): string {
  const known = Object.entries(AUTHORITIES).find(
    ([, url]) => url === directoryUrl,
  )?.[0];
  if (known === undefined || known.endsWith("-staging")) return directoryUrl;
  const staging = AUTHORITIES[`${known}-staging`];
  if (staging !== undefined) return staging;
  throw usage(
    `--dry_run: ${known} has no directory for trying things.`,
    "Try with --server letsencrypt-staging.",
  );
}

function parseServer(text: string): string {
  const known = entryOf(AUTHORITIES, entryOf(GONE, text) ?? text.toLowerCase());
  if (known !== undefined) return known;
  const url = URL.parse(text);
  if (url?.protocol === "https:") return url.href;
  throw usage(
    `--server ${text}: this is neither a CA's name nor an https:// address.`,
    `The names are ${Object.keys(AUTHORITIES).join(", ")}.`,
  );
}
