import { execFile } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { CA_CONFIGURATION, makeBundle, stamp } from "../support/certificates.ts";
import type { Answer } from "../support/exchange.ts";
import type { Recorder } from "../support/recorder.ts";
import { requireTool } from "../support/tools.ts";
import type { Family } from "./draw.ts";

const DAY = 24 * 60 * 60 * 1000;
const END = "-----END CERTIFICATE-----\n";
const blocks = (pem: string) => pem.split(/(?<=END CERTIFICATE-----\n)/);
const lines = (text: string) => text.match(/.{1,64}/g)?.join("\n") ?? "";

type Change = (pem: string, made: Made) => string | Promise<string>;
interface Made {
  recorder: Recorder;
  /** A certificate, with its chain, that has nothing to do with the order. */
  other: ReturnType<typeof makeBundle>;
}

const GOOD: Record<string, Change> = {
  "words between the certificates": (pem) =>
    `Your certificate:\n${pem.replaceAll(END, `${END}\nissued by: -- us --\n`)}\u0000\u00ff`,
  "a private key at its end": (pem, { other }) =>
    pem + other.key.export({ type: "pkcs8", format: "pem" }),
  "lines that end with CR LF": (pem) => pem.replaceAll("\n", "\r\n"),
  "blank lines around": (pem) => `\n\n${pem.replaceAll(END, `${END}\n\n`)}`,
};

const BAD: Record<string, Change> = {
  "a certificate for other names": (_pem, { recorder }) =>
    signed(recorder, { names: ["other.test"] }),
  "a certificate for one name more": (pem, { recorder }) =>
    signed(recorder, { names: [...namesIn(pem), "other.test"] }),
  "a certificate for clients": (_pem, { recorder }) =>
    signed(recorder, { extensions: ["extendedKeyUsage=clientAuth"] }),
  "a certificate of a CA": (_pem, { recorder }) =>
    signed(recorder, { extensions: ["basicConstraints=CA:TRUE"] }),
  "a critical extension that nobody knows": (_pem, { recorder }) =>
    signed(recorder, { extensions: ["1.2.3.4=critical,DER:0500"] }),
  "a signature with SHA-1": (_pem, { recorder }) => signed(recorder, { digest: "sha1" }),
  "a chain that has no end": async (_pem, { recorder }) => {
    const [leaf = "", issuer = ""] = blocks(await signed(recorder, {}));
    return leaf + issuer.repeat(900);
  },
  "a certificate that has expired": (_pem, { recorder }) => signed(recorder, { from: -90, to: -1 }),
  "a certificate that is not valid yet": (_pem, { recorder }) =>
    signed(recorder, { from: 30, to: 120 }),
  "a certificate for another key": (_pem, { other }) =>
    [other.leaf, ...other.chain].map(String).join(""),
  "its chain in the wrong order": (pem) => blocks(pem).reverse().join(""),
  "the chain of another CA": (pem, { other }) =>
    [blocks(pem)[0] ?? "", ...other.chain].map(String).join(""),
  "a foreign certificate in its chain": (pem, { other }) => `${pem}${String(other.chain[0])}`,
  "no chain": (pem) => blocks(pem)[0] ?? "",
  "the chain alone": (pem) => blocks(pem).slice(1).join(""),
  "the leaf twice": (pem) => `${blocks(pem)[0] ?? ""}${pem}`,
  DER: (pem) => new X509Certificate(pem).raw.toString("latin1"),
  "the names of PKCS #7": (pem) => pem.replaceAll("CERTIFICATE", "PKCS7"),
  "half of it": (pem) => pem.slice(0, pem.length / 2),
  "a letter that is another": (pem) => pem.replace(/.{20}$/m, "A".repeat(20)),
  "an end that is missing": (pem) => pem.replace(END, "\n"),
  nothing: () => "",
  "a private key": (_pem, { other }) => other.key.export({ type: "pkcs8", format: "pem" }),
  "JSON around it": (pem) => JSON.stringify({ certificate: pem }),
  "base64 around it": (pem) => lines(Buffer.from(pem).toString("base64")),
  "a thousand certificates": (pem) => (blocks(pem)[0] ?? "").repeat(1000),
  "its end before its start": (pem) => pem.replaceAll("BEGIN", "XX").replaceAll("END", "BEGIN"),
};

let other: Made["other"] | undefined;

/** Certificates and chains that must not be used, and some that only look odd. */
export const chains: Family = (draw, recorder) => {
  const bad = draw.below(4) > 0;
  const changes = bad ? BAD : GOOD;
  const what = draw.of(Object.keys(changes));
  const alter = async ({ body }: Answer) => {
    other ??= makeBundle();
    return { body: (await changes[what]?.(body, { recorder, other })) ?? "" };
  };
  return {
    what: `${what} as the certificate`,
    rules: [{ kind: "certificate", alter }],
    ends: bad ? 2 : 0,
  };
};

const namesIn = (pem: string) =>
  (new X509Certificate(pem).subjectAltName ?? "")
    .split(", ")
    .map((entry) => entry.replace("DNS:", ""));

const namesAsExtension = (names: string[] = []) =>
  names.length === 0 ? [] : [`subjectAltName=${names.map((name) => `DNS:${name}`).join()}`];

interface Wish {
  /** Those of the request without. */
  names?: string[];
  /** More of its extensions, as OpenSSL's configuration has them. */
  extensions?: string[];
  digest?: string;
  /** Of the CA's own certificate. */
  issuer?: string[];
  /** Days from now on. */
  from?: number;
  to?: number;
}

/** What a CA of ours makes of the last request for a certificate, with its chain. */
export async function signed(
  { requests }: Recorder,
  { names, from = 0, to = 90, extensions = [], digest = "sha256", issuer = [] }: Wish,
): Promise<string> {
  const asked = requests.findLast(({ kind }) => kind === "finalize");
  const { csr = "" } = (asked?.body?.payload ?? {}) as { csr?: string };
  const dir = await mkdtemp(join(tmpdir(), "acme-sidecar-ca-"));
  const at = (file: string) => join(dir, file);
  const openssl = (...args: string[]) =>
    promisify(execFile)(requireTool("openssl"), args, { cwd: dir });
  try {
    await writeFile(at("leaf.csr"), Buffer.from(csr, "base64url"));
    await writeFile(at("index.txt"), "");
    await writeFile(at("ca.cnf"), CA_CONFIGURATION);
    const more = [...namesAsExtension(names), ...extensions];
    await writeFile(at("extensions"), more.join("\n"));
    await openssl(
      ...["req", "-x509", "-newkey", "ec", "-nodes", "-subj", "/CN=test CA"],
      ...["-pkeyopt", "ec_paramgen_curve:P-256", "-days", "3650"],
      ...["-keyout", "ca.key", "-out", "ca.pem"],
      ...issuer.flatMap((line) => ["-addext", line]),
    );
    await openssl(
      ...["ca", "-batch", "-config", "ca.cnf", "-notext", "-cert", "ca.pem"],
      ...["-keyfile", "ca.key", "-startdate", stamp(Date.now() + from * DAY)],
      ...[
        "-enddate",
        stamp(Date.now() + to * DAY),
        ...(more.length > 0 ? ["-extfile", "extensions"] : []),
        ...["-md", digest],
      ],
      ...["-inform", "DER", "-in", "leaf.csr", "-out", "leaf.pem"],
    );
    const files = ["leaf.pem", "ca.pem"].map((file) => readFile(at(file)));
    return (await Promise.all(files)).join("");
  } finally {
    await rm(dir, { recursive: true });
  }
}
