// One part for all that is drawn, asked or said now and then.
export { perform } from "./acts";
export { ring } from "./chime";
export { Rating } from "./csat";
export { describe } from "./describe";
export { Faces } from "./emoji";
export { Form } from "./forms";
export { requestHuman } from "./human";
export { Menu } from "./menu";
export { makeModal } from "./modal";
export { askNames } from "./names";
