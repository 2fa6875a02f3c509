import type { auditApi } from "@netconductor/contracts/audit/api";
import type { Handler } from "@netconductor/runtime/host/service";

type Operations = (typeof auditApi)["operations"];

/** A use case of this service: `const verifyAudit: Operation<"verifyAudit">`. */
export type Operation<K extends keyof Operations> = Handler<Operations[K]>;
