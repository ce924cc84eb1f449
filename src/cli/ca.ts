import { AUTHORITIES, DIRECTORIES } from "../acme/authorities.ts";
import { isAddress } from "../acme/protocol.ts";
import { entryOf } from "../json.ts";
import type { Draft } from "../core/target.ts";
import type { Given } from "./given.ts";

/** Old scripts name directories of ACME v1. The value is the CA's new name. */
const GONE: Record<string, string | undefined> = {
  "https://acme-v01.api.letsencrypt.org/directory": "letsencrypt",
  "https://acme-staging.api.letsencrypt.org/directory": "letsencrypt-staging",
};

/** Warnings about directories that no longer exist. */
export function warningsAbout(given: Given): string[] {
  return given.list("server").flatMap((server) => {
    const successor = entryOf(GONE, server);
    return successor === undefined
      ? []
      : `--server ${server} no longer exists (ACME v1 ended). Using its successor; write --server ${successor}.`;
  });
}

/** The directory URLs that `--server` means, in their order. */
export function parseServers(given: Given): readonly [string, ...string[]] {
  const [first = "", ...others] = given.list("server");
  return [parseServer(given, first), ...others.map((text) => parseServer(given, text))];
}

function parseServer(given: Given, value: string): string {
  const known = entryOf(DIRECTORIES, entryOf(GONE, value) ?? value.toLowerCase());
  if (known !== undefined) return known;
  const url = URL.parse(value);
  if (url !== null && isAddress(url.href)) return url.href;
  // The address may contain a password, so do not quote it.
  if (value.includes("@"))
    given.wrong("server", "it has a user name or a password in its address.", {
      hint: "Leave out what is before the @: no CA's directory needs it.",
    });
  else
    given.unknown("server", value, Object.keys(DIRECTORIES), {
      text: "this is neither a CA's name nor an https:// address.",
      hint: `The names are ${Object.keys(DIRECTORIES).join(", ")}.`,
    });
  return value;
}

/** The same target for `--dry_run`: at staging servers, and even if its certificate is not due. */
export function forTrying(given: Given, { want, ask, ...others }: Draft): Draft {
  const [first, ...more] = ask.from;
  const from = [stagingOf(given, first), ...more.map((url) => stagingOf(given, url))] as const;
  return { ...others, want: { ...want, force: true }, ask: { ...ask, from } };
}

/** The staging directory of a CA that we know; any other address does not change. */
function stagingOf(given: Given, directoryUrl: string): string {
  const [name, known] =
    Object.entries(AUTHORITIES).find(([, { directory }]) => directory === directoryUrl) ?? [];
  if (name !== undefined && known?.staging === undefined)
    given.wrong("dry_run", `${name} has no staging server.`, {
      hint: `Try with ${given.write({ server: "letsencrypt-staging" })}.`,
    });
  return known?.staging ?? directoryUrl;
}
