import "@netconductor/runtime/quick-start";

await import("../src/main.ts");
