import type { configApi } from "@netconductor/contracts/config/api";
import type { Orm } from "@netconductor/runtime/db/database";
import type { Handler } from "@netconductor/runtime/host/service";

/** The handler of one operation of this service. */
export type ConfigOperation<K extends keyof (typeof configApi)["operations"]> = Handler<
	(typeof configApi)["operations"][K]
>;

/** What a statement runs on: the database, or a transaction that the caller opened. */
export type Statements = Pick<Orm, "select" | "insert" | "update" | "delete" | "execute" | "$count">;
