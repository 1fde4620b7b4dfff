import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["{sdk,webchat,console}/test/**/*.test.ts"],
    environment: "node",
  },
});
