import { alertsApi } from "./alerts/api.ts";
import { auditApi } from "./audit/api.ts";
import { authApi } from "./auth/api.ts";
import { backupApi } from "./backup/api.ts";
import { configApi } from "./config/api.ts";
import { devicesApi } from "./devices/api.ts";
import { schedulingApi } from "./scheduling/api.ts";
import { systemApi } from "./system/api.ts";
import { tasksApi } from "./tasks/api.ts";

/** Every contract of the product: what the gateway routes, OpenAPI documents and the role matrix tests. */
export const apis = {
	auth: authApi,
	devices: devicesApi,
	tasks: tasksApi,
	backup: backupApi,
	config: configApi,
	alerts: alertsApi,
	scheduling: schedulingApi,
	audit: auditApi,
	system: systemApi,
} as const;
