import { OPTION_NAMES, type Options, specOf, variableOf } from "./options.ts";

/** The options that environment variables set, for any verb. */
export function readVariables(env: Record<string, string | undefined>): Options {
  const found: Options = {};
  for (const name of OPTION_NAMES) {
    const value = env[variableOf(name)];
    if (value === undefined || value === "") continue;
    const spec = specOf(name);
    if (spec.gone) continue;
    if (spec.value === undefined) found[name] = /^(1|true|yes|on)$/i.test(value);
    else
      found[name] = spec.repeatable ? value.split(/[\s,]+/).filter((each) => each !== "") : value;
  }
  return found;
}
