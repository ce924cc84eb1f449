import type { Method } from "../core/method.ts";
import type { Draft, Target } from "../core/target.ts";
import { DAY, SECOND } from "../time.ts";
import type { Given } from "./given.ts";
import { parseMethod } from "./method.ts";
import { parseWay } from "./network.ts";
import { parseAccountDir, parseWholePlace } from "./place.ts";
import { parseServers } from "./server.ts";
import {
  parseAccountKey,
  parseBinding,
  parseChain,
  parseEmail,
  parseKeyType,
  parseRsa,
} from "./values.ts";
import { parseVhosts, type Roots } from "./vhost.ts";

/** What `issue` is asked for; undefined where there is no name that can be understood. */
export function parseTarget(
  given: Given,
  answer: (given: Given, roots: Roots) => Method = parseMethod,
): Draft | undefined {
  // As with simp_le: every value by itself, then the names, then the files, then the address.
  const { want, ask } = parseValues(given);
  const roots = parseVhosts(given);
  const method = answer(given, roots);
  const keep = parseKeep(given);
  const contact = parseEmail(given);
  const [first, ...others] = roots.keys();
  return first === undefined
    ? undefined
    : {
        id: first,
        want: { ...want, names: [first, ...others] },
        ask: { ...ask, account: { ...ask.account, contact }, method },
        keep,
      };
}

/** Whatever is about the certificate, but for its names, and the account, but for its address. */
export function parseValues(given: Given) {
  const validMin = given.number("valid_min");
  const keyType = parseKeyType(given);
  const madeKey = parseRsa(given, "cert_key_size");
  return {
    want: {
      key: keyType,
      profile: given.text("profile"),
      validAtLeast: validMin && validMin * SECOND,
      nextRun: parseNextRun(given) ?? DAY,
      force: given.flag("force"),
    },
    ask: {
      ...parseWay(given),
      account: {
        dir: parseAccountDir(given),
        binding: parseBinding(given),
        key: parseAccountKey(given),
      },
      profile: parseProfile(given),
      key: keyType ?? madeKey,
      reuseKey: given.flag("reuse_key"),
      chain: parseChain(given),
      from: parseServers(given),
    },
  };
}

/** Where a set is kept. */
export function parseKeep(given: Given): Draft["keep"] {
  return { ...parseWholePlace(given), pkcs12: parsePkcs12(given) };
}

/** When there will be another run, in milliseconds. */
export function parseNextRun(given: Given): number | undefined {
  const seconds = given.number("next_run");
  return seconds === undefined ? undefined : seconds * SECOND;
}

function parseProfile(given: Given): Target["ask"]["profile"] {
  const required = given.text("profile");
  const name = required ?? given.text("preferred_profile");
  return name === undefined ? undefined : { name, required: required !== undefined };
}

function parsePkcs12(given: Given): Draft["keep"]["pkcs12"] {
  const file = given.path("pkcs12_password_file");
  return file === undefined
    ? undefined
    : { file, called: given.subject("pkcs12_password_file", file) };
}
