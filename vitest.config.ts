import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["{sdk,webchat,webchat-react,console}/test/**/*.test.{ts,tsx}"],
    environment: "node",
  },
});
