import type { alertsApi } from "@netconductor/contracts/alerts/api";
import type { RunCover } from "@netconductor/contracts/alerts/approvals";
import type { Permission } from "@netconductor/contracts/auth/permissions";
import type { backupApi } from "@netconductor/contracts/backup/api";
import type { configApi } from "@netconductor/contracts/config/api";
import type { Connection } from "@netconductor/contracts/devices/connection";
import type { Actor } from "@netconductor/contracts/kernel/actor";
import type { Client } from "@netconductor/contracts/kernel/client";
import type { tasksApi } from "@netconductor/contracts/tasks/api";
import type { OperationError, WaitingFor } from "@netconductor/contracts/tasks/model";
import type { StepBlock, stepCategories } from "@netconductor/contracts/tasks/procedure";
import type { Session, SessionOptions } from "@netconductor/driver-core/session";
import type { CallerContext } from "@netconductor/runtime/host/call";
import type { Outbound } from "@netconductor/runtime/http/outbound";
import type { Log } from "@netconductor/runtime/log";
import type { z } from "zod";

/** What every step type says of itself. */
interface Described<P extends z.ZodType> {
	/** Name in documents. Never changes: stored procedures carry it. */
	type: string;
	label: string;
	/** What it does, and what its result holds for `save_to_variable`. */
	description: string;
	category: (typeof stepCategories)[number];
	/** Older names, and those of other tools. */
	aliases?: readonly string[];
	/** What whoever starts a procedure with it must hold besides `mops:execute`. */
	permission?: Permission;
	/** Checked with values in place of templates. Descriptions of fields are shown to people. */
	params: P;
	/** `with` as an example. */
	example: z.input<P>;
	/** Commands that it would send with these parameters, for people and for the risk of the procedure. */
	commands?(params: z.output<P>): string[];
	/**
	 * Whether it may change a device, or what a device depends on, with these parameters, so that policies say whether it needs an approval. Left
	 * out: as its `mode` says. Templates in the parameters stand as they are written.
	 */
	changes?(params: z.output<P>): boolean;
	/** All that `changes` looks at: templates in other parameters leave it as it is. Left out: it looks at any. */
	changes_by?: readonly string[];
}

/** What a step on one device is given. */
export interface DeviceStepContext<P> {
	params: P;
	operation: { id: string; run_id: string; device_id: string; device_name: string };
	run: ProcedureRun;
	/** Holds secrets. */
	connection: Connection;
	/** Aborts when the run is cancelled, the worker has to let go, or the step's time is over. */
	signal: AbortSignal;
	/**
	 * The device's session, which stays open for its next steps; a new one where that was lost. One that was left in configuration mode is not
	 * used again. Not to be closed by the step.
	 */
	session(): Promise<Session>;
	/** For a session of the step's own (`openSession`), which it closes. */
	session_options: SessionOptions;
	/** Awaited right before the first write to the device: from then on the step is never repeated without a person's word. */
	beforeWriting(): Promise<void>;
	/** Keeps the normalised configuration before a change, and the one after it once it is known, so that `rollback` can take it back. */
	keepUndo(configuration: { before: string; after: string | null }): Promise<void>;
	/** What `keepUndo` was told by another operation of this run or of the one it was begun from. */
	revealUndo(operation_id: string): Promise<{ before: string; after: string | null }>;
	/** Adds a line to the run's output. */
	log(line: string): void;
	/** Adds what a device said to the run's output; the platform's secrets are masked, lines are kept. */
	show(text: string): void;
	/** Calls that outlast a short absence of the service and carry the step's abort. */
	backup: Pick<Client<typeof backupApi>, "recordBackup">;
}

/** A step that ran to its end: it did what it should, or `error` says why not and `result` holds what was learnt all the same. */
export interface DeviceStepResult {
	/** What `save_to_variable` saves; without secrets, at most some 200,000 characters. */
	result: Record<string, unknown>;
	error?: OperationError;
	/** Of a write that failed: nobody knows what stands on the device. A person decides. */
	unknown?: boolean;
	/** Why there was nothing to do on this device. */
	skipped?: string;
}

/** A step that is carried out once on each device. */
export interface DeviceStepType<P extends z.ZodType = z.ZodType> extends Described<P> {
	runs_on: "devices";
	/** A `read` that lost its worker is carried out again. A `write` never is, once `beforeWriting` was called. */
	mode: "read" | "write";
	/** A write that ends in the same state however often it is carried out, and looks at the device first: nobody has to decide on it. */
	repeatable?: true;
	/** @throws any error with a code: it fails with it on this device */
	run(context: DeviceStepContext<z.output<P>>): Promise<DeviceStepResult>;
}

