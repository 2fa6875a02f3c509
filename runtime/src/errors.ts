import { type ErrorCode, errorCatalogue } from "@netconductor/contracts/errors";
import {
	type DevicePhase,
	type ErrorKind,
	type ErrorSpec,
	type FieldError,
	type Problem,
	statusOf,
	statusOfKind,
} from "@netconductor/contracts/kernel/errors";

/** What an error says besides its code. */
export interface ErrorDetails {
	/** For the person who must act: what happened, to what, and what to do. */
	message: string;
	/** Named facts, safe to show: never a secret. */
	details?: Record<string, unknown>;
	/** Fields that did not pass validation. */
	errors?: FieldError[];
	/** Where in a device session. */
	phase?: DevicePhase;
	/** Overrides the catalogue. */
	retryable?: boolean;
	cause?: unknown;
}

/** The one error of the product. Match on `code`, never `instanceof`: it is the same across processes. */
export class AppError extends Error {
	override readonly name = "AppError";
	readonly code: string;
	readonly kind: ErrorKind;
	readonly details: Record<string, unknown> | undefined;
	readonly errors: FieldError[] | undefined;
	readonly phase: DevicePhase | undefined;
	readonly retryable: boolean;

	constructor(code: string, kind: ErrorKind, given: ErrorDetails) {
		super(given.message, given.cause === undefined ? undefined : { cause: given.cause });
		this.code = code;
		this.kind = kind;
		this.details = given.details;
		this.errors = given.errors;
		this.phase = given.phase;
		this.retryable = given.retryable ?? false;
	}
}

/** An error of the catalogue: `throw failed("devices.not_found", { message: "There is no device core-9" })`. */
export function failed(code: ErrorCode, given: ErrorDetails): AppError {
	const spec: ErrorSpec = errorCatalogue[code];
	return new AppError(code, spec.kind, { ...given, retryable: given.retryable ?? spec.retryable ?? false });
}

export function isAppError(error: unknown): error is AppError {
	return error instanceof Error && error.name === "AppError" && "code" in error && "kind" in error;
}

/** Whether `error` carries this code, wherever it was thrown. */
export function hasCode(error: unknown, code: ErrorCode): error is AppError {
	return isAppError(error) && error.code === code;
}

/** What any thrown thing becomes at an edge: an unexpected one keeps its cause for the log and tells the caller nothing of it. */
export function toAppError(error: unknown): AppError {
	if (isAppError(error)) return error;
	return failed("internal.unexpected", {
		message: "Something went wrong here. The log has the details under this trace id.",
		cause: error,
	});
}

/** Wire form of an error. */
export function toProblem(error: AppError, trace_id?: string): Problem {
	const spec: ErrorSpec | undefined =
		error.code in errorCatalogue ? errorCatalogue[error.code as ErrorCode] : undefined;
	return {
		type: `/docs/errors/${error.code}`,
		title: spec?.title ?? error.code,
		status: statusOf(spec ?? { kind: error.kind, title: "" }),
		code: error.code,
		detail: error.message,
		...(error.errors && { errors: error.errors }),
		...(error.phase && { phase: error.phase }),
		...(error.details && { details: error.details }),
		...(error.retryable && { retryable: true }),
		...(trace_id && { trace_id }),
	};
}

/** The error that a peer's answer stands for. */
export function fromProblem(problem: Problem): AppError {
	const spec = problem.code in errorCatalogue ? errorCatalogue[problem.code as ErrorCode] : undefined;
	const kind =
		spec?.kind ??
		(Object.entries(statusOfKind).find(([, status]) => status === problem.status)?.[0] as ErrorKind | undefined) ??
		"internal";
	return new AppError(problem.code, kind, {
		message: problem.detail,
		...(problem.errors && { errors: problem.errors }),
		...(problem.phase && { phase: problem.phase }),
		...(problem.details && { details: problem.details }),
		retryable: problem.retryable ?? false,
	});
}
