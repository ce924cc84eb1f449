import type { Draft, Method, Target } from "../core/target.ts";
import { DAY, SECOND } from "../time.ts";
import type { Given } from "./given.ts";
import { parseMethod } from "./method.ts";
import { parseWholePlace } from "./place.ts";
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
  const { want, ask, keep } = parseSettings(given);
  const roots = parseVhosts(given);
  const method = answer(given, roots);
  const [first, ...others] = roots.keys();
  return first === undefined
    ? undefined
    : {
        id: first,
        want: { ...want, names: [first, ...others] },
        ask: { ...ask, method },
        keep,
      };
}

/** Whatever does not depend on the names. */
export function parseSettings(given: Given) {
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
      binding: parseBinding(given),
      profile: parseProfile(given),
      accountKey: parseAccountKey(given),
      key: keyType ?? madeKey,
      reuseKey: given.flag("reuse_key"),
      chain: parseChain(given),
      from: parseServers(given),
      contact: parseEmail(given),
    },
    keep: { ...parseWholePlace(given), pkcs12: parsePkcs12(given) },
  };
}

/** When there will be another run, in milliseconds. */
export function parseNextRun(given: Given): number | undefined {
  const seconds = given.number("next_run");
  return seconds === undefined ? undefined : seconds * SECOND;
}

function parseProfile(given: Given): Target["ask"]["profile"] {
  const required = given.text("profile");
  const name = required ?? given.text("preferred_profile");
  return name === undefined
    ? undefined
    : { name, required: required !== undefined };
}

function parsePkcs12(given: Given): Draft["keep"]["pkcs12"] {
  const file = given.path("pkcs12_password_file");
  return file === undefined
    ? undefined
    : { file, called: given.subject("pkcs12_password_file", file) };
}
