import { alertsErrors } from "./alerts/errors.ts";
import { auditErrors } from "./audit/errors.ts";
import { authErrors } from "./auth/errors.ts";
import { backupErrors } from "./backup/errors.ts";
import { templateErrors } from "./config/engine-errors.ts";
import { configErrors } from "./config/errors.ts";
import { devicesErrors } from "./devices/errors.ts";
import { type ErrorSpec, kernelErrors } from "./kernel/errors.ts";
import { runtimeErrors } from "./runtime/errors.ts";
import { schedulingErrors } from "./scheduling/errors.ts";
import { systemErrors } from "./system/errors.ts";
import { tasksErrors } from "./tasks/errors.ts";

/** Every error code of the product with its kind and title. */
export const errorCatalogue = {
	...kernelErrors,
	...runtimeErrors,
	...authErrors,
	...auditErrors,
	...devicesErrors,
	...tasksErrors,
	...backupErrors,
	...configErrors,
	...templateErrors,
	...alertsErrors,
	...schedulingErrors,
	...systemErrors,
} as const satisfies Record<string, ErrorSpec>;

export type ErrorCode = keyof typeof errorCatalogue;
