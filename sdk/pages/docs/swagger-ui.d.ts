// The package ships no types for its bundles.
declare module "swagger-ui-dist/swagger-ui-es-bundle.js" {
  // biome-ignore lint/style/noDefaultExport: this is how the package exports it.
  export default function SwaggerUIBundle(options: Readonly<Record<string, unknown>>): unknown;
}
