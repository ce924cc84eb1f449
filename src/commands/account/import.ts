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

/** What to import from another tool. */
export interface Import {
  /** The other tool's folder. */
  from: string;
  /**
   * A name of the certificate: the tool's name for it, or one inside it. If empty, there must be
   * only one certificate.
   */
  wanted: readonly string[];
  /** The CA's directory URL, to select the account; undefined if there is only one account. */
  server: string | undefined;
  /** The directories of well-known CAs: some tools record only the CA's host. */
  known: readonly string[];
  keep: Place;
  /** The options to repeat in the command for the renewal. */
  words: readonly string[];
}

/**
 * Imports an account and a certificate from certbot or lego. It does not ask the CA and does not
 * change the tool's folder. If it throws an AppError, it has written nothing.
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
        notAfter: bundle?.leaf.validToDate,
        server: asked ?? renewal.server ?? server ?? wish.known.find((url) => account?.isAt(url)),
        words,
      },
    ],
  };
};

/** Each reader finds only its own tool's files, so users need not name the tool. */
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
  // An expired certificate is fine: it will be renewed.
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
      // The key ties the registration to the account key. So a mix-up is found if only one of the
      // two files is replaced later.
      registration: { ...registration, body: { key, ...registration.body } },
    }),
    server,
  };
}

/** If the same account is here already, keep its registration: it may be newer. */
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
