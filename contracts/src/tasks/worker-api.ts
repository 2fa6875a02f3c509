import { defineApi } from "../kernel/operation.ts";

/** A worker takes its work from the queue and answers no calls. */
export const workerApi = defineApi("worker", {});
