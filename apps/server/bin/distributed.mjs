import "./quick-start.mjs";

await import("../src/distributed/main.ts");
