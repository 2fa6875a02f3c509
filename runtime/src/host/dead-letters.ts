import type { Api } from "@netconductor/contracts/kernel/operation";
import { deadLettersApi } from "@netconductor/contracts/system/dead-letters";
import { discardDeadEvents, listDeadEvents, readDeadEvent, replayDeadEvents } from "../bus/dead-letters.ts";
import type { Clock } from "../clock.ts";
import type { Database } from "../db/database.ts";
import type { Handlers } from "./service.ts";

/** A contract with its handlers, and beside them what whoever takes events answers for those that it could not apply. */
export function withDeadLetters(
	api: Api,
	operations: Handlers<Api>,
	db: Database,
	clock: Clock,
): { api: Api; operations: Handlers<Api> } {
	const { operations: declared } = deadLettersApi(api.name);
	const answers: Handlers<ReturnType<typeof deadLettersApi>> = {
		listOwnDeadLetters: ({ body }) => listDeadEvents(db, body),
		getOwnDeadLetter: async ({ body }) => (await readDeadEvent(db, body.id)) ?? null,
		replayOwnDeadLetters: async ({ body }) => ({ count: await replayDeadEvents(db, body.ids) }),
		discardOwnDeadLetters: async ({ body }) => ({ count: await discardDeadEvents(db, body.ids, clock.now()) }),
	};
	return {
		api: { ...api, operations: { ...api.operations, ...declared } },
		operations: { ...operations, ...(answers as unknown as Handlers<Api>) },
	};
}
