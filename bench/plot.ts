import { seconds } from "./document.ts";
import type { Result } from "./results.ts";
import type { Id } from "./scenarios.ts";

/** One panel for each of these, with a line for each program. */
const PANELS: readonly Id[] = ["one", "fresh", "many", "batch"];
const TOOLS = ["acme-sidecar", "lego (Debian)", "lego (newest)", "certbot", "simp_le", "caddy"];
const PANEL = { width: 620, height: 250, left: 70, right: 180, top: 50, bottom: 40 };
/** Pixels between two names of lines, so that they can be read. */
const LETTERS = 14;

const COLORS: readonly [light: string, dark: string][] = [
  ["#1a7f37", "#3fb950"],
  ["#0969da", "#58a6ff"],
  ["#0a8a8a", "#39c5cf"],
  ["#bc4c00", "#f0883e"],
  ["#8250df", "#bc8cff"],
  ["#6e7781", "#9198a1"],
];
const colored = (which: 0 | 1) =>
  COLORS.map((color, index) => `.t${index} { stroke: ${color[which]}; fill: ${color[which]}; }`);
const STYLE = `
text { font: 13px system-ui, sans-serif; fill: #24292f; }
.title { font-weight: 600; }
.axis { font-size: 11px; fill: #57606a; }
.grid { stroke: #d0d7de; }
polyline { fill: none !important; stroke-width: 2; }
.t0 polyline { stroke-width: 3; }
${colored(0).join("\n")}
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .axis { fill: #9198a1; }
  .grid { stroke: #3d444d; }
${colored(1).join("\n")}
}`;

interface Line {
  tool: string;
  points: { away: number; wall: number }[];
}

/**
 * The times of all programs by round trip. The time axis is logarithmic. Works on light and dark
 * pages.
 */
export function plotOf(results: readonly Result[]): string {
  const panels = PANELS.map((id) => results.filter((one) => one.id === id)).filter(
    (found) => found.length > 0,
  );
  const height = Math.max(1, panels.length) * PANEL.height;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${PANEL.width}" height="${height}" viewBox="0 0 ${PANEL.width} ${height}" role="img" aria-label="Time by round trip, logarithmic">`,
    `<style>${STYLE}\n</style>`,
    ...panels.map((found, index) => panelOf(found, index * PANEL.height)),
    "</svg>\n",
  ].join("\n");
}

function panelOf(results: readonly Result[], offset: number): string {
  const lines = linesOf(results);
  const walls = lines.flatMap(({ points }) => points.map(({ wall }) => wall));
  const distances = results.map(({ away }) => away);
  const furthest = Math.max(1, ...distances);
  const [least, most] = [
    Math.floor(Math.log10(Math.min(...walls, 1))),
    Math.ceil(Math.log10(Math.max(...walls, 1))),
  ];
  const decades = Math.max(1, most - least);
  const [inner, tall] = [
    PANEL.width - PANEL.left - PANEL.right,
    PANEL.height - PANEL.top - PANEL.bottom,
  ];
  const x = (away: number) => PANEL.left + (away / furthest) * inner;
  const y = (wall: number) =>
    offset + PANEL.top + tall - ((Math.log10(wall) - least) / decades) * tall;

  const grid = Array.from({ length: decades + 1 }, (_, power) => {
    const value = 10 ** (least + power);
    const at = y(value).toFixed(1);
    const label = value < 1 ? seconds(value) : `${value.toFixed(0)} s`;
    return [
      `<line class="grid" x1="${PANEL.left}" x2="${PANEL.left + inner}" y1="${at}" y2="${at}"/>`,
      text(label, { x: PANEL.left - 8, y: y(value) + 4, anchor: "end", kind: "axis" }),
    ].join("\n");
  });
  const base = offset + PANEL.top + tall;
  const ticks = distances.map((away) =>
    text(`${away} ms`, { x: x(away), y: base + 18, anchor: "middle", kind: "axis" }),
  );
  return [
    text(`${results[0]?.title ?? ""}: time by round trip to the CA`, {
      ...{ x: 10, y: offset + 24, kind: "title" },
    }),
    ...grid,
    ...ticks,
    ...drawn(lines, { x, y }),
  ].join("\n");
}

/** The programs whose names are in TOOLS; other rows are other ways of the same program. */
function linesOf(results: readonly Result[]): Line[] {
  return TOOLS.map((tool) => ({
    tool,
    points: results.flatMap(({ away, rows }) =>
      rows.filter(({ name }) => name === tool).map(({ cost }) => ({ away, wall: cost.wall })),
    ),
  })).filter(({ points }) => points.length > 0);
}

interface Scales {
  x: (away: number) => number;
  y: (wall: number) => number;
}

/** Lines with their names at the right; names that would overlap are moved down. */
function drawn(lines: readonly Line[], { x, y }: Scales): string[] {
  const ends = lines
    .map(({ tool, points }) => ({ tool, points, end: points.at(-1) ?? { away: 0, wall: 1 } }))
    .sort((one, other) => y(one.end.wall) - y(other.end.wall));
  let above = -Infinity;
  return ends.map(({ tool, points, end }) => {
    const place = Math.max(y(end.wall) + 4, above + LETTERS);
    above = place;
    const path = points.map((one) => `${x(one.away).toFixed(1)},${y(one.wall).toFixed(1)}`);
    return [
      `<g class="t${TOOLS.indexOf(tool)}">`,
      `<polyline points="${path.join(" ")}"/>`,
      ...path.map((point) => {
        const [cx, cy] = point.split(",");
        return `<circle cx="${cx ?? ""}" cy="${cy ?? ""}" r="3"/>`;
      }),
      "</g>",
      text(`${tool} ${seconds(end.wall)}`, { x: PANEL.width - PANEL.right + 10, y: place }),
    ].join("\n");
  });
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
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}"${more}>${safe}</text>`;
}
