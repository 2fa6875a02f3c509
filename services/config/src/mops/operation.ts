import type { mopOperations } from "@netconductor/contracts/config/mops-api";
import type { Handler } from "@netconductor/runtime/host/service";

/** The handler of one operation on procedures. */
export type MopOperation<K extends keyof typeof mopOperations> = Handler<(typeof mopOperations)[K]>;
