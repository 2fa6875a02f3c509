import { authApi } from "@netconductor/contracts/auth/api";
import { devicesApi } from "@netconductor/contracts/devices/api";
import { schedulingApi } from "@netconductor/contracts/scheduling/api";
import { tasksApi } from "@netconductor/contracts/tasks/api";
import { announceChange } from "@netconductor/runtime/bus/announce-change";
import { defineService } from "@netconductor/runtime/host/service";
import { afterRestore } from "./after-restore.ts";
import { getAgenda } from "./agenda/agenda.ts";
import { listConflicts } from "./agenda/conflicts.ts";
import { answerHold, previewHold } from "./calendars/answer-holds.ts";
import {
	createCalendar,
	deleteCalendar,
	getCalendar,
	listCalendars,
	updateCalendar,
} from "./calendars/manage-calendars.ts";
import { schedulingConfig } from "./config.ts";
import { type Kinds, loadKinds, needsOf } from "./load-kinds.ts";
import { followRuns } from "./occurrences/follow-runs.ts";
import { createScheduler } from "./occurrences/scheduler.ts";
import {
	createSchedule,
	deleteSchedule,
	pauseSchedule,
	resumeSchedule,
	runScheduleNow,
	updateSchedule,
} from "./schedules/manage-schedules.ts";
import {
	getNextRuns,
	getSchedule,
	getScheduleHistory,
	listOccurrences,
	listScheduleKinds,
	listSchedules,
	previewSchedule,
} from "./schedules/read-schedules.ts";
import { createScheduleScope } from "./schedules/schedule-scope.ts";

/** When runs start by themselves, what came of it, and what holds them back. */
export function createSchedulingService(kinds: Kinds) {
	return defineService({
		name: "scheduling",
		api: schedulingApi,
		migrations: new URL("../migrations/", import.meta.url),
		after_restore: afterRestore(kinds),
		config: schedulingConfig,
		needs: { ...needsOf(kinds), auth: authApi, devices: devicesApi, tasks: tasksApi },
		setup({ db, outbox, ephemeral, clients, config, clock, log, ownAccount }) {
			const { auth, devices, tasks } = clients;
			const onChange = (id: string) => announceChange(ephemeral, "schedules", id);
			const needs = { ...config, db, outbox, clients, auth, devices, tasks, clock, log, kinds, ownAccount, onChange };
			const scope = createScheduleScope(needs);
			const scoped = { ...needs, scope };
			const scheduler = createScheduler(needs);
			/** For what may make something due sooner. */
			const waking =
				<C, A>(operation: (call: C) => A | Promise<A>) =>
				async (call: C): Promise<A> => {
					const answer = await operation(call);
					scheduler.wake();
					return answer;
				};
			const schedules = {
				list: listSchedules(scoped),
				create: waking(createSchedule(scoped)),
				get: getSchedule(scoped),
				update: waking(updateSchedule(scoped)),
				delete: deleteSchedule(scoped),
				pause: pauseSchedule(scoped),
				resume: waking(resumeSchedule(scoped)),
				runNow: waking(runScheduleNow(scoped)),
				next: getNextRuns(scoped),
				history: getScheduleHistory(scoped),
			};
			return {
				operations: {
					listSchedules: schedules.list,
					createSchedule: schedules.create,
					listScheduleKinds: listScheduleKinds(scoped),
					previewSchedule: previewSchedule(scoped),
					getAgenda: getAgenda(needs),
					listConflicts: listConflicts(needs),
					listOccurrences: listOccurrences(scoped),
					getSchedule: schedules.get,
					updateSchedule: schedules.update,
					deleteSchedule: schedules.delete,
					pauseSchedule: schedules.pause,
					resumeSchedule: schedules.resume,
					runScheduleNow: schedules.runNow,
					getNextRuns: schedules.next,
					getScheduleHistory: schedules.history,
					listScheduledOperations: schedules.list,
					createScheduledOperation: schedules.create,
					getScheduledOperation: schedules.get,
					updateScheduledOperation: schedules.update,
					deleteScheduledOperation: schedules.delete,
					pauseScheduledOperation: schedules.pause,
					resumeScheduledOperation: schedules.resume,
					runScheduledOperationNow: schedules.runNow,
					getNextScheduledOperations: schedules.next,
					getScheduledOperationHistory: schedules.history,
					listCalendars: listCalendars(needs),
					createCalendar: waking(createCalendar(needs)),
					getCalendar: getCalendar(needs),
					updateCalendar: waking(updateCalendar(needs)),
					deleteCalendar: waking(deleteCalendar(needs)),
					previewHold: previewHold(needs),
					findHold: answerHold(needs),
				},
				consumers: followRuns({
					onChange(id) {
						onChange(id);
						scheduler.wake();
					},
				}),
				start: async () => scheduler.start(),
				stop: () => scheduler.stop(),
			};
		},
	});
}

export const schedulingService = createSchedulingService(await loadKinds(new URL("./kinds/", import.meta.url)));
