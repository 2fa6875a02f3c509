import type { devicesApi } from "@netconductor/contracts/devices/api";
import type { Orm } from "@netconductor/runtime/db/database";
import type { Handler } from "@netconductor/runtime/host/service";

/** The handler of one operation of this service. */
export type DevicesOperation<K extends keyof (typeof devicesApi)["operations"]> = Handler<
	(typeof devicesApi)["operations"][K]
>;

/** What a statement runs on: the database, or a transaction that the caller opened. */
export type Statements = Pick<Orm, "select" | "insert" | "update" | "delete" | "execute">;
