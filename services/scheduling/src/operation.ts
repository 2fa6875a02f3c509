import type { schedulingApi } from "@netconductor/contracts/scheduling/api";
import type { Handler } from "@netconductor/runtime/host/service";

type Operations = (typeof schedulingApi)["operations"];

/** A handler of one of this service's operations. */
export type Operation<K extends keyof Operations> = Handler<Operations[K]>;
