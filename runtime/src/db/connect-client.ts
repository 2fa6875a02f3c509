import type pg from "pg";
import { failed } from "../errors.ts";

/** Of what something else said so many characters are told. */
const told = 60;

/**
 * Connects, and tells what is no PostgreSQL, or says nothing at all, from a PostgreSQL that takes nobody at the moment: the one is told at once,
 * where the other may be waited for.
 * @throws startup.not_postgresql — what answers there is something else
 * @throws startup.database_failed — somebody is there and says nothing within the client's time to connect
 */
export async function connectClient(client: pg.Client): Promise<void> {
	const { stream } = client.connection;
	const place = `${client.host}:${client.port}`;
	let is_there = false;
	let first: Buffer | undefined;
	stream.once("connect", () => {
		is_there = true;
	});
	stream.once("data", (bytes: Buffer) => {
		first = bytes;
		if (!isOfPostgres(bytes)) stream.destroy();
	});
	try {
		await client.connect();
	} catch (error) {
		if (first !== undefined && !isOfPostgres(first)) {
			throw failed("startup.not_postgresql", {
				message: `What answers at ${place} is no PostgreSQL: it said ${described(first)}. Is DATABASE_URL right?`,
			});
		}
		if (!isTimeout(error)) throw error;
		throw failed("startup.database_failed", {
			message: `${is_there && first === undefined ? `What is at ${place} takes connections and says nothing` : `PostgreSQL at ${place} lets nobody in within the time to connect`}. Is PostgreSQL running there, and is DATABASE_URL right?`,
			cause: error,
		});
	}
}

/**
 * Whether a server's first bytes are PostgreSQL's: an answer to the request for TLS (`S`, `N`), a question for who we are (`R`), a word on the version (`v`),
 * or an error. The lengths are those that libpq takes (`PQconnectPoll` in fe-connect.c); an error may also be bare text, where the machine has no
 * room for another process (`report_fork_failure_to_client`).
 */
function isOfPostgres(bytes: Buffer): boolean {
	const kind = String.fromCharCode(bytes[0] ?? 0);
	if (kind === "E") return true;
	if (bytes.length === 1) return "SNRv".includes(kind);
	if (!"Rv".includes(kind)) return false;
	if (bytes.length < 5) return true;
	const length = bytes.readUInt32BE(1);
	return length >= 8 && length <= 2_000;
}

/** How the driver says that the time to connect is over. */
function isTimeout(error: unknown): boolean {
	return error instanceof Error && error.message === "timeout expired";
}

/** The text that it began with; of what is none only how much it was, for it may say back what we said. */
function described(bytes: Buffer): string {
	const [text = ""] = /^[\x20-\x7e]*/.exec(bytes.toString("latin1")) ?? [];
	if (text.length < Math.min(3, bytes.length)) return `${bytes.length} bytes that are no text`;
	return `"${text.slice(0, told)}${text.length > told ? "…" : ""}"`;
}
