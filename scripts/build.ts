/**
 * Bundles the program into dist/main.js. Large packages get their own files, which are loaded on
 * demand. Also collects the licences of bundled packages, and writes a bill of materials. For the
 * reasons see docs/decisions/0014-start-up.md.
 */
import { execFileSync } from "node:child_process";
import { chmod, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { buffer } from "node:stream/consumers";
import { createGzip } from "node:zlib";
import { build as bundleUp, type BuildOptions, type Metafile, type Plugin } from "esbuild";
import { writePlugin } from "../src/handoff/dokku-plugin.ts";

const OUT = "dist";
const PLUGIN = "letsencrypt.tar.gz";

/** A run with nothing to do never loads these. */
const APART = ["acme-client", "dns-packet", "express", "pkijs", "tar-stream", "yaml"];
/**
 * The only module that uses zod; so only a small part of zod is bundled. And the only one that uses
 * the packages for terminals. They export data and functions but no classes: a class must not exist
 * twice.
 */
const MODULES = ["src/cli/targets-schema.ts", "src/ui/screen.ts"];

/**
 * Parts of packages that this program never uses, or that Node.js has too. Without this, every
 * start would load them.
 */
const SUBSTITUTES: [RegExp, string][] = [
  // yargs' parser uses these to find files, and for its own help.
  [/platform-shims\/esm\.mjs$/, "module.exports = {};"],
  // winston's debugging and colours; src/ui/log.ts has its own colours.
  [/^@dabh\/diagnostics$/, "module.exports = () => () => {};"],
  [/^@colors\/colors\/safe$/, "module.exports = {};"],
  // acme-client's HTTP requests, which src/acme/transport.ts replaces, and its old code for keys.
  [/^\.\/axios$/, "module.exports = {};"],
  [/^\.\/crypto\/forge$/, "module.exports = {};"],
  // Express' parsers of request bodies; none is used.
  [/^body-parser$/, "module.exports = {};"],
  [/^readable-stream$/, 'module.exports = require("node:stream");'],
  [
    /^readable-stream\/lib\/_stream_writable\.js$/,
    'module.exports = require("node:stream").Writable;',
  ],
];

const substitutes: Plugin = {
  name: "substitutes",
  setup(build) {
    for (const [filter, contents] of SUBSTITUTES) {
      const namespace = `instead of ${filter.source}`;
      build.onResolve({ filter }, () => ({ path: "substitute", namespace }));
      build.onLoad({ filter: /.*/, namespace }, () => ({ contents }));
    }
  },
};

/** Puts these modules into files beside the program. */
const apart: Plugin = {
  name: "apart",
  setup(build) {
    const modules = MODULES.map((file) => `\\./${basename(file, ".ts")}\\.ts`);
    const filter = new RegExp(`^(?:${[...APART, ...modules].join("|")})$`);
    build.onResolve({ filter }, ({ path }) => ({
      path: `./${basename(path, ".ts")}.js`,
      external: true,
    }));
  },
};

const options: BuildOptions = {
  bundle: true,
  // CommonJS loads faster, and a dynamic import stays lazy.
  format: "cjs",
  platform: "node",
  target: "node24",
  // Every file must be loaded by src/load.ts.
  supported: { "dynamic-import": false },
  minify: true,
  keepNames: true,
  legalComments: "none",
  // CommonJS does not have these. They are used only to find files.
  define: {
    "import.meta.url": "__filename",
    "import.meta.dirname": "__dirname",
  },
};

await rm(OUT, { recursive: true, force: true });
const bundles = [
  await bundle("src/main.ts", "main", [apart, substitutes]),
  await bundle("src/start.ts", "start", []),
  ...(await Promise.all(MODULES.map((file) => bundle(file, basename(file, ".ts"), [])))),
  ...(await Promise.all(APART.map((name) => bundle(name, name, [substitutes])))),
];
for (const program of ["main.js", "start.js"]) await chmod(join(OUT, program), 0o755);
await writeFile(join(OUT, "package.json"), '{ "type": "commonjs" }\n');
await writeFile(join(OUT, PLUGIN), await pluginArchive());
const packages = await packagesIn(bundles);
await writeFile(join(OUT, "LICENSES.txt"), await licencesOf(packages));
await writeFile(join(OUT, "sbom.cdx.json"), bomOf(packages));

async function bundle(entry: string, name: string, plugins: Plugin[]): Promise<Metafile> {
  const { metafile } = await bundleUp({
    ...options,
    ...{ entryPoints: { [name]: entry }, outdir: OUT, plugins },
    metafile: true,
  });
  return metafile;
}

/** For `dokku plugin:install URL --name letsencrypt`. */
async function pluginArchive(): Promise<Buffer> {
  const archive = createGzip();
  const [bytes] = await Promise.all([
    buffer(archive),
    writePlugin({ dir: "plugin", image: undefined }, archive),
  ]);
  return bytes;
}

interface Package {
  folder: string;
  name: string;
  version: string;
  license: string;
}

/** The packages with code in the bundles. */
async function packagesIn(bundles: readonly Metafile[]): Promise<Package[]> {
  const folders = new Set(
    bundles.flatMap(({ inputs }) =>
      Object.keys(inputs).flatMap(
        (file) =>
          /^(node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? [],
      ),
    ),
  );
  return Promise.all(
    [...folders].sort().map(async (folder) => {
      const manifest = await readFile(join(folder, "package.json"), "utf8");
      return { ...(JSON.parse(manifest) as Package), folder };
    }),
  );
}

async function licencesOf(packages: readonly Package[]): Promise<string> {
  const texts = [];
  for (const { folder, name, version, license } of packages) {
    const files = (await readdir(folder)).filter((file) =>
      /^(licen[cs]e|copying|notice)/i.test(file),
    );
    const contents = await Promise.all(files.map((file) => readFile(join(folder, file), "utf8")));
    texts.push([`${name} ${version} (${license})`, ...contents].join("\n\n"));
  }
  return `${texts.join(`\n${"-".repeat(72)}\n\n`)}\n`;
}

interface Bom {
  components: { "bom-ref": string }[];
  dependencies: { ref: string; dependsOn: string[] }[];
}

/** npm's bill of materials (CycloneDX 1.5), without packages that have no code in the program. */
function bomOf(packages: readonly Package[]): string {
  // npm 11 with --omit=dev also leaves out packages that the program and the development both need.
  const words = ["--package-lock-only", "--sbom-format=cyclonedx"];
  const text = execFileSync("npm", ["sbom", ...words], { encoding: "utf8" });
  const bom = JSON.parse(text) as Bom;
  const ours = new Set(packages.map(({ name, version }) => `${name}@${version}`));
  const own = bom.dependencies[0]?.ref ?? "";
  const components = bom.components.filter((each) => ours.has(each["bom-ref"]));
  const dependencies = bom.dependencies
    .filter(({ ref }) => ref === own || ours.has(ref))
    .map(({ ref, dependsOn }) => ({
      ref,
      dependsOn: dependsOn.filter((each) => ours.has(each)),
    }));
  if (components.length !== ours.size)
    throw new Error("npm sbom does not know every package that was bundled");
  return `${JSON.stringify({ ...bom, components, dependencies }, null, 1)}\n`;
}
