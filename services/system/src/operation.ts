import type { systemApi } from "@netconductor/contracts/system/api";
import type { Handler } from "@netconductor/runtime/host/service";

type Operations = (typeof systemApi)["operations"];

/** A use case of this service: `const getAbout: Operation<"getAbout">`. */
export type Operation<K extends keyof Operations> = Handler<Operations[K]>;
