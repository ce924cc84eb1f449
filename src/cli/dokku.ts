import { join } from "node:path";
import type { App, DokkuApps } from "../commands/dokku.ts";
import type { Draft } from "../core/target.ts";
import { is, isRecord } from "../json.ts";
import { parseWork } from "./batch.ts";
import { after, type Dialect, dialectOf } from "./dialect.ts";
import { type Given, givenBy, refusal } from "./given.ts";
import { type LegoArgs, readLegoArgs } from "./lego-args.ts";
import { OPTION_NAMES, type OptionName, type Options, specOf } from "./options.ts";
import { parseDir } from "./files.ts";
import { parseTarget } from "./target.ts";
import { usage } from "./usage.ts";

/** The properties of one app, by name. A name that begins with + is an instruction for this run. */
type Properties = Record<string, string | undefined>;

/** The key of the properties that apply to all apps. */
const GLOBAL = "--global";
const DNS = "dns-provider-";

/**
 * What the Dokku plugin asks for. `read` takes the JSON object from standard input: the properties
 * of each app. `options` come from the command line and the environment.
 */
export function parseDokku(given: Given, options: Options): DokkuApps {
  const root = parseDir(given);
  return {
    dir: root,
    work: parseWork(given),
    read(text) {
      const { [GLOBAL]: common = {}, ...apps } = parseApps(text);
      return Object.entries(apps).map(([app, own = {}]) =>
        parseApp(app, { own, common }, { options, given, root }),
      );
    },
  };
}

function parseApps(text: string): Record<string, Properties | undefined> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (
    isRecord(value) &&
    Object.values(value).every((each) => isRecord(each) && Object.values(each).every(is.text))
  )
    return value as Record<string, Properties>;
  throw usage(
    "The standard input is not a JSON object of properties by app.",
    "This command is for the Dokku plugin; for a file of your own, use batch.",
  );
}

interface AppSetting {
  options: Options;
  given: Given;
  root: string;
}

/**
 * The target of one app, or the error in its properties. An error in one app does not stop the
 * others.
 */
function parseApp(
  app: string,
  properties: { own: Properties; common: Properties },
  { options, given: { cwd, subject }, root }: AppSetting,
): App {
  const effective = withoutNone({ ...properties.common, ...properties.own });
  const lego = readLegoArgs(effective["lego-args"] ?? "");
  const own = optionsOf(effective);
  const given = givenBy(
    { ...options, ...lego.options, ...own },
    { cwd, dialect: dialectFor(effective, { own, lego, subject }) },
  );
  const dir = join(root, app);
  const target = parseTarget(given);
  checkApp(given, { app, effective, lego });
  if (target === undefined || given.mistakes.length > 0)
    return {
      subject: { id: app, names: [], dir },
      error: refusal(given, " "),
    };
  const warnings =
    lego.unknown.length === 0
      ? []
      : [`lego-args: ${lego.unknown.join(", ")} is unknown here and has no effect.`];
  return { target: finish(target, { id: app, dir, properties: effective }), warnings };
}

/** Notes the mistakes that no option reports. */
function checkApp(
  given: Given,
  { app, effective, lego }: { app: string; effective: Properties; lego: LegoArgs },
): void {
  if (!/^[a-z0-9][a-z0-9._-]*$/.test(app))
    given.wrong(undefined, `${app}: this is not an app's name.`);
  for (const { text, hint } of lego.mistakes) given.wrong(undefined, text, { hint });
  if (effective["dns-provider"] && effective[`${DNS}EXEC_MODE`] === "RAW")
    given.wrong(undefined, `${DNS}EXEC_MODE RAW is not supported.`, {
      hint: "Take it out; the program is called as PROGRAM present|cleanup FQDN VALUE.",
    });
}

/** Messages name an option by the property, or the lego argument, that set it. */
function dialectFor(
  { ca }: Properties,
  { own, lego, subject }: { own: Options; lego: LegoArgs; subject: Dialect["subject"] },
): Dialect {
  const writeOne = (option: OptionName, value: string | true) => {
    const property = option === "server" && ca ? "ca" : specOf(option).property;
    return property && after(property, value);
  };
  return dialectOf(writeOne, (option, value) => {
    const written = writeOne(option, value ?? true);
    if (own[option] !== undefined && written !== undefined) return written;
    const flag = lego.flags.get(option);
    return flag === undefined
      ? subject(option, value)
      : `${after(flag, value ?? true)} in lego-args`;
  });
}

/** With `none`, an app opts out of the DNS provider that is set for all apps. */
function withoutNone(properties: Properties): Properties {
  return properties["dns-provider"] === "none"
    ? { ...properties, "dns-provider": undefined }
    : properties;
}

function optionsOf(properties: Properties): Options {
  return {
    ...asOptions(properties, (name) => specOf(name).method === undefined),
    vhost: (properties["+domains"] ?? "").split(/\s+/).filter((each) => each !== ""),
    server: serversOf(properties),
    file: ["key.pem", "fullchain.pem"],
    force: properties["+force"] === "true",
    ...methodOf(properties),
  };
}

/** The properties that set the wanted options. */
function asOptions(properties: Properties, isWanted: (option: OptionName) => boolean): Options {
  const options: Options = {};
  for (const name of OPTION_NAMES.filter(isWanted)) {
    const { property = "" } = specOf(name);
    const { value } = specOf(name);
    if (properties[property])
      options[name] = value === undefined ? properties[property] === "true" : properties[property];
  }
  return options;
}

function serversOf({ ca, server = "default" }: Properties): string[] {
  if (ca) return ca.split(/[\s,]+/).filter((each) => each !== "");
  if (server === "default") return [];
  return [server === "staging" ? "letsencrypt-staging" : server];
}

function methodOf(properties: Properties): Options {
  if (!properties["dns-provider"]) return { stateless: properties["challenge"] === "stateless" };
  const { dns_timeout: timeout, ...options } = asOptions(
    properties,
    (name) => specOf(name).method === "dns",
  );
  // lego also ignores a value that is not a number.
  return /^[1-9]\d{0,3}$/.test(String(timeout)) ? { ...options, dns_timeout: timeout } : options;
}

/** Adds what no option can set: the id, the folder, and the environment of the DNS program. */
function finish(
  { ask, keep, ...target }: Draft,
  { id, dir, properties }: { id: string; dir: string; properties: Properties },
): Draft {
  const { method } = ask;
  const env = Object.entries(properties).flatMap(([name, value = ""]) =>
    name.startsWith(DNS) ? [[name.slice(DNS.length), value] as const] : [],
  );
  return {
    ...target,
    id,
    ask: {
      ...ask,
      account: { ...ask.account, lego: true },
      method: method.kind === "dns" ? { ...method, env: Object.fromEntries(env) } : method,
    },
    keep: { ...keep, dir },
  };
}
