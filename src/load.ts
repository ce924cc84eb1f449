import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Script } from "node:vm";

type Module = { exports: unknown };
/** The function that wraps a CommonJS module. */
type Wrapped = (...around: readonly unknown[]) => void;

/** The file with V8's compiled code. */
export const cacheOf = (file: string): string => `${file}.cache`;

/**
 * Runs a file that scripts/build.ts made, and the files that it requires, with the compiled code
 * from the image if there is any. Node.js' own compile cache works for one user only. `compiled` is
 * called for each file.
 */
export function load(file: string, compiled?: (file: string, script: Script) => void): unknown {
  const native = createRequire(file);
  const modules = new Map<string, Module>();

  function run(filename: string): unknown {
    const known = modules.get(filename);
    if (known !== undefined) return known.exports;
    const module: Module = { exports: {} };
    modules.set(filename, module);
    const script = compile(filename);
    compiled?.(filename, script);
    const dir = dirname(filename);
    const require = (id: string) =>
      id.startsWith("./") ? run(join(dir, id)) : (native(id) as unknown);
    const body = script.runInThisContext() as Wrapped;
    body(module.exports, require, module, filename, dir);
    return module.exports;
  }

  return run(file);
}

/**
 * V8 ignores the cache if it was made by another version, with other options, or for a source of
 * another length.
 */
function compile(filename: string): Script {
  const source = readFileSync(filename, "utf8").replace(/^#!.*/, "");
  const wrapped = `(function (exports, require, module, __filename, __dirname) {${source}\n})`;
  return new Script(wrapped, { filename, ...kept(filename) });
}

function kept(filename: string): { cachedData?: Buffer } {
  try {
    return { cachedData: readFileSync(cacheOf(filename)) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
}
