export type Theme = "auto" | "light" | "dark";

export interface ChatSettings {
  readonly inboxKey: string;
  /** Origin of the server; the page's own when left out. */
  readonly apiBase?: string;
  readonly theme?: Theme;
}
