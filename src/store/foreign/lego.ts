import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { openDirectory } from "../../directory/directory.ts";
import { isRecord } from "../../json.ts";
import type { Registration } from "../../registration.ts";
import { list, readAs } from "./foreign.ts";
import type { Foreign, ForeignAccount, ForeignCertificate } from "./foreign.ts";
import { unwritable } from "../folder.ts";
import { type Contents, FORMATS } from "../formats.ts";
import { readCertificates } from "../pem.ts";
import { replaceFile } from "../replace.ts";

const ACCOUNT = "account.json";
const KEYS = "keys";
const CERTIFICATE = ".crt";
const ISSUER = ".issuer.crt";

/**
 * Reads what lego keeps below its --path: accounts/HOST_PORT/ID/account.json, with the key in
 * keys/ID.key (up to version 4) or in ID.key beside it (from version 5 on);
 * certificates/NAME.{crt,issuer.crt,key}.
 */
export async function readLego(dir: string): Promise<Foreign> {
  const accounts = await list(join(dir, "accounts"), true);
  const files = await list(join(dir, "certificates"));
  return {
    accounts: accounts
      .filter((path) => basename(path) === ACCOUNT)
      .map((path) => accountIn(join(dir, "accounts"), dirname(path))),
    certificates: files
      .filter((file) => file.endsWith(CERTIFICATE) && !file.endsWith(ISSUER))
      .map((file) => certificateOf(join(dir, "certificates", file))),
  };
}

function accountIn(root: string, path: string): ForeignAccount {
  const folder = join(root, path);
  const id = basename(path);
  const host = dirname(path);
  return {
    id,
    label: `${host} (${id})`,
    isAt: (url) => URL.parse(url)?.host.replace(":", "_") === host,
    read: () => readLegoAccount(folder),
  };
}

export function hasLegoAccount(folder: string): boolean {
  return existsSync(join(folder, ACCOUNT));
}

/** Reads an account. The folder's name is the account's id. Throws `bad-file`. */
export async function readLegoAccount(folder: string) {
  const account = await readAs(join(folder, ACCOUNT), readAccount);
  const old = (await list(folder)).includes(KEYS);
  const file = join(folder, old ? KEYS : "", `${basename(folder)}.key`);
  const { key } = await readAs(file, FORMATS["key.pem"].decode);
  return { ...account, accountKey: key };
}

/**
 * Writes an account for lego up to version 4: account.json, and keys/ID.key as PKCS #1 or SEC 1.
 * Does not change an account that is there.
 */
export async function writeLegoAccount(
  folder: string,
  { accountKey, registration }: Required<Pick<Contents, AccountPart>>,
  email: string,
): Promise<void> {
  if (hasLegoAccount(folder)) return;
  const type = accountKey.asymmetricKeyType === "rsa" ? "pkcs1" : "sec1";
  const pem = accountKey.export({ type, format: "pem" });
  await place(join(folder, KEYS), `${basename(folder)}.key`, pem);
  const account = { email, registration };
  await place(folder, ACCOUNT, `${JSON.stringify(account, null, 1)}\n`);
}

type AccountPart = "accountKey" | "registration";

/** Replaces the file in one step, so that lego never reads a half-written one. */
async function place(dir: string, name: string, data: string | Buffer): Promise<void> {
  try {
    using directory = openDirectory(dir, 0o700);
    await replaceFile(directory, name, { data, mode: 0o600 });
  } catch (error) {
    throw unwritable(dir, error);
  }
}

/**
 * Version 5 keeps the account object with `accountURL` in it, and the CA. Earlier versions keep
 * `body` and `uri`.
 */
function readAccount(data: Buffer) {
  const account = recordOf(JSON.parse(data.toString("utf8")));
  const { accountURL, ...object } = recordOf(account["registration"]);
  const { uri = accountURL, body = object } = object;
  const { server } = account;
  const registration: Registration | undefined =
    typeof uri === "string" ? { uri, body: recordOf(body) } : undefined;
  return {
    // Without a registration, the CA finds the account by its key.
    ...(registration && { registration }),
    server: typeof server === "string" ? server : undefined,
  };
}

function certificateOf(file: string): ForeignCertificate {
  const stem = file.slice(0, -CERTIFICATE.length);
  return {
    name: basename(stem),
    file,
    async read() {
      const { leaf, others } = await readAs(file, readBundle);
      const { key } = await readAs(`${stem}.key`, FORMATS["key.pem"].decode);
      if (others.length > 0) return { key, leaf, chain: others };
      // `lego --no-bundle` writes the chain to its own file.
      return {
        ...(await readAs(`${stem}${ISSUER}`, FORMATS["chain.pem"].decode)),
        ...{ key, leaf },
      };
    },
  };
}

function readBundle(data: Buffer) {
  const [leaf, ...others] = readCertificates(data.toString("latin1"));
  if (leaf === undefined) throw new Error("it has no certificate");
  return { leaf, others };
}

function recordOf(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}
