import { AUTHORITIES, DIRECTORIES } from "../acme/authorities.ts";
import { isAddress } from "../acme/protocol.ts";
import { entryOf } from "../json.ts";
import type { Draft } from "../core/target.ts";
import type { Given } from "./given.ts";

/** Directories of ACME v1, which old scripts name, and the CAs that came after them. */
const GONE: Record<string, string | undefined> = {
  "https://acme-v01.api.letsencrypt.org/directory": "letsencrypt",
  "https://acme-staging.api.letsencrypt.org/directory": "letsencrypt-staging",
};

/** What to say about addresses that should not be written any more. */
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
  // What may have a password in it is not quoted.
  if (value.includes("@"))
    given.wrong("server", "it has a user name or a password in its address.", {
      hint: "Leave out what is before the @: no CA's directory needs it.",
    });
  else
    given.wrong("server", "this is neither a CA's name nor an https:// address.", {
      value,
      hint: `The names are ${Object.keys(DIRECTORIES).join(", ")}.`,
    });
  return value;
}

/** The same at the directories for trying things, whatever is there already. */
export function forTrying(given: Given, { want, ask, ...others }: Draft): Draft {
  const [first, ...more] = ask.from;
  const from = [stagingOf(given, first), ...more.map((url) => stagingOf(given, url))] as const;
  return { ...others, want: { ...want, force: true }, ask: { ...ask, from } };
}

/** The directory for trying things, of a CA that has one; any other address stays. */
function stagingOf(given: Given, directoryUrl: string): string {
  const [name, known] =
    Object.entries(AUTHORITIES).find(([, { directory }]) => directory === directoryUrl) ?? [];
  if (name !== undefined && known?.staging === undefined)
    given.wrong("dry_run", `${name} has no staging server.`, {
      hint: `Try with ${given.write({ server: "letsencrypt-staging" })}.`,
    });
  return known?.staging ?? directoryUrl;
}
