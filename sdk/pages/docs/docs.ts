// The description of both halves of the API, from this server alone: it works without the internet.
import SwaggerUIBundle from "swagger-ui-dist/swagger-ui-es-bundle.js";
import "swagger-ui-dist/swagger-ui.css";
import { showFrames } from "./frames";

SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger",
  deepLinking: false,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  // The default asks a server elsewhere for its opinion.
  validatorUrl: null,
});
for (const [direction, id] of [
  ["ClientFrame", "client"],
  ["ServerFrame", "server"],
] as const) {
  const place = document.getElementById(id);
  if (place !== null) showFrames(direction, place);
}
