import { Procedure, type ProgramStep } from "@netconductor/contracts/tasks/procedure";
import { builtInPlatforms } from "@netconductor/driver-platforms/platforms";
import { createOutbox } from "@netconductor/runtime/bus/outbox";
import { ensureBusTables } from "@netconductor/runtime/bus/tables";
import { type Clock, systemClock } from "@netconductor/runtime/clock";
import { jsonbText } from "@netconductor/runtime/db/jsonb";
import { migrate } from "@netconductor/runtime/db/migrate";
import { newId } from "@netconductor/runtime/id";
import { createLog } from "@netconductor/runtime/log";
import { testDatabase } from "@netconductor/runtime/testing/database";
import { createTemplateEngine } from "@netconductor/templating/engine";
import { asc, eq } from "drizzle-orm";
import { z } from "zod";
import { createOperationStore } from "../src/operations/operation-store.ts";
import { createOutputStore } from "../src/output/output-store.ts";
import { createOutputWriter } from "../src/output/output-writer.ts";
import { createDeviceRunner } from "../src/procedures/device-runner.ts";
import { LetGo, RollBack } from "../src/procedures/ends.ts";
import { hideSecrets } from "../src/procedures/hide-secrets.ts";
import { createJournalSeal, newJournalKey } from "../src/procedures/journal-seal.ts";
import {
	type ConductedProcedure,
	createProcedureStore,
	type ProcedureStore,
} from "../src/procedures/procedure-store.ts";
import { loadStepTypes } from "../src/procedures/registry.ts";
import { type AnyStepType, defineDeviceStep, defineServerStep } from "../src/procedures/step-type.ts";
import { createWalk } from "../src/procedures/walk.ts";
import { rowsOf } from "../src/rows.ts";
import { runSteps } from "../src/tables.ts";

export type WalkLab = Awaited<ReturnType<typeof createWalkLab>>;
export type Given = Partial<Omit<ProgramStep, "blocks">> & { id: string; type: string };

/** A step as a procedure has it, with what it does not say left at its default. */
export function step(given: Given, blocks: Record<string, ProgramStep[][]> = {}): ProgramStep {
	return {
		path: given.id,
		name: null,
		with: {},
		locals: {},
		targets: null,
		when: null,
		retries: { count: 0, delay_s: 0, backoff: 1 },
		timeout_s: null,
		parallelism: 10,
		save_to_variable: null,
		on_success: "next",
		on_failure: "stop",
		...given,
		blocks: Object.entries(blocks).flatMap(([name, lists]) => lists.map((steps) => ({ name, steps }))),
	};
}

/** What a step of a test did, on which device and with what. */
export interface Effect {
	type: string;
	on: string;
	says: unknown;
}

const said = z.strictObject({
	says: z.unknown().optional(),
	/** Times that it fails, on each device. */
	fails: z.int().default(0),
	/** Goes on when the test opens this gate. */
	gate: z.string().optional(),
	/** Times that it waits before it goes on. */
	waits: z.int().default(0),
});

