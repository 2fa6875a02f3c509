import { DrizzleQueryError } from "drizzle-orm/errors";
import { type AppError, failed } from "../errors.ts";

/**
 * A statement that PostgreSQL refused. It carries the statement and the SQLSTATE, never the parameters nor the failing row:
 * they may hold secrets, and errors end in logs.
 */
export class DatabaseQueryError extends Error {
	override readonly name = "DatabaseQueryError";
	/** SQLSTATE, https://www.postgresql.org/docs/18/errcodes-appendix.html */
	readonly sqlstate: string;
	readonly constraint: string | undefined;
	readonly table: string | undefined;
	readonly query: string;

	constructor(query: string, cause: ServerError) {
		super(`${cause.message} (SQLSTATE ${cause.code})`);
		this.query = query.slice(0, 2_000);
		this.sqlstate = cause.code;
		this.constraint = cause.constraint;
		this.table = cause.table;
	}
}

interface ServerError extends Error {
	code: string;
	constraint?: string;
	table?: string;
}

const unreachable = new Set([
	"ECONNREFUSED",
	"ECONNRESET",
	"EPIPE",
	"ENOTFOUND",
	"ETIMEDOUT",
	"EHOSTUNREACH",
	"EAI_AGAIN",
]);
const unavailableMessages =
	/^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed|Cannot use a pool after calling end|The server closed the connection)/;

/** Whether the error says that the connection, not the statement, failed: the same call may succeed later. */
export function isConnectionError(error: unknown): boolean {
	if (error instanceof AggregateError) return error.errors.some(isConnectionError);
	if (!(error instanceof Error)) return false;
	const code = "code" in error && typeof error.code === "string" ? error.code : "";
	// 08 connection exception, 57P01-57P03 shutting down or starting, 53300 too many connections, 55000 where it ends the connection:
	// the database takes none at the moment.
	if (unreachable.has(code) || code.startsWith("08") || /^57P0[1-3]$/.test(code) || code === "53300") return true;
	// A socket that is not there: PostgreSQL is down, or about to make it.
	if (code === "ENOENT" && "syscall" in error && error.syscall === "connect") return true;
	if (code === "55000" && "severity" in error && error.severity === "FATAL") return true;
	return unavailableMessages.test(error.message);
}

/** 53 insufficient resources (disk full, out of memory), 58 an error of the system below: nothing is wrong with the statement. */
function isOutOfResources(error: unknown): error is ServerError {
	return error instanceof Error && "code" in error && typeof error.code === "string" && /^5[38]/.test(error.code);
}

/** Whether PostgreSQL ended a statement before its end: at `statement_timeout`, or because it was asked to. */
export function isCancelled(error: unknown): boolean {
	return error instanceof DatabaseQueryError && error.sqlstate === "57014";
}

/** What a failed statement becomes: `service.unavailable` when the connection was lost, else without its parameters. */
export function toDatabaseError(error: unknown, query?: string): Error {
	const cause = error instanceof DrizzleQueryError ? error.cause : error;
	const text = error instanceof DrizzleQueryError ? error.query : (query ?? "");
	if (isConnectionError(cause)) return databaseUnavailable(cause);
	if (isOutOfResources(cause)) return databaseExhausted(cause);
	if (cause instanceof Error && "code" in cause && typeof cause.code === "string" && "severity" in cause) {
		return new DatabaseQueryError(text, cause as ServerError);
	}
	return cause instanceof Error ? cause : new Error("A database statement failed", { cause });
}

function databaseUnavailable(cause: unknown): AppError {
	return failed("service.unavailable", {
		message: "The database does not answer. Try again in a moment; if it stays so, check that PostgreSQL runs.",
		details: { dependency: "database" },
		cause,
	});
}

function databaseExhausted(cause: ServerError): AppError {
	const { message, code } = cause;
	return failed("service.unavailable", {
		message:
			code === "53100"
				? "The disk of the database is full, so nothing was changed. Make room where its data is kept, then try again."
				: `The database lacks what it needs from its machine (SQLSTATE ${code}), so nothing was changed. Look at its log and try again.`,
		details: { dependency: "database", reason: message, sqlstate: code },
		cause,
	});
}

/** The name of the unique constraint that the error says was violated; undefined for any other error. */
export function violatedUnique(error: unknown): string | undefined {
	return error instanceof DatabaseQueryError && error.sqlstate === "23505" ? (error.constraint ?? "") : undefined;
}

/** The name of the foreign key that the error says was violated; undefined for any other error. */
export function violatedForeignKey(error: unknown): string | undefined {
	return error instanceof DatabaseQueryError && error.sqlstate === "23503" ? (error.constraint ?? "") : undefined;
}
