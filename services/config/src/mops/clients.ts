import type { devicesApi } from "@netconductor/contracts/devices/api";
import type { Client } from "@netconductor/contracts/kernel/client";
import type { Api } from "@netconductor/contracts/kernel/operation";
import type { tasksApi } from "@netconductor/contracts/tasks/api";
import type { procedureOperations } from "@netconductor/contracts/tasks/procedure-api";
import type { CallerContext } from "@netconductor/runtime/host/call";

/** What procedures ask of the service that carries them out. */
export type TasksClient = Pick<
	Client<Api<typeof procedureOperations>, CallerContext>,
	"describeStepTypes" | "checkSteps" | "startProcedure" | "restartRun" | "getRunProcedure"
> &
	Pick<Client<typeof tasksApi, CallerContext>, "getRun" | "cancelRun" | "listRunsOfSubjects" | "listNewestRuns">;

/** What procedures ask of the inventory. */
export type DevicesClient = Pick<
	Client<typeof devicesApi, CallerContext>,
	"listTargets" | "describeDevices" | "getPlatforms"
>;
