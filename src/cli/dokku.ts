import { join, resolve } from "node:path";
import type { DokkuSource, Wished } from "../commands/dokku.ts";
import type { Target } from "../core/target.ts";
import { AppError } from "../errors.ts";
import { is, isRecord } from "../json.ts";
import { readLegoArgs } from "./lego.ts";
import type { OptionName } from "./options.ts";
import { parseTarget } from "./target.ts";
import { usage } from "./usage.ts";
import { type Options, textOf } from "./words.ts";

/** The properties of one app by name; those that begin with + are what is asked of this run. */
type Properties = Record<string, string | undefined>;

/** How the properties that all apps have in common are called. */
const GLOBAL = "--global";
const DNS = "dns-provider-";

/** Properties that are an option of another name, or of the same. */
const AS_OPTION: Record<string, OptionName> = {
  email: "email",
  graceperiod: "valid_min",
  "key-type": "key_type",
  profile: "profile",
  "preferred-chain": "preferred_chain",
  "eab-kid": "eab_kid",
  "eab-hmac-key": "eab_hmac_key",
};

const OTHER_WORDS: Record<string, string | undefined> = {
  dns: "dns-provider",
  dns_exec: `${DNS}EXEC_PATH`,
  eab_hmac_key_file: "eab-hmac-key",
  server: "server",
};

/** What the Dokku plugin asks for: one JSON object on the standard input, of the properties by app. */
export function parseDokku(options: Options, cwd: string): DokkuSource {
  const root = resolve(cwd, textOf(options, "certs_dir") ?? ".");
  return {
    dir: root,
    retry: options.retry === true,
    read(text) {
      const { [GLOBAL]: common = {}, ...apps } = parseApps(text);
      return Object.entries(apps).map(([app, own = {}]) =>
        parseApp(app, { own, common }, { options, cwd, root }),
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
    Object.values(value).every(
      (each) => isRecord(each) && Object.values(each).every(is.text),
    )
  )
    return value as Record<string, Properties>;
  throw usage(
    "The standard input is not a JSON object of properties by app.",
    "This command is for the Dokku plugin; for files of your own there is batch.",
  );
}

interface Setting {
  options: Options;
  cwd: string;
  root: string;
}

/** What one app wants, or why that cannot be understood; an app that is wrong stops no other. */
function parseApp(
  app: string,
  properties: { own: Properties; common: Properties },
  { options, cwd, root }: Setting,
): Wished {
  const effective = withoutNone({ ...properties.common, ...properties.own });
  const dir = join(root, app);
  try {
    if (!/^[a-z0-9][a-z0-9._-]*$/.test(app))
      throw usage(`${app}: this is no name of an app.`);
    const lego = readLegoArgs(effective["lego-args"] ?? "");
    const target = parseTarget(
      { ...options, ...lego.options, ...optionsOf(effective) },
      cwd,
    );
    const warnings =
      lego.unknown.length === 0
        ? []
        : [
            `lego-args: ${lego.unknown.join(", ")} is not understood here and has no effect.`,
          ];
    return { target: finish(target, { id: app, dir, effective }), warnings };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { message, hint } = error;
    return {
      subject: { id: app, names: [], dir },
      error: usage(inProperties(message), hint && inProperties(hint)),
    };
  }
}

/** A sentence about options in the words of who knows properties only. */
function inProperties(text: string): string {
  return text
    .replace(/--dns exec --dns_exec PROGRAM/, "dns-provider exec")
    .replace(/--(\w+)/g, (word, option: string) => {
      const [property] =
        Object.entries(AS_OPTION).find(([, name]) => name === option) ?? [];
      return property ?? OTHER_WORDS[option] ?? word;
    });
}

/** An app's own `none` stands against a provider for all. */
function withoutNone(properties: Properties): Properties {
  return properties["dns-provider"] === "none"
    ? { ...properties, "dns-provider": undefined }
    : properties;
}

function optionsOf(properties: Properties): Options {
  const renamed = Object.entries(AS_OPTION).flatMap(([property, option]) =>
    properties[property] ? [[option, properties[property]] as const] : [],
  );
  return {
    ...Object.fromEntries(renamed),
    vhost: (properties["+domains"] ?? "")
      .split(/\s+/)
      .filter((each) => each !== ""),
    server: serversOf(properties),
    file: ["key.pem", "fullchain.pem"],
    force: properties["+force"] === "true",
    ...methodOf(properties),
  };
}

function serversOf({ ca, server = "default" }: Properties): string[] {
  if (ca) return ca.split(/[\s,]+/).filter((each) => each !== "");
  if (server === "default") return [];
  return [server === "staging" ? "letsencrypt-staging" : server];
}

function methodOf(properties: Properties): Options {
  const provider = properties["dns-provider"];
  if (!provider) return { stateless: properties["challenge"] === "stateless" };
  if (properties[`${DNS}EXEC_MODE`] === "RAW")
    throw usage(
      "dns-provider-EXEC_MODE RAW is not supported.",
      "Take it out; the program is called as PROGRAM present|cleanup FQDN VALUE.",
    );
  const timeout = properties[`${DNS}EXEC_PROPAGATION_TIMEOUT`] ?? "";
  return {
    dns: provider,
    dns_exec: properties[`${DNS}EXEC_PATH`],
    // As with lego, what is no number counts as none.
    ...(/^[1-9]\d{0,3}$/.test(timeout) ? { dns_timeout: timeout } : {}),
  };
}

interface App {
  id: string;
  dir: string;
  effective: Properties;
}

/** What no option says: the id, the folder, and what only the app's own program may know. */
function finish(
  { ask, keep, ...target }: Target,
  { id, dir, effective }: App,
): Target {
  const { method } = ask;
  const env = Object.entries(effective).flatMap(([name, value = ""]) =>
    name.startsWith(DNS) ? [[name.slice(DNS.length), value] as const] : [],
  );
  return {
    ...target,
    id,
    ask: {
      ...ask,
      method:
        method.kind === "dns"
          ? { ...method, env: Object.fromEntries(env) }
          : method,
    },
    keep: { ...keep, dir, legoAccounts: true },
  };
}
