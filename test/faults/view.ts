import assert from "node:assert/strict";
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { globSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { find } from "../../src/acme/account.ts";
import { openTransport } from "../../src/acme/transport.ts";
import { type Contents, FORMAT_NAMES, FORMATS } from "../../src/store/formats.ts";
import { publicJwk } from "../../src/jwk.ts";
import { readJwk } from "../../src/store/jwk.ts";
import type { Site } from "../support/simp_le.ts";

/** A certificate, a key or an account is gone or damaged, which is worse than a run that went wrong. */
export class Lost extends Error {}

/** Bytes by the names of files. */
export type View = Map<string, Buffer>;

const COMMIT = ".acme-sidecar.commit";
/** As docs/decisions/0005 has it. */
interface Move {
  name: string;
  fresh?: string;
}
const isLeftover = (name: string) => /\.new$|commit$|\.next$/.test(name);

/** The files of a set as they are once an interrupted replacement is completed, done here without the program. */
export function viewOf(dir: string): View {
  const present = readdirSync(dir);
  const view: View = new Map();
  for (const name of FORMAT_NAMES)
    if (present.includes(name)) view.set(name, readFileSync(join(dir, name)));
  if (!present.includes(COMMIT)) return view;
  const moves = lostUnless(
    "the commit file",
    () => JSON.parse(readFileSync(join(dir, COMMIT), "utf8")) as Move[],
  );
  for (const { name, fresh } of moves)
    if (fresh === undefined) view.delete(name);
    else if (present.includes(fresh)) view.set(name, readFileSync(join(dir, fresh)));
  return view;
}

/** Every file is whole, all are of one key, one certificate and its chain, and none of the old ones is gone. */
export function checkView(before: View, view: View): void {
  for (const name of before.keys()) if (!view.has(name)) throw new Lost(`${name} is gone`);
  checkWhole(view);
}

function checkWhole(view: View): void {
  const keys = new Set<string>();
  const leaves = new Map<string, X509Certificate>();
  const chains = new Map<string, readonly X509Certificate[]>();
  let key: KeyObject | undefined;
  for (const name of FORMAT_NAMES) {
    const data = view.get(name);
    if (data === undefined) continue;
    const part: Contents = lostUnless(name, () => FORMATS[name].decode(data));
    for (const held of FORMATS[name].holds)
      if (part[held] === undefined) throw new Lost(`${name} lacks its ${held}`);
    if (part.key) {
      key = part.key;
      keys.add(key.export({ type: "pkcs8", format: "pem" }));
    }
    if (part.leaf) leaves.set(part.leaf.fingerprint256, part.leaf);
    if (part.chain) chains.set(part.chain.join(), part.chain);
  }
  for (const each of [keys, leaves, chains])
    if (each.size > 1) throw new Lost("the files hold different things");
  checkPair(key, [...leaves.values()][0], [...chains.values()][0]);
}

function checkPair(
  key: KeyObject | undefined,
  leaf: X509Certificate | undefined,
  chain: readonly X509Certificate[] | undefined,
): void {
  if (key && leaf && !leaf.checkPrivateKey(key))
    throw new Lost("the key and the certificate do not belong together");
  const [issuer] = chain ?? [];
  if (leaf && chain && !(issuer && leaf.verify(issuer.publicKey)))
    throw new Lost("the chain does not belong to the certificate");
}

function lostUnless<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new Lost(`${what} is damaged: ${String(error)}`);
  }
}

interface Good {
  files: readonly string[];
  name: string;
}

/** A set that a web server can use, with all its files, and nothing that an interrupted run left. */
export function checkGood(dir: string, { files, name }: Good): void {
  const present = readdirSync(dir);
  assert.deepEqual(present.filter(isLeftover), []);
  for (const file of files) assert.ok(present.includes(file), `${file} is missing`);
  const view = viewOf(dir);
  checkWhole(view);
  const pem = (file: string) => view.get(file)?.toString() ?? "";
  const leaf = new X509Certificate(pem("fullchain.pem"));
  assert.ok(leaf.checkPrivateKey(createPrivateKey(pem("key.pem"))));
  assert.equal(leaf.subjectAltName, `DNS:${name}`);
  assert.equal(pem("fullchain.pem"), pem("cert.pem") + pem("chain.pem"));
}

/** The CA knows every account that is kept below a folder, by the key and the address that are kept. */
export async function checkAccounts(dir: string, { recorder }: Site): Promise<void> {
  const homes = globSync("**/account_key.json", { cwd: dir });
  assert.equal(homes.length, 1, `accounts: ${homes.join(", ")}`);
  for (const home of homes) {
    const file = join(dir, home);
    const key = readJwk(JSON.parse(readFileSync(file, "utf8")));
    const { uri, body } = JSON.parse(readFileSync(file.replace("_key", "_reg"), "utf8")) as {
      uri: string;
      body: { key?: object };
    };
    assert.deepEqual(body.key, publicJwk(key));
    const transport = openTransport({
      directoryUrl: recorder.directoryUrl,
      accountKey: key,
      roots: readFileSync(recorder.caFile, "utf8"),
      userAgent: "acme-sidecar-test",
      proxyEnv: {},
      now: () => new Date(),
      signal: new AbortController().signal,
      emit: () => undefined,
    });
    const known = await find(transport, { key, emit: () => undefined }).catch((error: unknown) => {
      throw new Lost(`the CA does not know the account: ${String(error)}`);
    });
    if (known.uri !== uri) throw new Lost(`${uri} is not ${known.uri}`);
  }
}

/** The keys with which accounts were asked for, by requests from the given one on. */
export function registeredKeys({ recorder }: Site, from: number): number {
  const keys = recorder.requests
    .slice(from)
    .filter(
      ({ kind, body }) =>
        kind === "new-account" &&
        (body?.payload as { onlyReturnExisting?: boolean }).onlyReturnExisting !== true,
    )
    .map(({ body }) => JSON.stringify(body?.protected["jwk"]));
  return new Set(keys).size;
}
