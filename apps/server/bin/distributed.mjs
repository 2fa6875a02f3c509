import "@netconductor/runtime/quick-start";

await import("../src/distributed/main.ts");
