import { alertsApi } from "@netconductor/contracts/alerts/api";
import { auditApi } from "@netconductor/contracts/audit/api";
import { authApi } from "@netconductor/contracts/auth/api";
import { backupApi } from "@netconductor/contracts/backup/api";
import { configApi } from "@netconductor/contracts/config/api";
import { devicesApi } from "@netconductor/contracts/devices/api";
import { createClient, type Transport } from "@netconductor/contracts/kernel/client";
import { ApiProblem, type FetchOptions } from "@netconductor/contracts/kernel/fetch-transport";
import { schedulingApi } from "@netconductor/contracts/scheduling/api";
import { systemApi } from "@netconductor/contracts/system/api";
import { tasksApi } from "@netconductor/contracts/tasks/api";
import { createPageTransport } from "./page-transport.ts";
import type { Session } from "./session.ts";

/** Typed calls of the public API on behalf of who is signed in. */
export type Api = ReturnType<typeof createApi>;

export function createApi(session: Session) {
	const transport = authenticated(session);
	return {
		auth: createClient(authApi, transport),
		devices: createClient(devicesApi, transport),
		tasks: createClient(tasksApi, transport),
		backup: createClient(backupApi, transport),
		config: createClient(configApi, transport),
		alerts: createClient(alertsApi, transport),
		scheduling: createClient(schedulingApi, transport),
		audit: createClient(auditApi, transport),
		system: createClient(systemApi, transport),
	};
}

const expired = new Set(["auth.unauthenticated", "auth.session_ended"]);

/** A call whose token was refused is made once more with a new one; without one the session has ended. */
function authenticated(session: Session): Transport<FetchOptions | undefined> {
	let token: string | undefined;
	const send = createPageTransport(async () => {
		token = await session.accessToken();
		return token;
	});
	return async (operation, name, input, options) => {
		try {
			return await send(operation, name, input, options);
		} catch (error) {
			if (operation.public || !(error instanceof ApiProblem) || !expired.has(error.problem.code)) throw error;
			if ((await session.renew(token)) === undefined) throw error;
			return await send(operation, name, input, options).catch((again: unknown) => {
				if (again instanceof ApiProblem && expired.has(again.problem.code)) void session.end();
				throw again;
			});
		}
	};
}
