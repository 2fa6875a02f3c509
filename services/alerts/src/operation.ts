import type { alertsApi } from "@netconductor/contracts/alerts/api";
import type { Handler } from "@netconductor/runtime/host/service";

type Operations = (typeof alertsApi)["operations"];

/** A use case of this service: `const approve: AlertsOperation<"approve">`. */
export type AlertsOperation<K extends keyof Operations> = Handler<Operations[K]>;
