import { resolve } from "node:path";
import type { Binding, Target } from "../core/target.ts";
import { isAccountFile } from "../store/formats.ts";
import { DAY, SECOND } from "../time.ts";
import { parseServers, stagingOf } from "./server.ts";
import {
  checkCoverage,
  parseAccountKey,
  parseBinding,
  parseChain,
  parseEmail,
  parseFileOwner,
  parseFormats,
  parseKeyMode,
  parseKeyType,
  parseListen,
  parseMethod,
  parseRsa,
} from "./values.ts";
import { parseVhosts } from "./vhost.ts";
import { listOf, numberOf, type Options, textOf } from "./words.ts";

/** What `issue` is asked for. */
export function parseTarget(options: Options, cwd: string): Target {
  // Every value by itself comes before what all of them together lack.
  const ask = parseAsk(options, cwd);
  const validMin = numberOf(options, "valid_min");
  const nextRun = numberOf(options, "next_run");
  const keyType = parseKeyType(textOf(options, "key_type"));
  const { names, method } = parseVhosts({
    vhosts: listOf(options, "vhost"),
    defaultRoot: textOf(options, "default_root"),
    listen: parseListen(textOf(options, "listen")),
    other: parseOther(options, cwd),
    cwd,
  });
  const keep = parsePlace(options, cwd);
  checkCoverage(keep);
  return {
    id: names[0],
    want: {
      names,
      key: keyType,
      profile: textOf(options, "profile"),
      validAtLeast: validMin && validMin * SECOND,
      nextRun: nextRun === undefined ? DAY : nextRun * SECOND,
      force: options.force === true,
    },
    ask: {
      ...ask,
      key: keyType ?? ask.key,
      from: parseServers(listOf(options, "server")),
      contact: parseEmail(textOf(options, "email")),
      method,
    },
    keep: { ...keep, pkcs12: parseProtection(options, cwd) },
  };
}

function parseProtection(options: Options, cwd: string) {
  const file = textOf(options, "pkcs12_password_file");
  return file === undefined ? undefined : { file: resolve(cwd, file) };
}

/** The same at the directories for trying things, whatever is there already. */
export function forTrying({ want, ask, ...others }: Target): Target {
  const [first, ...more] = ask.from;
  return {
    ...others,
    want: { ...want, force: true },
    ask: { ...ask, from: [stagingOf(first), ...more.map(stagingOf)] },
  };
}

function parseAsk(options: Options, cwd: string) {
  return {
    binding: parseEab(options, cwd),
    profile: parseProfile(options),
    accountKey: parseAccountKey(
      numberOf(options, "account_key_size"),
      numberOf(options, "account_key_public_exponent"),
    ),
    key: parseRsa("cert_key_size", numberOf(options, "cert_key_size")),
    reuseKey: options.reuse_key === true,
    chain: parseChain(
      numberOf(options, "use_alt_chain"),
      textOf(options, "preferred_chain"),
    ),
  };
}

function parseOther(options: Options, cwd: string) {
  return parseMethod(
    {
      stateless: options.stateless === true,
      dns: textOf(options, "dns"),
      program: textOf(options, "dns_exec"),
      timeout: numberOf(options, "dns_timeout"),
      wait: numberOf(options, "dns_wait"),
      resolvers: listOf(options, "dns_resolvers"),
    },
    cwd,
  );
}

function parseEab(options: Options, cwd: string): Binding | undefined {
  const file = textOf(options, "eab_hmac_key_file");
  const hmacKey = textOf(options, "eab_hmac_key");
  const given = hmacKey === undefined ? undefined : { hmacKey };
  return parseBinding(
    textOf(options, "eab_kid"),
    file === undefined ? given : { file: resolve(cwd, file) },
  );
}

function parseProfile(options: Options): Target["ask"]["profile"] {
  const required = textOf(options, "profile");
  const name = required ?? textOf(options, "preferred_profile");
  return name === undefined
    ? undefined
    : { name, required: required !== undefined };
}

/** Where the files are that a verb reads or writes. */
export function parsePlace(options: Options, cwd: string): Target["keep"] {
  const accounts = textOf(options, "account_dir");
  const formats = parseFormats(listOf(options, "file"));
  return {
    dir: resolve(cwd, textOf(options, "certs_dir") ?? "."),
    formats:
      accounts === undefined
        ? formats
        : formats.filter((name) => !isAccountFile(name)),
    accounts: accounts === undefined ? undefined : resolve(cwd, accounts),
    keyMode: parseKeyMode(textOf(options, "key_mode")),
    owner: parseFileOwner(textOf(options, "owner")),
  };
}
