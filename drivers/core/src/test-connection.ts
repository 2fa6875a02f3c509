import type { Connection } from "@netconductor/contracts/devices/connection";
import type { Facts } from "@netconductor/contracts/devices/platform";
import type { DevicePhase } from "@netconductor/contracts/kernel/errors";
import { type AppError, toAppError } from "@netconductor/runtime/errors";
import type { PresentedHostKey } from "./host-key.ts";
import { readFacts } from "./read-facts.ts";
import { openSession, type Session, type SessionOptions } from "./session.ts";

/** How one phase of a connectivity test went. */
export interface PhaseResult {
	phase: DevicePhase;
	ok: boolean;
	ms: number;
	error?: AppError;
}

export interface ConnectionTest {
	/** The phases in order; the last one is the failed one, if any failed. */
	phases: PhaseResult[];
	facts: Facts;
	/** Null when it failed before a key was seen. */
	host_key: PresentedHostKey | null;
}

/** Opens a session, reads the facts, closes it. An unreachable or unwilling device is a result, not an exception. */
export async function testConnection(connection: Connection, options: SessionOptions): Promise<ConnectionTest> {
	const phases: PhaseResult[] = [];
	let host_key: PresentedHostKey | null = null;
	let facts: Facts = {};
	let session: Session | undefined;
	let startedAt = performance.now();
	try {
		session = await openSession(connection, {
			...options,
			onPhase(phase, ms) {
				phases.push({ phase, ok: true, ms });
				startedAt = performance.now();
				options.onPhase?.(phase, ms);
			},
			async onHostKey(key) {
				if (key.device_id === connection.device_id) host_key = key;
				await options.onHostKey?.(key);
			},
		});
		host_key = session.host_key;
		facts = await readFacts(session);
		phases.push({ phase: "command", ok: true, ms: performance.now() - startedAt });
	} catch (thrown) {
		const error = toAppError(thrown);
		phases.push({ phase: error.phase ?? "connect", ok: false, ms: performance.now() - startedAt, error });
	} finally {
		await session?.close();
	}
	return { phases, facts, host_key };
}
