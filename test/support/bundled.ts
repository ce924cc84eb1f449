import manifest from "../../package.json" with { type: "json" };

/** The packages chosen for the program; esbuild makes the bundle, and is not in it. */
export const BUNDLED = Object.keys(manifest.dependencies).filter((name) => name !== "esbuild");