/** The run that a step belongs to. */
export interface ProcedureRun {
	id: string;
	title: string;
	reason: string;
	started_by: string;
	mop: { id: string; name: string; version: number };
	/** SHA-256 of the procedure with its values and devices. */
	procedure_sha256: string;
}

/** Clients of services, for steps that are for no device. */
export interface ServerStepClients {
	config: Client<typeof configApi, CallerContext>;
	alerts: Client<typeof alertsApi, CallerContext>;
	backup: Client<typeof backupApi, CallerContext>;
	tasks: Client<typeof tasksApi, CallerContext>;
}

/** What a step that is carried out once for all is given. */
export interface ServerStepContext<P> {
	params: P;
	/** `key` is unique in the run and the same after a crash: for requests that must not have two effects. */
	step: { id: string; path: string; key: string; name: string | null };
	run: ProcedureRun;
	/** Devices that the step is for, where it can do something with them. */
	devices: readonly { device_id: string; name: string; groups: readonly string[] }[];
	/** What the step itself said last, when it comes again after it waited; undefined the first time. */
	state: Record<string, unknown> | undefined;
	signal: AbortSignal;
	/** When the window ends that the procedure was started in; null: in none. What the step begins elsewhere begins until then or not at all. */
	not_after: string | null;
	/** The clock of the wall. */
	now(): Date;
	/**
	 * Evaluates an expression with the variables as they are now, for a step that looks again and again while it waits. Only for what stands in the
	 * document: a parameter named in `own_templates`.
	 */
	isTrue(expression: string): Promise<boolean>;
	/**
	 * To be told, before a step begins a run elsewhere, which: whoever cancels the procedure, or ends the step, then cancels that run, also where the
	 * worker was lost or the answer was.
	 */
	expectRun(run_id: string): Promise<void>;
	/** Puts `<secret>` where values of secret variables stand: for texts that people read elsewhere. What it returns is hidden in any case. */
	hide<T>(shown: T): T;
	clients: ServerStepClients;
	/** Requests to the world outside. */
	outbound: Outbound;
	/** For calls on behalf of whoever started the run. */
	onBehalf(): CallerContext;
	/** For calls on the engine's own account. */
	ownAccount(): CallerContext;
	/** Who started the run. */
	starter: Actor;
	/** What a limited role has to cover for the run, and what is asked about it elsewhere, to exist for it; undefined: it exists for none. */
	cover(): RunCover | undefined;
	log: Log;
}

/** What came of a step that is for no device: an end, or that it has to wait. */
export type ServerStepResult =
	| { result: Record<string, unknown>; error?: OperationError }
	| {
			wait: {
				/** Given again when it comes again: stored, so no secrets. */
				state: Record<string, unknown>;
				/** When it comes again at the latest; without it, when an approval of the run is decided or a run it waits for has ended. */
				until?: Date;
				/** What the run says it waits for. */
				waiting_for: DistributiveOmit<WaitingFor, "since" | "step">;
			};
	  };

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** A step that is carried out once for all devices, or has to do with none. */
export interface ServerStepType<P extends z.ZodType = z.ZodType> extends Described<P> {
	runs_on: "server";
	/** It has an effect outside that a person would not want twice. */
	mode: "read" | "write";
	/** Parameters that it is given as they are written, because it evaluates them itself: what they come to is never evaluated again. */
	own_templates?: readonly (keyof z.output<P> & string)[];
	/**
	 * Carried out again when its worker was lost: what must not happen twice carries `step.key`.
	 * @throws any error with a code: it fails with it
	 */
	run(context: ServerStepContext<z.output<P>>): Promise<ServerStepResult>;
}

/** A step that has others in it: `walk.ts` carries it out. */
export interface FlowStepType<P extends z.ZodType = z.ZodType> extends Described<P> {
	runs_on: "flow";
	mode: "read";
	blocks: readonly z.output<typeof StepBlock>[];
	/** Parameters whose templates it evaluates itself, round by round. */
	own_templates?: readonly (keyof z.output<P> & string)[];
}

export type AnyStepType = DeviceStepType | ServerStepType | FlowStepType;

/** A type of step: one file each in `types/`, which exports it as `stepType`. */
export function defineDeviceStep<P extends z.ZodType>(step: DeviceStepType<P>): DeviceStepType {
	return step as unknown as DeviceStepType;
}

export function defineServerStep<P extends z.ZodType>(step: ServerStepType<P>): ServerStepType {
	return step as unknown as ServerStepType;
}

export function defineFlowStep<P extends z.ZodType>(step: FlowStepType<P>): FlowStepType {
	return step as unknown as FlowStepType;
}
