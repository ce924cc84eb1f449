/**
 * Bundles the program and everything it uses into dist/, split so that a run
 * loads only what it needs, and collects the licences of what was bundled.
 */
import { chmod, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";

const OUT = "dist";

await rm(OUT, { recursive: true, force: true });
const { metafile } = await build({
  entryPoints: ["src/main.ts"],
  outdir: OUT,
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node24",
  minify: true,
  keepNames: true,
  metafile: true,
  // Bundled CommonJS packages call require(), which a module does not have.
  banner: {
    js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
  },
});
await chmod(join(OUT, "main.js"), 0o755);

const packages = new Set(
  Object.keys(metafile.inputs).flatMap(
    (file) =>
      /^(node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+)\//.exec(
        file,
      )?.[1] ?? [],
  ),
);
await writeFile(
  join(OUT, "LICENSES.txt"),
  await licencesOf([...packages].sort()),
);

async function licencesOf(folders: string[]): Promise<string> {
  const texts = [];
  for (const folder of folders) {
    const manifest = JSON.parse(
      await readFile(join(folder, "package.json"), "utf8"),
    ) as Record<string, unknown>;
    const files = (await readdir(folder)).filter((file) =>
      /^(licen[cs]e|copying|notice)/i.test(file),
    );
    const contents = await Promise.all(
      files.map((file) => readFile(join(folder, file), "utf8")),
    );
    texts.push(
      [
        `${String(manifest["name"])} ${String(manifest["version"])} (${String(manifest["license"])})`,
        ...contents,
      ].join("\n\n"),
    );
  }
  return `${texts.join(`\n${"-".repeat(72)}\n\n`)}\n`;
}
