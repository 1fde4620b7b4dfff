import type { Scene } from "../panel/scene";

const COUNTED = /^\(\d+\) /u;

/** Counts what is unread in the title of a page that nobody looks at. */
export class Attention {
  readonly #scene: Scene;
  readonly #forget: () => void;
  readonly #show = () => this.#title();

  constructor(scene: Scene) {
    this.#scene = scene;
    this.#forget = scene.on(this.#show);
    document.addEventListener("visibilitychange", this.#show);
  }

  end(): void {
    this.#forget();
    document.removeEventListener("visibilitychange", this.#show);
    document.title = document.title.replace(COUNTED, "");
  }

  #title(): void {
    const { unread } = this.#scene.state;
    const plain = document.title.replace(COUNTED, "");
    const counts = unread > 0 && document.visibilityState === "hidden";
    const title = counts ? `(${unread}) ${plain}` : plain;
    if (title !== document.title) document.title = title;
  }
}
