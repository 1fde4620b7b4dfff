// One part for all that is drawn now and then.
export { Rating } from "./csat";
export { Faces } from "./emoji";
export { Form } from "./forms";
export { Menu } from "./menu";
