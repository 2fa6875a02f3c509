import { defineApi } from "../kernel/operation.ts";

/** The gateway has no operations of its own: it routes those of the others. */
export const gatewayApi = defineApi("gateway", {});
