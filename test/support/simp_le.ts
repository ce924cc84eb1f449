import { generateKeyPairSync, type KeyObject, randomUUID } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FORMAT_NAMES, type FormatName } from "../../src/store/formats.ts";
import type { MadeBundle } from "./certificates.ts";
import { type CliResult, runCli } from "./cli.ts";
import type { Pebble } from "./pebble.ts";
import { loopbackAddress } from "./ports.ts";
import { type Recorder, type RecorderOptions, startRecorder } from "./recorder.ts";
import { tempDir } from "./temp.ts";
import { tls } from "./tls.ts";

/** What to write into a folder; a file without contents is left out. */
export type Files = Partial<Record<string, string | Buffer>>;

/** `-f` for every file, or for those given. */
export const fileFlags = (names: readonly FormatName[] = FORMAT_NAMES): string[] =>
  names.flatMap((name) => ["-f", name]);

/** An account key as simp_le makes it; one for a whole test file, since they are slow to make. */
export const rsaAccount = (): KeyObject =>
  generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;

/** All nine files, byte for byte as simp_le writes them. */
export function simpLeFiles(
  { key, leaf, chain }: MadeBundle,
  accountKey: KeyObject,
): Record<FormatName, string | Buffer> {
  const rsa = key.asymmetricKeyType === "rsa";
  const issuers = chain.map(String);
  const pem = key.export({ type: "pkcs8", format: "pem" });
  const joined = (...blocks: string[]) => blocks.map((block) => block.trim()).join("\n");
  return {
    "account_key.json": pythonJson(simpLeJwk(accountKey)),
    "account_reg.json": pythonJson({
      body: { key: publicPart(accountKey), status: "valid", contact: [] },
      uri: "https://ca.test/account/1",
    }),
    "key.pem": joined(pem),
    "key.der": key.export({ type: rsa ? "pkcs1" : "sec1", format: "der" }),
    "cert.pem": joined(String(leaf)),
    "cert.der": leaf.raw,
    "chain.pem": joined(...issuers),
    "fullchain.pem": joined(String(leaf), ...issuers),
    "full.pem": joined(pem, String(leaf), ...issuers),
  };
}

/** An RSA key as a JSON Web Key with its members in simp_le's order. */
export function simpLeJwk(key: KeyObject): Record<string, string> {
  const jwk = key.export({ format: "jwk" }) as Record<string, string>;
  const members = ["n", "e", "d", "p", "q", "dp", "dq", "qi", "kty"];
  return Object.fromEntries(members.map((name) => [name, jwk[name] ?? ""]));
}

function publicPart(key: KeyObject): Record<string, string> {
  const { n = "", e = "", kty = "" } = simpLeJwk(key);
  return { n, e, kty };
}

/** JSON with the separators of Python. */
export function pythonJson(value: unknown): string {
  return JSON.stringify(value, undefined, 1)
    .replace(/\n */g, " ")
    .replace(/([{[]) /g, "$1")
    .replace(/ ([}\]])/g, "$1");
}

export interface Certs extends AsyncDisposable {
  path: string;
  /** Runs the program in this folder. */
  run(...args: string[]): Promise<CliResult>;
  write(files: Files): void;
  read(file: string): string;
  bytes(file: string): Buffer;
  mode(file: string): number;
  files(): string[];
  /** Contents, mode and times of all that is there, to see whether anything was touched. */
  state(): Record<string, unknown>;
}

/** A certs directory with these files, open to all as simp_le leaves them. */
export function certsDir(files: Files = {}): Certs {
  const temp = tempDir();
  const at = (file: string) => join(temp.path, file);
  const write = (more: Files) => {
    for (const [name, data] of Object.entries(more))
      if (data !== undefined) writeFileSync(at(name), data, { mode: 0o644 });
  };
  const visible = () => readdirSync(temp.path).filter((file) => !file.startsWith(".acme-sidecar."));
  write(files);
  return {
    path: temp.path,
    run: (...args) => runCli(args, { cwd: temp.path }),
    write,
    read: (file) => readFileSync(at(file), "utf8"),
    bytes: (file) => readFileSync(at(file)),
    mode: (file) => lstatSync(at(file)).mode & 0o777,
    files: () => visible().sort(),
    state: () => Object.fromEntries(visible().map((file) => [file, look(at(file))])),
    [Symbol.asyncDispose]: () => temp[Symbol.asyncDispose](),
  };
}

function look(path: string) {
  const { mode, mtimeNs, ino, uid } = lstatSync(path, { bigint: true });
  const readable = (mode & 0o170400n) === 0o100400n;
  return {
    ...{ mode, mtimeNs, ino, uid },
    data: readable ? readFileSync(path, "base64") : undefined,
  };
}

/** A CA that must not be asked: what comes to it is remembered, and not answered well. */
export async function unaskedCa(): Promise<Recorder & { options: readonly string[] }> {
  const { caFile } = await tls();
  const upstream = { directoryUrl: "https://localhost:9/dir", caFile };
  const recorder = await startRecorder(upstream);
  return { ...recorder, options: optionsFor(recorder) };
}

const optionsFor = ({ directoryUrl, caFile }: Recorder) => [
  ...["--server", directoryUrl, "--ca_bundle", caFile],
];

export interface Site extends AsyncDisposable {
  /** A name that leads to where the program listens, as `www.` of it does, and that no other site has. */
  name: string;
  /** The address of that name. */
  host: string;
  certs: Certs;
  recorder: Recorder;
  /** Runs the program in its folder, with its CA and its address. */
  run(...args: string[]): Promise<CliResult>;
  /** The options that `run` adds. */
  options: readonly string[];
}

/** One test's part of a Pebble that others use at the same time. */
export async function site(pebble: Pebble, recording?: RecorderOptions): Promise<Site> {
  const [name, host] = [`${randomUUID()}.test`, loopbackAddress()];
  await pebble.dns.setA(name, [host]);
  await pebble.dns.setA(`www.${name}`, [host]);
  await using stack = new AsyncDisposableStack();
  const recorder = stack.use(await startRecorder(pebble, recording));
  const certs = stack.use(certsDir());
  const listen = ["--listen", `${host}:${pebble.httpPort}`];
  const options = [...optionsFor(recorder), ...listen];
  const all = stack.move();
  return {
    ...{ name, host, certs, recorder, options },
    run: (...args) => certs.run(...options, ...args),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
