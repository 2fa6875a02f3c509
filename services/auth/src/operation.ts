import type { authApi } from "@netconductor/contracts/auth/api";
import type { Handler } from "@netconductor/runtime/host/service";

type Operations = (typeof authApi)["operations"];

/** A use case of this service: `const login: Operation<"login">`. */
export type Operation<K extends keyof Operations> = Handler<Operations[K]>;
