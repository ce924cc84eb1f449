import type { Method } from "../core/method.ts";
import type { Draft, Target } from "../core/target.ts";
import { parseBinding } from "./binding.ts";
import { parseEmail } from "./email.ts";
import type { Given } from "./given.ts";
import { readMembers } from "./members.ts";
import { parseMethod } from "./method.ts";
import { parseWay } from "./network.ts";
import { parseAccountDir, parseWholePlace } from "./files.ts";
import { parseServers } from "./ca.ts";
import { parseAccountKey, parseKeyType, parseRsa } from "./key-type.ts";
import { parseVhosts, type Roots } from "./vhost.ts";

/** The target of `issue`; undefined if no name is valid. */
export function parseTarget(
  given: Given,
  answer: (given: Given, roots: Roots) => Method = parseMethod,
): Draft | undefined {
  // The mistakes have the same order as in simp_le: values, names, files, email address.
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

/**
 * Everything about the certificate except its names, and about the account except its email
 * address.
 */
export function parseValues(given: Given) {
  const keyType = parseKeyType(given);
  const madeKey = parseRsa(given, "cert_key_size");
  return {
    want: {
      ...readMembers(given, "want"),
      key: keyType,
    },
    ask: {
      ...readMembers(given, "ask"),
      ...parseWay(given),
      account: {
        dir: parseAccountDir(given),
        binding: parseBinding(given),
        key: parseAccountKey(given),
      },
      profile: parseProfile(given),
      key: keyType ?? madeKey,
      chain: parseChain(given),
      from: parseServers(given),
    },
  };
}

export function parseKeep(given: Given): Draft["keep"] {
  return { ...parseWholePlace(given), pkcs12: parsePkcs12(given) };
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

/** The chain that simp_le's option or our own option selects. */
function parseChain(given: Given): Target["ask"]["chain"] {
  const alternate = given.number("use_alt_chain");
  const issuer = given.text("preferred_chain");
  if (issuer === undefined) return { alternate };
  if (given.has("use_alt_chain"))
    given.wrong(
      "preferred_chain",
      `it does not work with ${given.write({ use_alt_chain: true })}.`,
      { value: issuer, hint: "Choose one." },
    );
  return { issuer };
}
