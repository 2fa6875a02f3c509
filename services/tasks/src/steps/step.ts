import type { backupApi } from "@netconductor/contracts/backup/api";
import type { Connection } from "@netconductor/contracts/devices/connection";
import type { Client } from "@netconductor/contracts/kernel/client";
import type { OperationError } from "@netconductor/contracts/tasks/model";
import type { SessionOptions } from "@netconductor/driver-core/session";
import type { z } from "zod";

/** What a step on one device is given. */
export interface StepContext<P> {
	params: P;
	operation: { id: string; run_id: string; device_id: string; device_name: string };
	run: { subject: { type: string; id: string } | null; started_by: string };
	/** What this device's steps were given. It may hold secrets. */
	input(): Promise<Record<string, unknown>>;
	/** What a step before this one came to on the device; undefined when it has no result. */
	earlier(step_id: string): Record<string, unknown> | undefined;
	/** Holds secrets. */
	connection: Connection;
	/** For opening the session: aborts it when the run is cancelled, reports new host keys. Output goes nowhere unless `show` is added. */
	session_options: SessionOptions;
	/** Adds a line to the run's output. */
	log(line: string): void;
	/** Adds what a device said to the run's output; the platform's secrets are masked, lines are kept. */
	show(text: string): void;
	/** Calls that outlast a short absence of the service and carry the run's abort. */
	backup: Pick<Client<typeof backupApi>, "recordBackup" | "readCurrent">;
}

/** A step that ran to its end: it did what it should, or `error` says why not and `result` holds what was learnt all the same. */
export interface StepResult {
	result: Record<string, unknown>;
	error?: OperationError;
	/** Of a write that failed: nobody knows what stands on the device. A person decides. */
	unknown?: boolean;
	/** Of a success: why the steps after it have nothing to do on this device. */
	skip_rest?: string;
}

/** Something that can be done on a device. One file each, listed in `registry.ts`. */
export interface Step<P extends z.ZodType = z.ZodType> {
	/** Name in plans. Never changes: stored runs carry it. */
	type: string;
	category: "backup" | "checks" | "change";
	/** A `read` that lost its worker is run again. A `write` never is: it ends as `unknown` and a person decides. */
	mode: "read" | "write";
	params: P;
	/** One word for what a success came to: those with the same word are shown as one group. Without it they are grouped by what they printed. */
	outcome?(result: Record<string, unknown>): string;
	/** @throws any error with a code: the operation fails with it */
	run(context: StepContext<z.output<P>>): Promise<StepResult>;
}

export function defineStep<P extends z.ZodType>(step: Step<P>): Step<P> {
	return step;
}

/** Step types by name. */
export type StepRegistry = ReadonlyMap<string, Step>;

export function stepRegistry(...steps: Step[]): StepRegistry {
	return new Map(steps.map((step) => [step.type, step]));
}