/** Procedures walked through in this process, on real tables, with steps that keep what they did. */
export async function createWalkLab() {
	const database = await testDatabase("walk");
	const db = await database.service("tasks", { max: 10 });
	await ensureBusTables(db);
	await migrate(db, new URL("../migrations", import.meta.url));
	const outbox = createOutbox(db);
	const store = createProcedureStore(db, outbox);
	const seal = createJournalSeal(newJournalKey());
	const operations = createOperationStore(db, outbox);
	const engine = createTemplateEngine({ threads: 1 });
	const log = createLog({ level: "error", destination: { write: (line) => process.stderr.write(line) } });
	const effects = new Map<string, Effect[]>();
	const gates = new Map<string, PromiseWithResolvers<void>>();
	const platform = builtInPlatforms.find(({ id }) => id === "generic_cli");
	if (platform === undefined) throw new Error("no platform");

	const gate = (name: string) => {
		const known = gates.get(name) ?? Promise.withResolvers<void>();
		gates.set(name, known);
		return known;
	};
	const did = (run_id: string) => {
		const known = effects.get(run_id) ?? [];
		effects.set(run_id, known);
		return known;
	};
	function deviceStep(type: string, mode: "read" | "write"): AnyStepType {
		return defineDeviceStep({
			type,
			label: type,
			description: "For tests.",
			category: "change",
			runs_on: "devices",
			mode,
			params: said,
			example: {},
			async run({ params, operation, beforeWriting }) {
				if (mode === "write") await beforeWriting();
				const done = did(operation.run_id);
				done.push({ type, on: operation.device_name, says: params.says ?? null });
				if (params.gate !== undefined) await gate(params.gate).promise;
				const times = done.filter(({ on, says }) => on === operation.device_name && says === params.says).length;
				if (times <= params.fails)
					return { result: {}, error: { code: "procedure.check_failed", message: "was to fail" } };
				return { result: { said: params.says ?? null } };
			},
		});
	}
	const tell = defineServerStep({
		type: "tell",
		label: "tell",
		description: "For tests.",
		category: "flow",
		runs_on: "server",
		mode: "read",
		params: said,
		example: {},
		async run({ params, run, state, step: { key } }) {
			const waited = typeof state?.waited === "number" ? state.waited : 0;
			if (params.gate !== undefined) await gate(params.gate).promise;
			if (waited < params.waits) {
				const until = new Date();
				return {
					wait: { state: { waited: waited + 1 }, until, waiting_for: { kind: "time", until: until.toISOString() } },
				};
			}
			const done = did(run.id);
			done.push({ type: "tell", on: key.slice(key.indexOf("/") + 1), says: params.says ?? null });
			const times = done.filter(({ type, says }) => type === "tell" && says === params.says).length;
			if (times <= params.fails)
				return { result: {}, error: { code: "procedure.check_failed", message: "was to fail" } };
			return { result: { said: params.says ?? null } };
		},
	});
	const types = new Map<string, AnyStepType>([
		...(await loadStepTypes()),
		["ask", deviceStep("ask", "read")],
		["change", deviceStep("change", "write")],
		["tell", tell],
	]);
	const take_back = defineDeviceStep({
		type: "take_back",
		label: "take_back",
		description: "For tests.",
		category: "change",
		runs_on: "devices",
		mode: "write",
		repeatable: true,
		params: z.object({ operation_ids: z.array(z.string()) }),
		example: { operation_ids: [] },
		async run({ operation, params, beforeWriting }) {
			await beforeWriting();
			did(operation.run_id).push({ type: "take_back", on: operation.device_name, says: params.operation_ids.length });
			return { result: {} };
		},
	});

	async function start(
		steps: ProgramStep[],
		{ devices = 0, ...more }: Partial<Procedure> & { devices?: number } = {},
	): Promise<{ run_id: string; procedure: Procedure }> {
		const run_id = newId();
		const procedure = Procedure.parse({
			title: "test",
			mop: { id: newId(), name: "test", version: 1 },
			steps,
			targets: Array.from({ length: devices }, (_, index) => ({ device_id: newId(), name: `d${index + 1}` })),
			...more,
		});
		await db.query(
			`insert into runs (id, idempotency_key, kind, title, status, steps, total, counts, started_by_kind, started_by_id, started_by_name, created_at)
			values ($1, $2, 'mop', 'test', 'running', '[]', 0, '{}', 'user', 'x', 'admin', now())`,
			[run_id, run_id],
		);
		await db.query(
			`insert into procedures (run_id, sealed, sha256, shown, starter, mode, wake_at) values ($1, '', '', '{}', $2, 'run', null)`,
			[run_id, jsonbText({ kind: "user", id: "x", name: "admin", permissions: ["*"] })],
		);
		return { run_id, procedure };
	}

	/** Another worker takes it up: the one before has died. */
	async function takeUp(run_id: string): Promise<ConductedProcedure> {
		const worker_id = newId();
		await db.transaction(async (tx) => {
			const [before] = await rowsOf<{ worker_id: string | null }>(
				tx,
				"select worker_id from procedures where run_id = $1",
				[run_id],
			);
			if (before?.worker_id != null) await operations.settleLost(tx, [before.worker_id]);
			await rowsOf(tx, "update procedures set worker_id = $2, wake_at = null where run_id = $1", [run_id, worker_id]);
		});
		return {
			run_id,
			worker_id,
			title: "test",
			sha256: "",
			mode: "run",
			starter: { kind: "user", id: "x", name: "admin", permissions: ["*"] },
			approval: null,
			restarted: null,
			cancel_requested: false,
			hold_broken: false,
			waited_for: null,
			worker_pool: "default",
			traceparent: null,
			seal,
		};
	}

	/**
	 * Walks as far as it goes, and answers what it ended with. `dies` is asked before each statement of the store: with `LetGo` the worker is dead,
	 * with another error only that statement failed. `both`: what was changed is taken back in the same walk.
	 */
	async function walk(
		{ run_id, procedure }: { run_id: string; procedure: Procedure },
		{
			phase = "main",
			claimed,
			dies,
			clock = systemClock,
		}: {
			phase?: "main" | "rollBack" | "both";
			claimed?: ConductedProcedure;
			dies?: () => Error | undefined;
			clock?: Clock;
		} = {},
	): Promise<unknown> {
		const by = claimed ?? (await takeUp(run_id));
		const gone = new AbortController();
		const mortal = Object.fromEntries(
			Object.entries(store).map(([name, statement]) => [
				name,
				async (...given: unknown[]) => {
					const death = dies?.();
					if (death !== undefined) {
						if (death instanceof LetGo) gone.abort(death);
						throw death;
					}
					return (statement as (...given: unknown[]) => unknown)(...given);
				},
			]),
		) as ProcedureStore;
		const hide = hideSecrets(procedure.secret_variables.map((name) => procedure.variables[name]));
		const run = {
			id: run_id,
			title: "test",
			reason: "",
			started_by: "admin",
			mop: procedure.mop,
			procedure_sha256: "",
		};
		const cancelled = new AbortController().signal;
		const connect = async ({ device_id }: { device_id: string }) => ({
			device_id,
			name: device_id,
			host: "127.0.0.1",
			port: 9,
			username: "nobody",
			password: "none",
			host_key: null,
			legacy_algorithms: false,
			platform,
			timeouts: {},
		});
		const devices = createDeviceRunner(
			{
				store: mortal,
				output: createOutputWriter({ store: createOutputStore(db), clock, log, onStored: () => {}, delay_ms: 1 }),
				access: {
					connection: connect,
					patiently: (_signal: AbortSignal, call: () => Promise<unknown>) => call(),
					noteRefusedKey: async () => {},
					noteNewKey: async () => {},
				} as never,
				backup: {} as never,
				tasks: {} as never,
				ownAccount: () => ({}) as never,
				clock,
				log,
				onOperation: () => {},
			},
			by,
			run,
			{ gone: gone.signal, cancelled, hide },
		);
		const steps = await store.steps(by);
		const walking = createWalk({
			procedure,
			claimed: by,
			run,
			types,
			store: mortal,
			steps,
			engine,
			devices,
			takeBack: take_back,
			gone: gone.signal,
			leaving: new AbortController().signal,
			cancelled,
			hide,
			onSteps: () => {},
			clock,
			log,
			clients: {} as never,
			outbound: {} as never,
			ownAccount: () => ({}) as never,
		});
		try {
			if (phase !== "both") await walking[phase]();
			else {
				const end = await walking.main().catch((thrown: unknown) => thrown);
				if (!(end instanceof RollBack)) return end;
				await walking.rollBack();
			}
			return undefined;
		} catch (end) {
			return end;
		} finally {
			await devices.close();
		}
	}

	return {
		db,
		store,
		start,
		takeUp,
		walk,
		effects: did,
		open: (name: string) => gate(name).resolve(),
		/** As the tables have them. */
		rows: (run_id: string) =>
			db.orm.select().from(runSteps).where(eq(runSteps.run_id, run_id)).orderBy(asc(runSteps.seq)),
		async stop() {
			await engine.close();
			await database.stop();
		},
	};
}
