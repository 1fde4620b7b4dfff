import { useScene } from "../panel/use-scene";
import css from "./extras.css?inline";

/** The sheet of the parts that are not always there; worn before they are drawn. */
export function useDress(): void {
  useScene().dress(css);
}
