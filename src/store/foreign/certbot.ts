import { basename, dirname, join } from "node:path";
import { list, readAs } from "./foreign.ts";
import type { Foreign, ForeignAccount, ForeignCertificate } from "./foreign.ts";
import { FORMATS } from "../formats.ts";

const ACCOUNT_KEY = "private_key.json";

/**
 * Reads what certbot keeps below its configuration folder:
 * accounts/HOST/PATH/ID/{private_key,regr}.json, where https://HOST/PATH is the CA's directory;
 * live/NAME/{privkey,cert,chain}.pem, links into archive/; and renewal/NAME.conf.
 */
export async function readCertbot(dir: string): Promise<Foreign> {
  const accounts = await list(join(dir, "accounts"), true);
  const lines = await list(join(dir, "live"), true);
  return {
    accounts: accounts
      .filter((path) => basename(path) === ACCOUNT_KEY)
      .map((path) => accountIn(join(dir, "accounts"), dirname(path))),
    certificates: lines
      .filter((path) => basename(path) === "cert.pem")
      .map((path) => certificateOf(dir, dirname(path))),
  };
}

function accountIn(root: string, path: string): ForeignAccount {
  const folder = join(root, path);
  const id = basename(path);
  const server = `https://${dirname(path)}`;
  return {
    id,
    label: `${server} (${id})`,
    isAt: (url) => url.replace(/\/$/, "") === server,
    read: async () => ({
      ...(await readAs(join(folder, ACCOUNT_KEY), FORMATS["account_key.json"].decode)),
      ...(await readAs(join(folder, "regr.json"), FORMATS["account_reg.json"].decode)),
      server,
    }),
  };
}

function certificateOf(dir: string, name: string): ForeignCertificate {
  const folder = join(dir, "live", name);
  const file = join(folder, "cert.pem");
  return {
    name,
    file,
    read: async () => ({
      ...(await readAs(join(folder, "privkey.pem"), FORMATS["key.pem"].decode)),
      ...(await readAs(file, FORMATS["cert.pem"].decode)),
      ...(await readAs(join(folder, "chain.pem"), FORMATS["chain.pem"].decode)),
      ...(await readRenewal(dir, name)),
    }),
  };
}

/** The account that renews the certificate, and its CA. */
async function readRenewal(dir: string, name: string) {
  const file = `${name}.conf`;
  const folder = join(dir, "renewal");
  if (!(await list(folder)).includes(file)) return {};
  const text = await readAs(join(folder, file), String);
  const valueOf = (key: string) => new RegExp(`^${key}\\s*=\\s*(.+?)\\s*$`, "m").exec(text)?.[1];
  return { account: valueOf("account"), server: valueOf("server") };
}
