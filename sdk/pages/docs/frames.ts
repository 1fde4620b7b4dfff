import schema from "../../../docs/wire.schema.json";

/** As much of JSON Schema as `make gen` writes. */
interface Shape {
  readonly $ref?: string;
  readonly description?: string;
  readonly type?: string;
  readonly format?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly items?: Shape;
  readonly prefixItems?: readonly Shape[];
  readonly anyOf?: readonly Shape[];
  readonly oneOf?: readonly Shape[];
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
}

const SHAPES = schema.$defs as Readonly<Record<string, Shape>>;

/** Show all frames of one direction, each with its fields to be unfolded. */
export function showFrames(direction: "ClientFrame" | "ServerFrame", into: Element): void {
  const frames = SHAPES[direction]?.oneOf ?? [];
  into.replaceChildren(...frames.map((frame) => frameEntry(resolved(frame))));
}

function frameEntry(frame: Shape): HTMLElement {
  const entry = make("details");
  const summary = make("summary");
  const about = frame.description ?? "";
  summary.append(
    make("code", String(frame.properties?.event?.const)),
    withCode(make("span"), about.split("\n")[0] ?? ""),
  );
  entry.append(summary, fieldTable(resolved(frame.properties?.data)));
  return entry;
}

function fieldTable({ properties = {}, required = [] }: Shape): HTMLElement {
  const rows = Object.entries(properties);
  if (rows.length === 0) return make("p", "No fields.");
  const box = make("div");
  box.className = "fields";
  const table = make("table");
  table.append(...rows.map(([name, shape]) => fieldRow(name, shape, required.includes(name))));
  box.append(table);
  return box;
}

function fieldRow(name: string, shape: Shape, isRequired: boolean): HTMLElement {
  const row = make("tr");
  const head = make("th");
  head.scope = "row";
  head.append(make("code", isRequired ? name : `${name}?`));
  const about = shape.description ?? resolved(shape).description ?? "";
  row.append(head, make("td", typeWords(shape)), withCode(make("td"), about));
  return row;
}

function typeWords(shape: Shape): string {
  if (shape.$ref !== undefined) return referredWords(shape.$ref);
  if (shape.const !== undefined) return JSON.stringify(shape.const);
  if (shape.enum !== undefined) return shape.enum.map((it) => JSON.stringify(it)).join(" | ");
  if (shape.anyOf !== undefined) return shape.anyOf.map(typeWords).join(" | ");
  if (shape.prefixItems !== undefined) return `[${shape.prefixItems.map(typeWords).join(", ")}]`;
  if (shape.type === "array") return `list of ${typeWords(shape.items ?? {})}`;
  return shape.format ?? shape.type ?? "anything";
}

function referredWords(reference: string): string {
  const shape = resolved({ $ref: reference });
  if (shape.properties === undefined) return typeWords(shape);
  const { properties, required = [] } = shape;
  const names = Object.keys(properties).map((it) => (required.includes(it) ? it : `${it}?`));
  return `{ ${names.join(", ")} }`;
}

function resolved(shape: Shape | undefined): Shape {
  const name = shape?.$ref?.split("/").at(-1);
  return name === undefined ? (shape ?? {}) : (SHAPES[name] ?? {});
}

/** Descriptions set names between backticks. */
function withCode(element: HTMLElement, text: string): HTMLElement {
  element.append(...text.split("`").map((part, at) => (at % 2 === 1 ? make("code", part) : part)));
  return element;
}

function make<K extends keyof HTMLElementTagNameMap>(tag: K, text = ""): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}
