import "./quick-start.mjs";

await import("../src/main.ts");
