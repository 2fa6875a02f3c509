import { defineApi } from "../kernel/operation.ts";

/** Realtime speaks WebSocket (`/ws/tasks/{id}`, `/ws/dashboard`; see messages.ts) and has no other operations. */
export const realtimeApi = defineApi("realtime", {});
