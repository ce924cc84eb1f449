import { chooseAccount, chooseCertificate } from "../../store/foreign/choose.ts";
import { AppError } from "../../errors.ts";
import { publicJwk } from "../../jwk.ts";
import { flawOf, namesOf } from "../../store/bundle.ts";
import { readCertbot } from "../../store/foreign/certbot.ts";
import {
  checkSource,
  type Foreign,
  type ForeignAccount,
  type ForeignCertificate,
  holdsSet,
} from "../../store/foreign/foreign.ts";
import type { Contents } from "../../store/formats.ts";
import { readLego } from "../../store/foreign/lego.ts";
import { lock } from "../../store/lock.ts";
import { checkFolder } from "../../store/folder.ts";
import { loadSet, occupant, type Place, recoverSet, saveSet } from "../../store/set.ts";
import type { Run } from "../run.ts";

/** What somebody wants to take over from another tool. */
export interface Import {
  /** The other tool's folder. */
  from: string;
  /** A name of the certificate, as the tool calls it or as it has it; empty for the only one. */
  wanted: readonly string[];
  /** The URL of the directory of the CA whose account is meant; undefined for the only one. */
  server: string | undefined;
  /** The directories of well-known CAs, for tools that keep only the host. */
  known: readonly string[];
  keep: Place;
  /** The options that a renewal needs as well. */
  words: readonly string[];
}

/**
 * Takes an account and a certificate over from certbot or lego. The CA is not asked, and the
 * tool's folder not changed. Throws an AppError, and has written nothing then.
 */
export const run: Run<Import> = async (wish, { signal, emit }) => {
  const { keep, wanted, server: asked, words } = wish;
  const foreign = await look(wish.from);
  const certificate = await chooseCertificate(foreign, wanted);
  const { bundle, ...renewal } = await prove(certificate);
  const account = chooseAccount(foreign, asked, renewal.account);
  const { server, ...owner } = await readOwner(account);

  checkFolder(keep.dir);
  using _held = await lock(keep.dir, { signal, emit });
  const recovered = await recoverSet(keep, emit);
  const found = loadSet(keep);
  const imported = merge(found, { ...owner, ...bundle });
  const taken = occupant(keep, imported);
  if (taken !== undefined) throw occupied(keep.dir, taken);
  const written = await saveSet(keep, { ...found, ...imported }, emit);
  const names = bundle ? namesOf(bundle.leaf) : [];
  return {
    outcomes: [
      {
        subject: { id: names[0] ?? wish.from, names, dir: keep.dir },
        kind: "imported",
        changed: recovered || written,
        account: account && (imported.registration?.uri ?? account.label),
        bundle,
        server: asked ?? renewal.server ?? server ?? wish.known.find((url) => account?.isAt(url)),
        words,
      },
    ],
  };
};

/** Each reader finds what is its tool's, so the tool need not be named. */
async function look(dir: string): Promise<Foreign> {
  await checkSource(dir);
  const found = [await readCertbot(dir), await readLego(dir)];
  const foreign = {
    accounts: found.flatMap(({ accounts }) => accounts),
    certificates: found.flatMap(({ certificates }) => certificates),
  };
  if (foreign.accounts.length + foreign.certificates.length > 0) return foreign;
  if (await holdsSet(dir))
    throw new AppError("usage", `${dir} needs no import.`, {
      hint: "It has the files of simp_le, which are used as they are: mount it at /certs, or name it with --certs_dir.",
      scope: "run",
    });
  throw new AppError(
    "usage",
    `There is nothing to import in ${dir}: no accounts/HOST/PATH/ID/private_key.json or live/NAME/cert.pem as certbot has them, and no accounts/HOST/ID/account.json or certificates/NAME.crt as lego has them.`,
    {
      hint: "Name certbot's configuration folder (mostly /etc/letsencrypt) or what lego has for --path (mostly .lego).",
      scope: "run",
    },
  );
}

async function prove(certificate: ForeignCertificate | undefined) {
  if (certificate === undefined) return {};
  const { key, leaf, chain, account, server } = await certificate.read();
  const bundle = { key, leaf, chain };
  // Whether it has ended since is no matter: it will be renewed then.
  const names = namesOf(leaf);
  const flaw = names.length > 0 ? flawOf(bundle, names, new Date(0)) : "it is for no DNS name";
  if (flaw === undefined) return { bundle, account, server };
  throw new AppError("bad-file", `${certificate.file} cannot be imported: ${flaw}.`, {
    hint: "Nothing was written. Have the other tool renew it, or let this program get a new one instead.",
  });
}

async function readOwner(
  account: ForeignAccount | undefined,
): Promise<Contents & { server?: string | undefined }> {
  if (account === undefined) return {};
  const { accountKey, registration, server } = await account.read();
  const key = accountKey && publicJwk(accountKey);
  return {
    ...(accountKey && { accountKey }),
    ...(registration && {
      // So that the two are not taken for each other's when one of them is replaced.
      registration: { ...registration, body: { key, ...registration.body } },
    }),
    server,
  };
}

/** The same account may have been described in other words since; those that are there count. */
function merge(found: Contents, imported: Contents): Contents {
  const { registration } = found;
  return registration?.uri === imported.registration?.uri
    ? { ...imported, ...(registration && { registration }) }
    : imported;
}

function occupied(dir: string, file: string): AppError {
  return new AppError("disagreeing-files", `${file} in ${dir} differs from the one to import.`, {
    hint: "Nothing was written. Choose another folder with --certs_dir, or move the files in this one away.",
  });
}
