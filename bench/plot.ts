import { seconds } from "./document.ts";
import type { Scenario } from "./scenarios.ts";

const TOOLS = ["acme-sidecar", "lego", "certbot", "simp_le"];
const [LABELS, BARS, VALUES, LINE, GAP, TOP] = [250, 400, 70, 20, 34, 30];
const LEAST = 0.01;

const STYLE = `
text { font: 13px system-ui, sans-serif; fill: #24292f; }
.title { font-weight: 600; }
.axis { font-size: 11px; fill: #57606a; }
line { stroke: #d0d7de; }
.acme-sidecar { fill: #1a7f37; }
.lego { fill: #0969da; }
.certbot { fill: #bc4c00; }
.simp_le { fill: #8250df; }
.other { fill: #8c959f; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .axis { fill: #9198a1; }
  line { stroke: #3d444d; }
  .acme-sidecar { fill: #3fb950; }
  .lego { fill: #58a6ff; }
  .certbot { fill: #f0883e; }
  .simp_le { fill: #bc8cff; }
}`;

/** The times of all programs as bars on a logarithmic scale. Works on light and dark pages. */
export function plotOf(scenarios: readonly Scenario[]): string {
  const shown = scenarios.filter(({ rows }) => rows.length > 0);
  const walls = shown.flatMap(({ rows }) => rows.map(({ cost }) => cost.wall));
  const decades = Math.ceil(Math.log10(Math.max(1, ...walls) / LEAST));
  const at = (wall: number) =>
    LABELS + (Math.log10(Math.max(wall, LEAST * 1.1) / LEAST) / decades) * BARS;

  const parts: string[] = [];
  let y = TOP;
  for (const { title, rows } of shown) {
    y += GAP;
    parts.push(text(title, { x: 10, y: y - 10, kind: "title" }));
    for (const { name, tool, cost } of rows) {
      const end = at(cost.wall);
      const kind = TOOLS.find((one) => tool.startsWith(one)) ?? "other";
      parts.push(
        text(name, { x: LABELS - 8, y: y + 14, anchor: "end" }),
        `<rect class="${kind}" x="${LABELS}" y="${y + 3}" width="${(end - LABELS).toFixed(1)}" height="${LINE - 6}" rx="2"/>`,
        text(seconds(cost.wall), { x: end + 5, y: y + 14 }),
      );
      y += LINE;
    }
  }
  const height = y + 10;
  const ticks = Array.from({ length: decades + 1 }, (_, power) => {
    const value = LEAST * 10 ** power;
    const x = at(value);
    const label = value < 1 ? seconds(value) : `${value.toFixed(0)} s`;
    const place = power === 0 ? LABELS : x;
    return [
      `<line x1="${place.toFixed(1)}" x2="${place.toFixed(1)}" y1="${TOP}" y2="${height - 8}"/>`,
      text(label, { x: place, y: TOP - 10, anchor: "middle", kind: "axis" }),
    ].join("\n");
  });
  const width = LABELS + BARS + VALUES;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="Time by program, logarithmic">`,
    `<style>${STYLE}\n</style>`,
    ...ticks,
    ...parts,
    "</svg>\n",
  ].join("\n");
}

interface Place {
  x: number;
  y: number;
  anchor?: "middle" | "end";
  kind?: string;
}

function text(content: string, { x, y, anchor, kind }: Place): string {
  const more = [anchor && ` text-anchor="${anchor}"`, kind && ` class="${kind}"`].join("");
  const safe = content.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text x="${x.toFixed(1)}" y="${y}"${more}>${safe}</text>`;
}
