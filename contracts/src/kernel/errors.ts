import { z } from "zod";

/** What went wrong, in a word; one edge function maps it to an HTTP status. */
export const ErrorKind = z.enum([
	"invalid",
	"unauthenticated",
	"forbidden",
	"not_found",
	"conflict",
	"rate_limited",
	"timeout",
	"unavailable",
	"internal",
]);
export type ErrorKind = z.infer<typeof ErrorKind>;

/** Where in a session with a device an error arose. */
export const DevicePhase = z.enum(["connect", "host_key", "auth", "prompt", "command", "commit"]);
export type DevicePhase = z.infer<typeof DevicePhase>;

/** One entry of the catalogue: a stable code, its kind, and the sentence shown as title. */
export interface ErrorSpec {
	kind: ErrorKind;
	title: string;
	/** The same request may succeed later without a change. */
	retryable?: boolean;
	/** HTTP status where the kind's is not exact enough. */
	status?: number;
}

/** Declares the error codes of a domain. Keys are `domain.what_went_wrong`. */
export function defineErrors<const T extends Record<string, ErrorSpec>>(errors: T): T {
	return errors;
}

/** Errors that any operation may answer, so that contracts need not repeat them. */
export const kernelErrors = defineErrors({
	"request.invalid": { kind: "invalid", title: "The request is not valid" },
	"request.too_large": { kind: "invalid", status: 413, title: "The request body is too large" },
	"request.unknown_route": { kind: "not_found", title: "There is no such address" },
	"request.unsupported_media_type": { kind: "invalid", status: 415, title: "The body's content type is not accepted" },
	"request.cancelled": { kind: "timeout", title: "The caller went away before the answer" },
	"request.deadline_exceeded": { kind: "timeout", title: "The deadline passed before the answer", retryable: true },
	"request.rate_limited": { kind: "rate_limited", title: "Too many requests", retryable: true },
	"auth.unauthenticated": { kind: "unauthenticated", title: "Sign in first" },
	"auth.forbidden": { kind: "forbidden", title: "Your role does not permit this" },
	"service.unavailable": { kind: "unavailable", title: "A part of the system does not answer", retryable: true },
	"service.bad_answer": { kind: "internal", title: "A part of the system answered outside its contract" },
	"internal.unexpected": { kind: "internal", title: "An unexpected error" },
	"audit.unavailable": {
		kind: "unavailable",
		title: "The change cannot be recorded, so it was not made",
		retryable: true,
	},
});

/** One field that did not pass validation. `path` is dotted, with the part of the request first: `body.port`. */
export const FieldError = z.object({ path: z.string(), message: z.string(), code: z.string().optional() });
export type FieldError = z.infer<typeof FieldError>;

/** RFC 9457 problem details: the wire form of every error. */
export const Problem = z
	.object({
		type: z.string(),
		title: z.string(),
		status: z.int(),
		code: z.string(),
		detail: z.string(),
		errors: z.array(FieldError).optional(),
		trace_id: z.string().optional(),
		/** Present on device errors. */
		phase: DevicePhase.optional(),
		/** Named facts about the error, safe to show. */
		details: z.record(z.string(), z.unknown()).optional(),
		retryable: z.boolean().optional(),
	})
	.meta({ id: "Problem", description: "RFC 9457 problem details" });
export type Problem = z.infer<typeof Problem>;

/** HTTP status of an error. */
export function statusOf({ kind, status }: ErrorSpec): number {
	return status ?? statusOfKind[kind];
}

export const statusOfKind: Record<ErrorKind, number> = {
	invalid: 400,
	unauthenticated: 401,
	forbidden: 403,
	not_found: 404,
	conflict: 409,
	rate_limited: 429,
	timeout: 504,
	unavailable: 503,
	internal: 500,
};
